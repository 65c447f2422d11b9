"""An expression typed by a person -> a SymPy expression, through a whitelist.

The text never reaches `eval`, `sympify` or `parse_expr`: Python's parser makes a syntax tree, and this module builds
the SymPy objects itself from the few kinds of node it knows, with caps on everything that could grow.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping

import sympy

MAX_LENGTH = 200
MAX_NODES = 100
MAX_DEPTH = 20
MAX_NUMBER = 10**6
MAX_EXPONENT = 100
MAX_BITS = 4096
MAX_MINIMA = 4

_CHARACTERS = re.compile(r"[A-Za-z0-9_+\-*/()., ]*\Z")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?\Z")


class ExpressionError(ValueError):
    """A text is not an expression of the allowed kind; the message is one line."""


def parse(text: str, symbols: Mapping[str, sympy.Symbol]) -> sympy.Expr:
    """The expression that the text says, for example `m*min(q + 1, s)/d`.

    Args:
        text: at most `MAX_LENGTH` characters: whole numbers and decimals up to 10^6 (read exactly), the names in
            `symbols`, `oo`, `+ - * / **`, brackets, and `min(a, b, …)`.
        symbols: name -> symbol; every other name is refused.

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
        raise ExpressionError(f"an expression must be complete, such as 4/d; got {text!r}") from None
    nodes = sum(isinstance(node, ast.expr) for node in ast.walk(tree))
    if nodes > MAX_NODES:
        raise ExpressionError(f"an expression must have at most {MAX_NODES} parts; got {nodes}")
    minima = sum(isinstance(node, ast.Call) for node in ast.walk(tree))
    if minima > MAX_MINIMA:
        raise ExpressionError(f"an expression must have at most {MAX_MINIMA} minima; got {minima}")
    return _Builder(text.strip(), symbols).build(tree.body, 0)


class _Builder:
    """Builds SymPy objects from one text's syntax tree."""

    def __init__(self, text: str, symbols: Mapping[str, sympy.Symbol]) -> None:
        self._text = text
        self._symbols = symbols

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
            return self._minimum(node, depth)
        raise self._refuse(node)

    def _refuse(self, node: ast.expr) -> ExpressionError:
        part = ast.get_source_segment(self._text, node) or self._text
        return ExpressionError(f"an expression must use only numbers, letters, + - * / ** and min(); got {part!r}")

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
                raise ExpressionError(f"an exponent must be at most {MAX_EXPONENT}; got {self._text!r}")
            for inner in base.atoms(sympy.Rational):
                self._bound(abs(number.p) * max(inner.p.bit_length(), inner.q.bit_length()))
        if base.is_zero:
            raise ExpressionError(f"a power must not have the base 0; got {self._text!r}")
        return base**exponent

    def _minimum(self, node: ast.Call, depth: int) -> sympy.Expr:
        named_min = isinstance(node.func, ast.Name) and node.func.id in ("min", "Min")
        plain = not node.keywords and not any(isinstance(arg, ast.Starred) for arg in node.args)
        if not named_min or not plain or not 2 <= len(node.args) <= MAX_MINIMA:
            raise self._refuse(node)
        args = [self.build(arg, depth + 1) for arg in node.args]
        if any(arg.is_extended_real is False for arg in args):
            raise ExpressionError(f"min() must be given real values; got {self._text!r}")
        return sympy.Min(*args)
