"""One SymPy expression -> plain text, LaTeX, Python, JavaScript, or LaTeX with holes.

Every printer works through a whitelist of node types and raises `EmitError` for all else, because SymPy's own
`jscode` prints some nodes wrongly without a word. The text is what a person reads and what `expressions.parse` reads
back; the JavaScript is what the page runs.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import sympy
from sympy.codegen.cfunctions import expm1, log1p
from sympy.core.function import AppliedUndef

from calculators import nested_loops

HOLE = re.compile("⟦([a-z0-9-]+)([/*]?)⟧")
"""How a hole is marked in a template's LaTeX, as `\\text{⟦key⟧}`; the groups are the hole's key and its form.

The form says how a fraction reads there: no form, on a line, over a bar; `/`, in an exponent, with a slash; `*`, before
other factors, over a bar, and 1 not at all.
"""

_MARKED_HOLE = re.compile(r"\\text\{⟦([a-z0-9-]+)([/*]?)⟧\}")
_STARTS_AS_NUMBER = re.compile(r"[0-9]|\\text\{⟦")
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)?\Z")
_LETTER = re.compile(
    r"([A-Za-z]|alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|rho|sigma|tau|phi|chi|psi|omega"
    r"|Gamma|Delta|Theta|Lambda|Sigma|Phi|Psi|Omega|ell)(?:_([A-Za-z0-9]+))?\Z"
)
_GREEK_INDICES = frozenset({"alpha", "beta", "delta"})
_TYPED_SIGNS = {"->": r"\to", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">"}
# What is typed in plain words and has a form of its own in LaTeX: signs, and letters or numbers with index or power.
_TYPED = re.compile(
    r"(?P<sign>->|<=|>=|<|>)"
    r"|(?<![\w.])(?P<base>[A-Za-z]|\d+|alpha|beta|delta|epsilon|kappa|lambda|nu|rho|sigma|zeta)(?=[_^])"
    r"(?:_(?P<index>[A-Za-z0-9]+))?(?:\^(?P<power>\([^()]*\)|-?\w+))?"
)
# fmt: off
_JAVASCRIPT_WORDS = frozenset(
    {
        "arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default",
        "delete", "do", "else", "enum", "eval", "export", "extends", "false", "finally", "for", "function", "if",
        "implements", "import", "in", "instanceof", "interface", "let", "new", "null", "package", "private",
        "protected", "public", "return", "static", "super", "switch", "this", "throw", "true", "try", "typeof",
        "undefined", "var", "void", "while", "with", "yield", "Fraction", "Infinity", "Math", "NaN", "Number",
        "lesser", "greater", "reciprocal", "huge", "erf", "erfc", "gamma", "integral", "loggamma", "part", "total",
        *nested_loops.WORDS,
    }
)
# fmt: on

_MINUS_HALF = sympy.Rational(-1, 2)

# Precedences of the infix printers: a part is put in brackets when it binds less tightly than its place asks for.
_ANY, _SUM, _PRODUCT, _POWER, _ATOM = range(5)


class EmitError(ValueError):
    """An expression holds something that a printer has no rule for."""


@dataclass(frozen=True)
class _Dialect:
    """What differs between the infix languages; the rest of the grammar is shared."""

    functions: Mapping[type, str]
    constants: Mapping[sympy.Expr, str]
    words: frozenset[str]
    power_call: str = ""
    fraction_call: str = ""


_TEXT = _Dialect(
    MappingProxyType(
        {
            sympy.Min: "min",
            sympy.Max: "max",
            sympy.Abs: "abs",
            sympy.log: "log",
            sympy.exp: "exp",
            sympy.cosh: "cosh",
            sympy.sin: "sin",
            sympy.gamma: "gamma",
            sympy.loggamma: "loggamma",
            sympy.erf: "erf",
            sympy.erfc: "erfc",
            sympy.tanh: "tanh",
            sympy.cos: "cos",
        }
    ),
    MappingProxyType({sympy.oo: "oo", sympy.pi: "pi", sympy.E: "exp(1)"}),
    frozenset(),
)
_PYTHON = _Dialect(
    MappingProxyType(
        {
            sympy.Min: "min",
            sympy.Max: "max",
            sympy.Abs: "abs",
            sympy.log: "math.log",
            sympy.exp: "math.exp",
            sympy.cosh: "math.cosh",
            sympy.sin: "math.sin",
            sympy.gamma: "math.gamma",
            sympy.loggamma: "math.lgamma",
            sympy.erf: "math.erf",
            sympy.erfc: "math.erfc",
            sympy.atan: "math.atan",
            expm1: "math.expm1",
            log1p: "math.log1p",
            sympy.tanh: "math.tanh",
            sympy.cos: "math.cos",
        }
    ),
    MappingProxyType({sympy.oo: "math.inf", sympy.pi: "math.pi", sympy.E: "math.e"}),
    frozenset(keyword.kwlist) | {"Fraction", "abs", "math", "max", "min", "part", "range", "sum"},
    fraction_call="Fraction",
)
_JAVASCRIPT = _Dialect(
    MappingProxyType(
        {
            sympy.Min: "Math.min",
            sympy.Max: "Math.max",
            sympy.Abs: "Math.abs",
            sympy.log: "Math.log",
            sympy.exp: "Math.exp",
            sympy.cosh: "Math.cosh",
            sympy.sin: "Math.sin",
            sympy.tanh: "Math.tanh",
            sympy.cos: "Math.cos",
            sympy.atan: "Math.atan",
            expm1: "Math.expm1",
            log1p: "Math.log1p",
            sympy.gamma: "gamma",
            sympy.loggamma: "loggamma",
            sympy.erf: "erf",
            sympy.erfc: "erfc",
        }
    ),
    MappingProxyType({sympy.oo: "Infinity", sympy.pi: "Math.PI", sympy.E: "Math.E"}),
    _JAVASCRIPT_WORDS,
    power_call="Math.pow",
)


def text(expr: sympy.Basic) -> str:
    """Plain exact text, for example `m*min(q + 1, s)/d`.

    Args:
        expr: an expression or equation.

    Returns:
        One line; `**` is the power, as in Python. Without sums, derivatives and equations `expressions.parse` reads
        it back to the same value.

    Raises:
        EmitError: a node is not in the whitelist.
    """
    return _infix(expr, _TEXT, _ANY)


def python(expr: sympy.Basic) -> str:
    """Python source, for example `m*min(q + 1, s)/d`; rational numbers as `Fraction(1, 2)`, infinity as `math.inf`.

    Args:
        expr: an expression whose symbols are Python identifiers and no keywords.

    Raises:
        EmitError: a node or a name is not allowed.
    """
    _only_computable(expr)
    return _infix(expr, _PYTHON, _SUM)


def javascript(expr: sympy.Basic, *, exact: bool, infinite: Collection[sympy.Symbol] = ()) -> str:
    """A JavaScript expression, for example `m.mul(lesser(q.add(new Fraction(1n)), s)).div(d)`.

    Args:
        expr: an expression whose symbols are JavaScript identifiers and no reserved words.
        exact: True: every symbol is a `Fraction` of fraction.js 5, and so is the value. False: plain numbers.
        infinite: the symbols that may be JavaScript's `Infinity`. With `exact` they may stand alone, inside a
            minimum, below a fraction line or as a factor only, since a `Fraction` cannot be infinite; a product with
            an infinite factor throws.

    Raises:
        EmitError: a node or a name is not allowed; with `exact` also a power whose exponent is no integer.
    """
    _only_computable(expr)
    if not exact:
        return _infix(expr, _JAVASCRIPT, _SUM)
    if expr is sympy.oo or expr in infinite:
        return "Infinity" if expr is sympy.oo else _name(expr, _JAVASCRIPT_WORDS)
    return _exact(expr, frozenset(infinite))


def latex(expr: sympy.Basic, *, inline: bool = False) -> str:
    r"""LaTeX, for example `\frac{m \min(q + 1, s)}{d}`.

    Args:
        expr: an expression or equation.
        inline: True: fractions with a slash, for running text and exponents (`m \min(q + 1, s)/d`).

    Raises:
        EmitError: a node is not in the whitelist.
    """
    return _latex(expr, _SUM, inline)


def latex_text(words: str) -> str:
    r"""Plain words for the inside of `\text{…}`: `R_n -> 0` as `$R_{n}$ $\to$ 0`, `10^197` as `$10^{197}$`."""
    parts, done = [], 0
    for found in _TYPED.finditer(words):
        parts += [_escaped(words[done : found.start()]), f"${_typed(found)}$"]
        done = found.end()
    return "".join([*parts, _escaped(words[done:])])


def _typed(found: re.Match[str]) -> str:
    if found["sign"]:
        return _TYPED_SIGNS[found["sign"]]
    base = f"\\{found['base']}" if len(found["base"]) > 1 and found["base"].isalpha() else found["base"]
    index = f"_{{{found['index']}}}" if found["index"] else ""
    power = f"^{{{found['power'].removeprefix('(').removesuffix(')')}}}" if found["power"] else ""
    return base + index + power


def _escaped(words: str) -> str:
    return re.sub(r"[%&#$_{}]", lambda sign: f"\\{sign[0]}", words).replace("^", r"\^{}").replace("~", r"\~{}")


@dataclass(frozen=True)
class Hole:
    """One place of a template that depends on the parameters alone."""

    key: str
    expression: sympy.Expr

    @property
    def latex(self) -> str:
        """What stands in the hole while no numbers are known."""
        return latex(self.expression, inline=True)

    def at(self, values: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
        """What stands in the hole for these values of the parameters."""
        return self.expression.subs(values)


@dataclass(frozen=True)
class Template:
    r"""LaTeX with holes, each marked as `HOLE` says."""

    latex: str
    holes: tuple[Hole, ...]

    @property
    def symbolic(self) -> str:
        """The LaTeX with every hole filled by its own letters."""
        expressions = {hole.key: hole.expression for hole in self.holes}

        def letters(match: re.Match[str]) -> str:
            key, form = match.groups()
            return _latex(expressions[key], _PRODUCT if form == "*" else _SUM, form == "/")

        return _MARKED_HOLE.sub(letters, self.latex)

    def filled(self, values: Mapping[str, str]) -> str:
        """The LaTeX with every hole filled; `values`: key -> LaTeX."""
        return _MARKED_HOLE.sub(lambda match: values[match[1]], self.latex)


def template(
    expr: sympy.Basic,
    parameters: Collection[sympy.Symbol],
    known: Mapping[sympy.Expr, str] = MappingProxyType({}),
    computable: Callable[[sympy.Expr], bool] = lambda _: True,
    exact: Callable[[sympy.Expr], bool] = lambda _: True,
) -> Template:
    """LaTeX in which each largest part that depends on `parameters` alone is a hole.

    A number before a hole goes into it: of 2*v/(d + 2) the hole is 2/(d + 2), which is 1/5 at d = 8 and reads v/5.

    Args:
        expr: an expression or equation.
        parameters: the symbols that the reader sets.
        known: keys already given to hole expressions, so that equal holes of several templates share one key.
        computable: whether an expression can be a hole; where not, its parts are tried.
        exact: whether it is shown as a fraction. Of a product, what is not becomes one hole: two decimals side by side
            would say no more than their product.

    Returns:
        The template; new keys are `v1`, `v2`, … counted on from `known`.

    Raises:
        EmitError: a node is not in the whitelist.
    """
    keys = dict(known)
    wanted = frozenset(parameters)
    holes: dict[sympy.Expr, Hole] = {}

    def is_hole(node: sympy.Basic) -> bool:
        free = node.free_symbols
        return isinstance(node, sympy.Expr) and bool(free) and free <= wanted and computable(node)

    def punch(node: sympy.Basic) -> sympy.Basic:
        if is_hole(node):
            key = keys.setdefault(node, f"v{len(keys) + 1}")
            holes.setdefault(node, Hole(key, node))
            return sympy.Symbol(f"⟦{key}⟧", positive=True)
        if not node.args or not node.free_symbols & wanted:
            return node
        parts = node.args
        if isinstance(node, sympy.Mul):
            parts = _with_number(_decimals_together(node.args, is_hole, exact), is_hole)
        # evaluate=False: SymPy must not tidy up a line that is shown as it stands before the tidying.
        args = [punch(part) for part in parts]
        return node.func(*args, evaluate=False) if isinstance(node, (sympy.Pow, sympy.Mul)) else node.func(*args)

    punched = punch(expr)
    return Template(latex(punched), tuple(holes.values()))


def _decimals_together(
    factors: Sequence[sympy.Basic], is_hole: Callable[[sympy.Basic], bool], exact: Callable[[sympy.Expr], bool]
) -> Sequence[sympy.Basic]:
    """The factors of a product, those whose values are decimals as one."""
    decimals = [f for f in factors if isinstance(f, sympy.Expr) and is_hole(f) and not exact(f)]
    if len(decimals) < 2 or not is_hole(together := sympy.Mul(*decimals)):
        return factors
    return [together, *(factor for factor in factors if factor not in decimals)]


def _with_number(factors: Sequence[sympy.Basic], is_hole: Callable[[sympy.Basic], bool]) -> list[sympy.Basic]:
    """The factors of a product, its number in the one that is a hole; with several holes as they are, to be seen."""
    found = [factor for factor in factors if is_hole(factor)]
    numbers = [factor for factor in factors if factor.is_Rational]
    size = abs(sympy.Mul(*numbers))
    if len(found) != 1 or size in (0, 1) or not is_hole(filled := size * found[0]):
        return list(factors)
    others = [factor for factor in factors if factor not in (*numbers, *found)]
    return [*([sympy.S.NegativeOne] if sympy.Mul(*numbers) < 0 else []), filled, *others]


_SHOWN_ONLY = (sympy.Equality, sympy.Sum, sympy.Derivative, sympy.Piecewise, sympy.Indexed, AppliedUndef)


def _only_computable(expr: sympy.Basic) -> None:
    for node in sympy.preorder_traversal(expr):
        if isinstance(node, _SHOWN_ONLY) and not _is_loop(node):
            raise EmitError(f"no code for {type(node).__name__}; got {node}")


def _is_loop(node: sympy.Basic) -> bool:
    """Whether it is a sum between two whole numbers."""
    return isinstance(node, sympy.Sum) and len(node.limits) == 1 and all(end.is_Integer for end in node.limits[0][1:])


def _name(symbol: sympy.Basic, words: frozenset[str]) -> str:
    name = str(symbol)
    if words and not _IDENTIFIER.match(name):
        raise EmitError(f"a name must be letters and digits; got {name!r}")
    if name in words:
        raise EmitError(f"a name must not be a reserved word; got {name!r}")
    return name


def _quotient(expr: sympy.Basic) -> tuple[bool, list[sympy.Expr], list[sympy.Expr]]:
    """Whether a product is negative, its factors above and its factors below the fraction line."""
    negative = False
    above: list[sympy.Expr] = []
    below: list[sympy.Expr] = []
    for factor in sorted(sympy.Mul.make_args(expr), key=_factor_order):
        if factor.is_Rational:
            negative ^= bool(factor < 0)
            if abs(factor.p) != 1:
                above.append(sympy.Integer(abs(factor.p)))
            if factor.q != 1:
                below.append(sympy.Integer(factor.q))
        elif factor.is_Pow and factor.exp == -1:
            below.append(factor.base)
        elif factor.is_Pow and factor.exp.is_Integer and factor.exp < 0:
            below.append(sympy.Pow(factor.base, -factor.exp))
        elif factor.is_Pow and factor.exp == _MINUS_HALF and (factor.base.is_Add or factor.base is sympy.pi):
            # 1/sqrt(2 pi) as people write it; a letter keeps its power, D^(-1/2), as in a scaling law.
            below.append(sympy.sqrt(factor.base))
        else:
            above.append(factor)
    if negative:
        # -e**2/(p*(p - 1)) reads better as e**2/(p*(1 - p)).
        for factors in (above, below):
            for place, factor in enumerate(factors):
                if (
                    factor.is_Add
                    and len(factor.args) == 2
                    and any(term.is_Rational and term < 0 for term in factor.args)
                ):
                    factors[place] = -factor
                    return False, above, below
    return negative, above, below


def _factor_order(factor: sympy.Expr) -> tuple[int, object]:
    """Numbers, coefficients, letters, brackets, powers, functions: as people write a product."""
    if factor.is_Pow and factor.exp == -1:
        return _factor_order(factor.base)
    if factor.is_Rational or (factor.is_Symbol and HOLE.fullmatch(factor.name)):
        rank = 0
    elif isinstance(factor, sympy.Indexed):
        rank = 1
    elif factor.is_Symbol:
        rank = 2
    elif factor.is_Add:
        rank = 3
    elif factor.is_Pow:
        rank = 5 if factor.base.is_Symbol else 4
    else:
        rank = 6
    return rank, sympy.default_sort_key(factor)


def _terms(expr: sympy.Add) -> list[sympy.Expr]:
    """The terms of a sum as people write them: q + 1, but 1 - p; short terms before long ones."""
    ordered = sorted(expr.args, key=sympy.default_sort_key, reverse=True)
    return sorted(
        ordered, key=lambda term: (term.could_extract_minus_sign(), not term.free_symbols, sympy.count_ops(term))
    )


def _extremum(expr: sympy.Min | sympy.Max) -> list[sympy.Expr]:
    """The arguments of a minimum or maximum in a fixed order, the longer ones first (SymPy keeps them as a set)."""
    return sorted(expr.args, key=lambda arg: (-arg.count_ops(), sympy.default_sort_key(arg)))


def _wrap(code: str, precedence: int, place: int) -> str:
    return f"({code})" if precedence < place else code


def _infix(expr: sympy.Basic, dialect: _Dialect, place: int) -> str:
    if isinstance(expr, sympy.Expr) and expr in dialect.constants:
        return dialect.constants[expr]
    if isinstance(expr, sympy.Integer):
        return _wrap(str(expr.p), _SUM if expr.p < 0 else _ATOM, place)
    if isinstance(expr, sympy.Rational):
        if dialect.fraction_call:
            return f"{dialect.fraction_call}({expr.p}, {expr.q})"
        return _wrap(f"{expr.p}/{expr.q}", _SUM if expr.p < 0 else _PRODUCT, place)
    if isinstance(expr, sympy.Symbol):
        return _name(expr, dialect.words)
    if isinstance(expr, sympy.Add):
        code = ""
        for term in _terms(expr):
            part = _infix(term, dialect, _SUM)
            code += part if not code else f" - {part[1:]}" if part.startswith("-") else f" + {part}"
        return _wrap(code, _SUM, place)
    if isinstance(expr, sympy.Mul) or _is_reciprocal(expr):
        negative, above, below = _quotient(expr)
        code = "*".join(_infix(factor, dialect, _PRODUCT) for factor in above) or "1"
        if below:
            bottom = "*".join(_infix(factor, dialect, _POWER) for factor in below)
            code += f"/({bottom})" if len(below) > 1 else f"/{bottom}"
        return _wrap(f"-{code}" if negative else code, _SUM if negative else _PRODUCT, place)
    if isinstance(expr, sympy.Pow):
        if dialect.power_call:
            return f"{dialect.power_call}({_infix(expr.base, dialect, _SUM)}, {_infix(expr.exp, dialect, _SUM)})"
        base, exponent = _infix(expr.base, dialect, _ATOM), _infix(expr.exp, dialect, _ATOM)
        return _wrap(f"{base}**{exponent}", _POWER, place)
    if isinstance(expr, sympy.Sum) and dialect is not _TEXT:
        return _loop(expr, dialect)
    if isinstance(expr, sympy.Integral) and dialect is not _TEXT:
        return _trapezoids(expr, dialect)
    if type(expr) in dialect.functions:
        args = _extremum(expr) if isinstance(expr, (sympy.Min, sympy.Max)) else expr.args
        return f"{dialect.functions[type(expr)]}({', '.join(_infix(arg, dialect, _SUM) for arg in args)})"
    if dialect is _TEXT:
        return _sentence(expr, place)
    raise EmitError(f"no rule for {type(expr).__name__}; got {expr}")


def _loop(expr: sympy.Sum, dialect: _Dialect) -> str:
    """Code for a sum between two whole numbers."""
    index, low, high = expr.limits[0]
    name, body = _name(index, dialect.words), _infix(expr.function, dialect, _SUM)
    if dialect is _PYTHON:
        return f"sum({body} for {name} in range({low}, {high + 1}))"
    loop = f"for (let {name} = {low}; {name} <= {high}; {name} += 1) total += {body};"
    return f"(() => {{ let total = 0; {loop} return total; }})()"


_REACH, _PARTS = 15, 16
"""Where code cuts an integral over the whole line off, and into how many parts it cuts a unit."""


def _trapezoids(expr: sympy.Integral, dialect: _Dialect) -> str:
    """Code for an integral over the whole line by the trapezoidal rule.

    Valid for: smooth integrands that fall at least as exp(-x^2/2) times a power. Outside of [-15, 15] less than 1e-30
    is left; the rule's error is below 1e-12 of the integrand's size where no singularity is closer than 0.3 to the line
    (farther out, where the integrand is small, they may be closer).
    """
    if expr.function.has(sympy.Integral):
        if dialect is _PYTHON:
            raise EmitError(f"no code for an integral over integrals in Python, which has its own; got {expr}")
        try:
            return nested_loops.loops(expr, lambda part: _infix(part, dialect, _PRODUCT))
        except ValueError as error:
            raise EmitError(str(error)) from None
    if expr.limits[0][1:] != (-sympy.oo, sympy.oo):
        raise EmitError(f"no code for an integral that is not over the whole line; got {expr}")
    name, body, ends = _name(expr.variables[0], dialect.words), _infix(expr.function, dialect, _SUM), _REACH * _PARTS
    if dialect is _PYTHON:
        return f"(sum((lambda {name}: {body})(part/{_PARTS}) for part in range({-ends}, {ends + 1}))/{_PARTS})"
    shared, rest = _shared(expr.function)
    once = "".join(f"const {letter} = {_infix(whole, dialect, _SUM)}; " for letter, whole in shared.items())
    body = once + f"total += {_infix(rest, dialect, _SUM)};"
    loop = f"for (let part = {-ends}; part <= {ends}; part += 1) {{ const {name} = part / {_PARTS}; {body} }}"
    return f"(() => {{ let total = 0; {loop} return total / {_PARTS}; }})()"


def _shared(expr: sympy.Expr) -> tuple[dict[sympy.Symbol, sympy.Expr], sympy.Expr]:
    """The exponentials and error functions that occur more than once, each with a name, and the rest with the names."""
    seen: dict[sympy.Expr, int] = {}
    for node in sympy.preorder_traversal(expr):
        if isinstance(node, (sympy.exp, sympy.erf, sympy.erfc)):
            seen[node] = seen.get(node, 0) + 1
    often = [node for node, times in seen.items() if times > 1]
    names = {node: sympy.Symbol(f"shared{number}") for number, node in enumerate(often)}
    return {name: node for node, name in names.items()}, expr.xreplace(names)


def _is_reciprocal(expr: sympy.Basic) -> bool:
    return isinstance(expr, sympy.Pow) and bool(expr.exp == -1)


def _sentence(expr: sympy.Basic, place: int) -> str:
    """The nodes that are shown but never computed."""
    if isinstance(expr, sympy.Equality):
        return f"{text(expr.lhs)} = {text(expr.rhs)}"
    if isinstance(expr, (sympy.LessThan, sympy.GreaterThan)):
        return f"{text(expr.lts)} <= {text(expr.gts)}"
    if isinstance(expr, AppliedUndef):
        return f"{expr.func.__name__}({', '.join(text(arg) for arg in expr.args)})"
    if isinstance(expr, sympy.Indexed):
        return f"{expr.base}_{'_'.join(text(index) for index in expr.indices)}"
    if isinstance(expr, sympy.Derivative) and len(expr.variables) == 1:
        return f"diff({text(expr.expr)}, {text(expr.variables[0])})"
    if isinstance(expr, sympy.Sum) and len(expr.limits) == 1:
        index, low, high = expr.limits[0]
        return f"sum({text(expr.function)}, {index}={text(low)}..{text(high)})"
    if isinstance(expr, sympy.Integral) and len(expr.limits) == 1 and len(expr.limits[0]) == 3:
        variable, low, high = expr.limits[0]
        start = "-oo" if low is -sympy.oo else text(low)
        return f"integral({text(expr.function)}, {variable}={start}..{text(high)})"
    if isinstance(expr, sympy.Piecewise) and expr.args[-1].cond is sympy.true:
        parts = [text(expr.args[-1].expr)]
        parts += [f"{text(arg.expr)} if {text(arg.cond)} else" for arg in reversed(expr.args[:-1])]
        return _wrap(" ".join(reversed(parts)), _ANY, place)
    raise EmitError(f"no rule for {type(expr).__name__}; got {expr}")


def _exact(expr: sympy.Basic, infinite: frozenset[sympy.Symbol]) -> str:
    """A value of fraction.js; every sub-expression is a Fraction, or inside `lesser` perhaps Infinity."""
    if isinstance(expr, sympy.Integer):
        return f"new Fraction({expr.p}n)"
    if isinstance(expr, sympy.Rational):
        return f"new Fraction({expr.p}n, {expr.q}n)"
    if isinstance(expr, sympy.Symbol):
        if expr in infinite:
            places = "alone, in a minimum, in a product or below a line"
            raise EmitError(f"a symbol that may be infinite must stand {places}; got {expr}")
        return _name(expr, _JAVASCRIPT_WORDS)
    if isinstance(expr, sympy.Add):
        first, *rest = _terms(expr)
        return _exact(first, infinite) + "".join(f".add({_exact(term, infinite)})" for term in rest)
    if isinstance(expr, sympy.Mul) or _is_reciprocal(expr):
        negative, above, below = _quotient(expr)
        first, *rest = above or [sympy.Integer(1)]
        code = _factor(first, infinite) + "".join(f".mul({_factor(factor, infinite)})" for factor in rest)
        for factor in below:
            infinite_below = factor in infinite
            code += f".mul(reciprocal({_unless_infinite(factor, infinite)}))" if infinite_below else ""
            code += "" if infinite_below else f".div({_exact(factor, infinite)})"
        return f"{code}.neg()" if negative else code
    if isinstance(expr, sympy.Pow) and isinstance(expr.exp, sympy.Integer):
        return f"{_exact(expr.base, infinite)}.pow({expr.exp.p}n)"
    if isinstance(expr, sympy.Max):
        first, *rest = _extremum(expr)
        code = _exact(first, infinite)
        for arg in rest:
            code = f"greater({code}, {_exact(arg, infinite)})"
        return code
    if isinstance(expr, sympy.Min):
        first, *rest = _extremum(expr)
        code = _unless_infinite(first, infinite)
        for arg in rest:
            code = f"lesser({code}, {_unless_infinite(arg, infinite)})"
        if all(arg in infinite for arg in expr.args):
            raise EmitError(f"a minimum must have an argument that is finite; got {expr}")
        return code
    raise EmitError(f"no exact JavaScript for {type(expr).__name__}; got {expr}")


def _factor(expr: sympy.Basic, infinite: frozenset[sympy.Symbol]) -> str:
    """A factor; an infinite one throws, since the product has no exact value then."""
    return f"reciprocal(reciprocal({_name(expr, _JAVASCRIPT_WORDS)}))" if expr in infinite else _exact(expr, infinite)


def _unless_infinite(expr: sympy.Basic, infinite: frozenset[sympy.Symbol]) -> str:
    return _name(expr, _JAVASCRIPT_WORDS) if expr in infinite else _exact(expr, infinite)


_LATEX_FUNCTIONS: Mapping[type, str] = MappingProxyType(
    {
        sympy.Min: r"\min",
        sympy.Max: r"\max",
        sympy.log: r"\log",
        sympy.exp: r"\exp",
        sympy.cosh: r"\cosh",
        sympy.sin: r"\sin",
        sympy.tanh: r"\tanh",
        sympy.cos: r"\cos",
        sympy.gamma: r"\Gamma",
        sympy.loggamma: r"\log\Gamma",
        sympy.erf: r"\operatorname{erf}",
        sympy.erfc: r"\operatorname{erfc}",
    }
)


_LATEX_CONSTANTS: Mapping[sympy.Expr, str] = MappingProxyType(
    {sympy.oo: r"\infty", sympy.pi: r"\pi", sympy.E: r"\mathrm{e}"}
)


def _letter(symbol: sympy.Basic, form: str = "") -> str:
    name = str(symbol)
    if hole := HOLE.fullmatch(name):
        return rf"\text{{⟦{hole[1]}{form}⟧}}"
    match = _LETTER.match(name)
    if not match:
        raise EmitError(f"a symbol must be a letter, perhaps with an index; got {name!r}")
    letter, index = match.groups()
    shown = r"\infty" if index == "oo" else rf"\{index}" if index in _GREEK_INDICES else index
    return (letter if len(letter) == 1 else f"\\{letter}") + (f"_{{{shown}}}" if index else "")


def _brackets(code: str, precedence: int, place: int) -> str:
    return _enclosed(code) if precedence < place else code


def _enclosed(code: str) -> str:
    """In brackets that grow, but only where there is something tall: growing ones take more room on the line."""
    tall = any(part in code for part in (r"\frac", r"\sum", r"\left", "^"))
    return rf"\left({code}\right)" if tall else f"({code})"


def _latex(expr: sympy.Basic, place: int, inline: bool) -> str:
    if isinstance(expr, sympy.Expr) and expr in _LATEX_CONSTANTS:
        return _LATEX_CONSTANTS[expr]
    if isinstance(expr, sympy.Integer):
        return _brackets(str(expr.p), _SUM if expr.p < 0 else _ATOM, place)
    if isinstance(expr, sympy.Symbol):
        return _letter(expr, "/" if inline else "")
    if isinstance(expr, sympy.Add):
        code = ""
        for term in _terms(expr):
            part = _latex(term, _SUM, inline)
            code += part if not code else f" - {part[1:]}" if part.startswith("-") else f" + {part}"
        return _brackets(code, _SUM, place)
    if isinstance(expr, (sympy.Mul, sympy.Rational)) or _is_reciprocal(expr):
        return _latex_product(expr, place, inline)
    if isinstance(expr, sympy.Pow) and expr.exp == sympy.Rational(1, 2):
        return rf"\sqrt{{{_latex(expr.base, _SUM, inline)}}}"
    if isinstance(expr, sympy.Pow):
        exponent = _latex(expr.exp, _SUM, True)
        if isinstance(expr.base, sympy.Abs):
            return rf"{_latex(expr.base, _ATOM, inline)}^{{{exponent}}}"
        return _brackets(f"{_latex(expr.base, _ATOM, inline)}^{{{exponent}}}", _POWER, place)
    if isinstance(expr, sympy.Abs):
        return rf"\left|{_latex(expr.args[0], _SUM, inline)}\right|"
    if type(expr) in _LATEX_FUNCTIONS:
        args = _extremum(expr) if isinstance(expr, (sympy.Min, sympy.Max)) else expr.args
        return _LATEX_FUNCTIONS[type(expr)] + _enclosed(", ".join(_latex(arg, _SUM, inline) for arg in args))
    return _latex_sentence(expr, inline)


def _latex_product(expr: sympy.Basic, place: int, inline: bool) -> str:
    negative, above, below = _quotient(expr)
    if inline or not below:
        code = _row(above, _PRODUCT, inline)
        if below:
            code += f"/({_row(below, _POWER, inline)})" if len(below) > 1 else f"/{_row(below, _POWER, inline)}"
    else:
        # A sum that stands alone above or below the line needs no brackets there.
        top, bottom = (_row(part, _SUM if len(part) == 1 else _PRODUCT, inline) for part in (above, below))
        code = rf"\frac{{{top}}}{{{bottom}}}"
    return _brackets(f"-{code}" if negative else code, _SUM if negative else _PRODUCT, place)


def _row(factors: list[sympy.Expr], place: int, inline: bool) -> str:
    codes = [_latex(factor, place, inline) for factor in factors]
    if len(codes) > 1 and not _STARTS_AS_NUMBER.match(codes[1]):
        codes[0] = _MARKED_HOLE.sub(r"\\text{⟦\1*⟧}", codes[0]) if _MARKED_HOLE.fullmatch(codes[0]) else codes[0]
    # Between numbers a dot: 2 and 3 side by side would be read as 23.
    row = "".join(rf" \cdot {code}" if _STARTS_AS_NUMBER.match(code) else f" {code}" for code in codes)
    return row.removeprefix(r" \cdot").strip() or "1"


def _latex_sentence(expr: sympy.Basic, inline: bool) -> str:
    if isinstance(expr, sympy.Equality):
        return f"{_latex(expr.lhs, _SUM, inline)} = {_latex(expr.rhs, _SUM, inline)}"
    if isinstance(expr, (sympy.LessThan, sympy.GreaterThan)):
        return rf"{_latex(expr.lts, _SUM, inline)} \le {_latex(expr.gts, _SUM, inline)}"
    if isinstance(expr, AppliedUndef):
        args = ", ".join(_latex(arg, _SUM, inline) for arg in expr.args)
        return f"{_letter(sympy.Symbol(expr.func.__name__))}({args})"
    if isinstance(expr, sympy.Indexed):
        return f"{expr.base}_{{{','.join(_latex(index, _SUM, inline) for index in expr.indices)}}}"
    if isinstance(expr, sympy.Derivative) and len(expr.variables) == 1:
        return (
            rf"\frac{{\mathrm{{d}}}}{{\mathrm{{d}}{_letter(expr.variables[0])}}} {_latex(expr.expr, _PRODUCT, inline)}"
        )
    if isinstance(expr, sympy.Sum) and len(expr.limits) == 1:
        index, low, high = expr.limits[0]
        bounds = f"{{{index}={_latex(low, _SUM, True)}}}^{{{_latex(high, _SUM, True)}}}"
        return rf"\sum_{bounds} {_latex(expr.function, _PRODUCT, inline)}"
    if isinstance(expr, sympy.Integral) and len(expr.limits) == 1 and len(expr.limits[0]) == 3:
        variable, low, high = expr.limits[0]
        start = r"-\infty" if low is -sympy.oo else _latex(low, _SUM, True)
        bounds = f"{{{start}}}^{{{_latex(high, _SUM, True)}}}"
        return rf"\int_{bounds} {_latex(expr.function, _PRODUCT, inline)} \,\mathrm{{d}}{_letter(variable)}"
    if isinstance(expr, sympy.Piecewise) and expr.args[-1].cond is sympy.true:
        rows = [
            _latex(arg.expr, _SUM, True)
            + (r" & \text{otherwise}" if arg.cond is sympy.true else rf" & \text{{if }} {_latex(arg.cond, _SUM, True)}")
            for arg in expr.args
        ]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
    raise EmitError(f"no rule for {type(expr).__name__}; got {expr}")
