"""JavaScript for an integral over integrals: two loops, of which the inner one does what it can only once.

At 50 digits, or as a loop in a loop, such a value takes longer than the frame in which a page has to answer. Here the
inner loop's points are prepared once: all parts of its integrands in which the outer variable does not stand are
numbers by then, and points that weigh nothing are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy
from sympy.codegen.cfunctions import log1p

from calculators import nested

OUTER, INNER = 40, 24
"""Points of a unit of the outer variable's t, where that variable is sinh t, and of the inner one."""
_CENTRE, _FAR = 4, 60
"""The outer sum reaches so far at least, and at most."""
_REACH = 8
"""The inner sums reach so far."""
_NOTHING = "1e-32"
"""A point counts where its factor is more than this share of the largest one."""
_NEGLIGIBLE = "1e-18"

WORDS = frozenset({"more", "nodes", "peaks", "row", "side", "term", "turn"})
"""Names in the code that no letter of a formula may have."""


def loops(expr: sympy.Integral, code: Callable[[sympy.Expr], str]) -> str:
    """The code, one expression.

    Args:
        expr: over the whole line, of a function of integrals over the whole line without others in them.
        code: JavaScript for an expression without integrals.

    Raises:
        ValueError: an integral is not of this kind, or an inner one has no factor that the outer variable leaves alone.

    Valid for: analytic integrands. The outer one may fall as a power, the inner ones fall faster than exponentially,
    and are products of a factor that only their own variable changes and others of at most 1.
    """
    outer = expr.variables[0]
    inner = sorted(expr.function.atoms(sympy.Integral), key=str)
    whole = (-sympy.oo, sympy.oo)
    deeper = any(part.function.has(sympy.Integral) for part in inner)
    if deeper or any(part.limits[0][1:] != whole for part in (expr, *inner)):
        raise ValueError(f"no code for integrals that are not over the whole line, or are three deep; got {expr}")
    nodes: dict[sympy.Expr, sympy.Symbol] = {}
    variable = sympy.Symbol("inner", real=True)
    sums, weights = {}, []
    for part in inner:
        function = part.function.xreplace({part.variables[0]: variable})
        prepared = _prepared(function, variable, outer, nodes)
        own = [factor for factor in sympy.Mul.make_args(prepared) if factor in nodes.values()]
        if not own:
            raise ValueError(f"no code for inner integrals without a factor of their own variable alone; got {part}")
        weights += own
        sums[part] = prepared
    names = {part: sympy.Symbol(f"sum{number}") for number, part in enumerate(inner)}
    row = ", ".join(code(node) for node in nodes)
    places = [list(nodes.values()).index(weight) for weight in weights]
    letters = ", ".join(map(str, nodes.values()))
    added = " ".join(f"{names[part]} += {code(prepared)};" for part, prepared in sums.items())
    begun = " ".join(f"let {name} = 0;" for name in names.values())
    ended = " ".join(f"{name} /= {INNER};" for name in names.values())
    value = code(_near_one(expr.function, names))
    return (
        "(() => { "
        f"let nodes = []; for (let part = {-_REACH * INNER}; part <= {_REACH * INNER}; part += 1) "
        f"{{ const inner = part / {INNER}; nodes.push([{row}]); }} "
        "nodes = nodes.filter((row) => row.every(Number.isFinite)); "
        f"const peaks = {places}.map((place) => [place, Math.max(...nodes.map((row) => row[place]))]); "
        f"nodes = nodes.filter((row) => peaks.some(([place, peak]) => row[place] > {_NOTHING} * peak)); "
        f"const term = (turn) => {{ const {outer} = Math.sinh(turn); {begun} "
        f"for (const [{letters}] of nodes) {{ {added} }} {ended} return Math.cosh(turn) * {value}; }}; "
        f"let total = 0; for (let part = {-_CENTRE * OUTER}; part <= {_CENTRE * OUTER}; part += 1) "
        f"total += term(part / {OUTER}); "
        f"for (const side of [1, -1]) for (let part = {_CENTRE * OUTER + 1}; part < {_FAR * OUTER}; part += 1) "
        f"{{ const more = term(side * part / {OUTER}); total += more; "
        f"if (!(Math.abs(more) > {_NEGLIGIBLE} * Math.abs(total))) break; }} "
        f"return total / {OUTER}; }})()"
    )


def _near_one(expr: sympy.Expr, names: Mapping[sympy.Expr, sympy.Symbol]) -> sympy.Expr:
    """The expression with the sums' names; powers of 1 + X by way of log(1 + X), as `nested` has them."""
    if isinstance(expr, sympy.Pow) and (lack := nested.lacking(expr)) is not None:
        return sympy.exp(expr.exp * log1p(sympy.Max(lack.xreplace(names), sympy.Rational(nested.LEAST))))
    return (
        names.get(expr, expr)
        if not expr.args or expr in names
        else expr.func(*(_near_one(arg, names) for arg in expr.args))
    )


def _prepared(
    expr: sympy.Expr, variable: sympy.Symbol, outer: sympy.Symbol, nodes: dict[sympy.Expr, sympy.Symbol]
) -> sympy.Expr:
    """The expression with a name for each largest part without the outer variable; `nodes` gets the parts."""
    if not expr.has(outer):
        return nodes.setdefault(expr, sympy.Symbol(f"node{len(nodes)}", real=True)) if expr.has(variable) else expr
    if not expr.args:
        return expr
    if isinstance(expr, (sympy.Add, sympy.Mul)):
        fixed = [arg for arg in expr.args if not arg.has(outer)]
        moving = [_prepared(arg, variable, outer, nodes) for arg in expr.args if arg.has(outer)]
        return expr.func(*moving, *([_prepared(expr.func(*fixed), variable, outer, nodes)] if fixed else []))
    return expr.func(*(_prepared(arg, variable, outer, nodes) for arg in expr.args))
