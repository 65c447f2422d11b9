"""An expression typed by a person -> a SymPy expression, through a whitelist.

The text never reaches `eval`, `sympify` or `parse_expr`: Python's parser makes a syntax tree, and this module builds
the SymPy objects itself from the few kinds of node it knows, with caps on everything that could grow.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import sympy

MAX_LENGTH = 200
MAX_NODES = 100
MAX_DEPTH = 20
MAX_NUMBER = 10**6
MAX_EXPONENT = 100
MAX_BITS = 4096
MAX_MINIMA = 4
MAX_CALLS = 12
MAX_ARGUMENT = 10**4
"""The largest number that a function of a loss may be given: SymPy works sin(exp(999999)) out, digit by digit."""

_CHARACTERS = re.compile(r"[A-Za-z0-9_+\-*/()., ]*\Z")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?\Z")


class ExpressionError(ValueError):
    """A text is not an expression of the allowed kind; the message is one line."""


@dataclass(frozen=True)
class Function:
    """A function that a text may call."""

    build: Callable[..., sympy.Expr]
    several: bool = False
    """True: two arguments or more, which must be real; False: one."""
    takes: Callable[[sympy.Expr], bool] = lambda arg: arg.is_extended_real is not False
    """Whether an argument is real, as far as `build` has to know."""


MINIMUM: Mapping[str, Function] = MappingProxyType(
    {"min": Function(sympy.Min, several=True), "Min": Function(sympy.Min, several=True)}
)
"""What results are made of."""


def _unevaluated(function: type[sympy.Function]) -> Function:
    # SymPy's own evaluation of these can run without end on what a person types.
    # Nor is it asked whether an argument is real, which can take as long: letters are, so what is not holds the unit I.
    return Function(
        lambda *args: function(*args, evaluate=False),
        several=function in (sympy.Min, sympy.Max),
        takes=lambda arg: not arg.has(sympy.I),
    )


ELEMENTARY: Mapping[str, Function] = MappingProxyType(
    {
        "abs": _unevaluated(sympy.Abs),
        "sqrt": Function(lambda base: base ** sympy.Rational(1, 2)),
        "exp": _unevaluated(sympy.exp),
        "log": _unevaluated(sympy.log),
        "cosh": _unevaluated(sympy.cosh),
        "tanh": _unevaluated(sympy.tanh),
        "sin": _unevaluated(sympy.sin),
        "cos": _unevaluated(sympy.cos),
        "min": _unevaluated(sympy.Min),
        "max": _unevaluated(sympy.Max),
    }
)
"""What losses are made of."""


RESULTS: Mapping[str, Function] = MappingProxyType(
    {
        **MINIMUM,
        "exp": _unevaluated(sympy.exp),
        "log": _unevaluated(sympy.log),
        "gamma": _unevaluated(sympy.gamma),
    }
)
"""What the results of all calculators are made of."""


def result(text: str, symbols: Mapping[str, sympy.Symbol]) -> sympy.Expr:
    """The value that a claim states, as `parse` reads it, with exp, log and gamma besides the minimum.

    Raises:
        ExpressionError: as `parse`; an exp or gamma inside another, which may be too large for any arithmetic.
    """
    stated = parse(text, symbols, RESULTS)
    growing = stated.atoms(sympy.exp, sympy.gamma)
    if any(argument.has(sympy.exp, sympy.gamma) for call in growing for argument in call.args):
        raise ExpressionError(f"an exp or gamma must not stand inside another; got {text.strip()!r}")
    return stated


def parse(
    text: str, symbols: Mapping[str, sympy.Symbol], functions: Mapping[str, Function] = MINIMUM, example: str = "4/d"
) -> sympy.Expr:
    """The expression that the text says, for example `m*min(q + 1, s)/d`.

    Args:
        text: at most `MAX_LENGTH` characters: whole numbers and decimals up to 10^6 (read exactly), the names in
            `symbols`, `oo`, `+ - * / **`, brackets, and calls such as `min(a, b, …)`.
        symbols: name -> symbol; every other name is refused.
        functions: name -> function; by default the minimum alone.
        example: what a complete expression looks like, for the message.

    Raises:
        ExpressionError: anything else; numbers that would grow beyond `MAX_BITS` bits; a division by zero.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression must have at most {MAX_LENGTH} characters; got {len(text)}")
    if "^" in text:
        raise ExpressionError(f"a power must be written with **; got {text!r}")
    if not _CHARACTERS.match(text):
        raise ExpressionError(f"an expression must be made of letters, numbers, + - * / ** ( ) , and .; got {text!r}")
    try:
        with warnings.catch_warnings():
            # "1if" and the like: deprecated spellings, refused below when the numbers are read.
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionError(f"an expression must be complete, such as {example}; got {text!r}") from None
    nodes = sum(isinstance(node, ast.expr) for node in ast.walk(tree))
    if nodes > MAX_NODES:
        raise ExpressionError(f"an expression must have at most {MAX_NODES} parts; got {nodes}")
    calls = sum(isinstance(node, ast.Call) for node in ast.walk(tree))
    most, what = (MAX_MINIMA, "minima") if functions is MINIMUM else (MAX_CALLS, "functions")
    if calls > most:
        raise ExpressionError(f"an expression must have at most {most} {what}; got {calls}")
    try:
        return _Builder(text.strip(), symbols, functions).build(tree.body, 0)
    except (TypeError, ArithmeticError, RecursionError):
        # SymPy compares and asks about what has no value, such as log(0).
        raise ExpressionError(f"an expression must have a value; got {text.strip()!r}") from None


class _Builder:
    """Builds SymPy objects from one text's syntax tree."""

    def __init__(self, text: str, symbols: Mapping[str, sympy.Symbol], functions: Mapping[str, Function]) -> None:
        self._text = text
        self._symbols = symbols
        self._functions = functions

    def build(self, node: ast.expr, depth: int) -> sympy.Expr:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"an expression must be nested at most {MAX_DEPTH} deep; got {self._text!r}")
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._symbol(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = self.build(node.operand, depth + 1)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.BinOp):
            return self._binary(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        raise self._refuse(node)

    def _refuse(self, node: ast.expr) -> ExpressionError:
        part = ast.get_source_segment(self._text, node) or self._text
        known = ", ".join(f"{name}()" for name in self._functions if name.islower())
        return ExpressionError(f"an expression must use only numbers, letters, + - * / ** and {known}; got {part!r}")

    def _number(self, node: ast.Constant) -> sympy.Expr:
        source = ast.get_source_segment(self._text, node) or ""
        if not _NUMBER.match(source):
            raise self._refuse(node)
        if len(source) > 2 * len(str(MAX_NUMBER)):
            raise ExpressionError(f"a number must be at most {MAX_NUMBER}; got {source!r}")
        value = sympy.Rational(source)
        if value.p > MAX_NUMBER or value.q > MAX_NUMBER:
            raise ExpressionError(f"a number must be at most {MAX_NUMBER}; got {source!r}")
        return value

    def _symbol(self, name: str) -> sympy.Expr:
        if name == "oo":
            return sympy.oo
        if name not in self._symbols:
            known = ", ".join(sorted(self._symbols))
            raise ExpressionError(f"a name must be one of {known}; got {name!r}")
        return self._symbols[name]

    def _binary(self, node: ast.BinOp, depth: int) -> sympy.Expr:
        operations: dict[type, Callable[[sympy.Expr, sympy.Expr], sympy.Expr]] = {
            ast.Add: lambda a, b: a + b,
            ast.Sub: lambda a, b: a - b,
            ast.Mult: lambda a, b: a * b,
            ast.Div: self._divide,
            ast.Pow: self._power,
        }
        operation = operations.get(type(node.op))
        if operation is None:
            raise self._refuse(node)
        value = operation(self.build(node.left, depth + 1), self.build(node.right, depth + 1))
        if value.has(sympy.nan, sympy.zoo):
            raise ExpressionError(f"an expression must have a value; got {self._text!r}")
        for number in value.atoms(sympy.Rational):
            self._bound(max(number.p.bit_length(), number.q.bit_length()))
        return value

    def _bound(self, bits: int) -> None:
        if bits > MAX_BITS:
            raise ExpressionError(f"a number must not grow beyond {MAX_BITS} bits; got {self._text!r}")

    def _divide(self, above: sympy.Expr, below: sympy.Expr) -> sympy.Expr:
        if below.is_zero:
            raise ExpressionError(f"an expression must not divide by zero; got {self._text!r}")
        return above / below

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
        # Towers of powers have values of unbounded size, which only show when letters get numbers.
        if any(power.exp != -1 for power in exponent.atoms(sympy.Pow)):
            raise ExpressionError(f"an exponent must not hold a power; got {self._text!r}")
        # SymPy spreads a power over a product and evaluates it for numbers, so every number inside counts.
        for number in exponent.atoms(sympy.Rational):
            if abs(number.p) > MAX_EXPONENT or number.q > MAX_EXPONENT:
                rule = f"an exponent must be at most {MAX_EXPONENT}"
                if abs(number) <= MAX_EXPONENT:
                    rule = f"an exponent must be a fraction of whole numbers up to {MAX_EXPONENT}"
                raise ExpressionError(f"{rule}; got {self._text!r}")
            for inner in base.atoms(sympy.Rational):
                self._bound(abs(number.p) * max(inner.p.bit_length(), inner.q.bit_length()))
        if base.is_zero:
            raise ExpressionError(f"a power must not have the base 0; got {self._text!r}")
        return base**exponent

    def _call(self, node: ast.Call, depth: int) -> sympy.Expr:
        function = self._functions.get(node.func.id) if isinstance(node.func, ast.Name) else None
        plain = not node.keywords and not any(isinstance(arg, ast.Starred) for arg in node.args)
        if function is None or not plain:
            raise self._refuse(node)
        if not (2 <= len(node.args) <= MAX_MINIMA if function.several else len(node.args) == 1):
            raise self._refuse(node)
        args = [self.build(arg, depth + 1) for arg in node.args]
        if self._functions is ELEMENTARY and not all(_size(arg) <= MAX_ARGUMENT for arg in args):
            rule = f"{ast.unparse(node.func)}() must be given a number from -{MAX_ARGUMENT} to {MAX_ARGUMENT}"
            raise ExpressionError(f"{rule}; got {self._text!r}")
        if function.several and not all(map(function.takes, args)):
            raise ExpressionError(f"{ast.unparse(node.func)}() must be given real values; got {self._text!r}")
        return function.build(*args)


def _size(expr: sympy.Basic) -> float:
    """About the absolute value of a number, infinite where a double ends; 0 for what holds letters."""
    if expr.free_symbols:
        return 0.0
    try:
        return abs(_double(expr))
    except (ArithmeticError, ValueError):
        return math.inf


def _double(expr: sympy.Basic) -> float:
    """The number in double precision, worked out part by part: SymPy would first find out how many digits it takes.

    Raises:
        ArithmeticError: it is too large for a double, or divides by 0.
        ValueError: it is not real, or holds what is no number.
    """
    if isinstance(expr, sympy.Rational):
        return int(expr.p) / int(expr.q)
    parts = [_double(part) for part in expr.args]
    for kind, work in _DOUBLES.items():
        if isinstance(expr, kind):
            return work(parts)
    raise ValueError(f"no number here: {expr}")


def _power(parts: Sequence[float]) -> float:
    base, exponent = parts
    return math.pow(base, exponent)  # unlike **, never a complex number


_DOUBLES: Mapping[type, Callable[[Sequence[float]], float]] = MappingProxyType(
    {
        sympy.Add: math.fsum,
        sympy.Mul: math.prod,
        sympy.Pow: _power,
        sympy.Abs: lambda parts: abs(parts[0]),
        sympy.exp: lambda parts: math.exp(parts[0]),
        sympy.log: lambda parts: math.log(parts[0]),
        sympy.cosh: lambda parts: math.cosh(parts[0]),
        sympy.tanh: lambda parts: math.tanh(parts[0]),
        sympy.sin: lambda parts: math.sin(parts[0]),
        sympy.cos: lambda parts: math.cos(parts[0]),
        sympy.Min: min,
        sympy.Max: max,
        type(sympy.E): lambda parts: math.e,
    }
)
