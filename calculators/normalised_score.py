"""A game's score on a scale from random play to a person, and what one wrong baseline does to a mean over games."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import sympy

from calculators.derivation import (
    Assumption,
    Calculator,
    Choice,
    Column,
    Derivation,
    Option,
    Parameter,
    Quantity,
    Result,
    Silence,
    Source,
    Step,
)

_SCORE = sympy.Symbol("x", real=True)
_RANDOM = sympy.Symbol("r", real=True)
_GAMER = sympy.Symbol("g", real=True)
_RECORD = sympy.Symbol("R", real=True)
_WRONG = sympy.Symbol("b", real=True)
_GAMES = sympy.Symbol("n", positive=True)

_NORMALISED, _FALSE, _SHIFT, _FACTOR = sympy.symbols("S S_b M f", real=True)
_LOW, _HIGH, _VALUE = (sympy.Symbol(letter, positive=True) for letter in ("l", "h", "s"))
_OTHERS, _ANY = sympy.symbols("T y", real=True)
"""The sum of the other games' scores; any score of the game [points]."""

_HAFNER = Source(
    "Mastering Atari with Discrete World Models",
    "Hafner, Lillicrap, Norouzi, Ba",
    2021,
    "https://arxiv.org/abs/2010.02193",
    "arXiv v4, section 3 and Table 1",
)

GAMER, RECORD, CLIPPED = "gamer", "record", "clipped"
SCALES: Mapping[str, str] = MappingProxyType(
    {GAMER: "Gamer-normalised", RECORD: "Record-normalised", CLIPPED: "Clipped record-normalised"}
)
"""Scale -> title. A gamer's score is 1 on the first, the human record on the other two."""


def normalised(scale: str, score: sympy.Expr, random: sympy.Expr, baseline: sympy.Expr) -> sympy.Expr:
    """(score - random)/(baseline - random), and at most 1 on the clipped scale.

    Args:
        scale: one of `SCALES`.
        score: the agent's score [points of the game].
        random: the score of random play [points].
        baseline: the gamer's score on the gamer scale, else the human record [points]; not equal to `random`.

    Source: Hafner et al. (2021), arXiv v4, section 3.
    """
    share = (score - random) / (baseline - random)
    return sympy.Min(1, share) if scale == CLIPPED else share


def _points(name: str, symbol: sympy.Symbol, title: str, meaning: str, start: int) -> Parameter:
    return Parameter(
        name,
        symbol,
        title,
        meaning,
        start=sympy.Integer(start),
        default=symbol,
        real=True,
        minimum=None,
        slider=(-100, 50_000),
    )


_PARAMETERS = (
    _points("score", _SCORE, "The agent's score", "The score x of the agent [points of the game].", 3000),
    _points("random", _RANDOM, "Score of random play", "The mean score r of random play [points].", 7),
    _points("gamer", _GAMER, "Score of a gamer", "The score g of a professional player [points].", 303),
    _points("record", _RECORD, "Human record", "The human world record R [points].", 20_000),
    _points("wrong", _WRONG, "A wrong baseline", "The number b that stands in the table for g, or for R [points].", 29),
    Parameter(
        "games",
        _GAMES,
        "Games in the table",
        "The number n of games over which the mean is taken.",
        start=sympy.Integer(55),
        default=_GAMES,
        integer=True,
        minimum=1,
        open=False,
        slider=(1, 100),
    ),
)

_ASSUMPTIONS = (
    Assumption(
        "above-random", "Each baseline is above random play; otherwise the scale is turned round or has no length."
    ),
    Assumption(
        "same-rules", "All scores were taken under the same rules: frames, lives, sticky actions, starting points."
    ),
)
_ONE_WRONG = Assumption("one-wrong", "One game has a wrong baseline; all else in the table is right.")

_SILENCE = (
    "A normalised score means nothing when a baseline is not above random play: the scale then has no length, or runs "
    "backwards."
)
_HOLDS = (
    "It holds for any game whose baseline is above random play.",
    "On the gamer scale 1 means as good as one professional player, on the record scale as good as the best known "
    "human. Neither says how hard the step from one score to another is.",
)
_WRONG_HOLDS = (
    *_HOLDS,
    "A mean takes up an error in full, divided by the number of games. A median moves at most to a neighbouring game's "
    "score, and a clipped score, being at most 1, moves the mean by at most 1/n as long as it stays above 0.",
    "James Bond: a public file of baselines has 29.0 as the gamer's score, against 303 elsewhere; with random play at "
    "7.0 the normalised score is 13.5 times too large. The start values for score and record are invented.",
)


def _score_steps(scale: str, x: sympy.Expr, r: sympy.Expr, baseline: sympy.Expr) -> tuple[Step, ...]:
    unclipped = (x - r) / (baseline - r)
    whose = "the gamer's score" if scale == GAMER else "the human record"
    line = Step(
        "scale",
        "A line through two points",
        "identity",
        # The line that is 0 at random play and 1 at the baseline, in Lagrange's form.
        sympy.Add(
            sympy.Mul(0, (x - baseline) / (r - baseline), evaluate=False),
            sympy.Mul(1, (x - r) / (baseline - r), evaluate=False),
            evaluate=False,
        ),
        unclipped,
        f"Random play is to count 0 and {whose} 1, and equal steps in points are to count equally. That is one "
        "straight line.",
    )
    clipped = Step(
        "clip",
        "Nothing counts above 1",
        "premise",
        _NORMALISED,
        normalised(CLIPPED, x, r, baseline),
        "Before averaging, whatever is above the human record counts as 1, so that no single game can outweigh the "
        "others.",
        source=_HAFNER,
    )
    return (line, clipped) if scale == CLIPPED else (line,)


def _wrong_steps(
    scale: str, x: sympy.Expr, r: sympy.Expr, baseline: sympy.Expr, wrong: sympy.Expr, games: sympy.Expr
) -> tuple[Step, ...]:
    right, false = normalised(scale, x, r, baseline), normalised(scale, x, r, wrong)
    factor = (baseline - r) / (wrong - r)
    middle = sympy.Add(_LOW, _HIGH, _VALUE, -sympy.Max(_LOW, _HIGH, _VALUE), -sympy.Min(_LOW, _HIGH, _VALUE))
    return (
        Step(
            "factor",
            "What the wrong baseline does to its game",
            "identity",
            sympy.Mul(
                (_ANY - r) / (wrong - r), sympy.Pow((_ANY - r) / (baseline - r), -1, evaluate=False), evaluate=False
            ),
            factor,
            "Any score y on the false scale, over the same on the right one: y drops out, and the game is multiplied "
            "by the quotient of the two distances from random play"
            + (" (before it is clipped)." if scale == CLIPPED else "."),
            letters=True,
        ),
        Step(
            "median",
            "What it does to the median",
            "identity",
            middle,
            sympy.Max(_LOW, sympy.Min(_HIGH, _VALUE)),
            "Let l and h be the two middle scores of the other games, l at most h, and s the score in question; n is "
            "odd. The median of all is the middle one of these three. However large s becomes, the median cannot pass "
            "h.",
            ranges=((_LOW, (sympy.Rational(1, 4), sympy.Integer(1))), (_HIGH, (sympy.Integer(1), sympy.Integer(4)))),
        ),
        Step(
            "shift",
            "What it does to the mean",
            "identity",
            sympy.Add((_OTHERS + false) / games, -(_OTHERS + right) / games, evaluate=False),
            (false - right) / games,
            "The sum T of the other scores is in both means and drops out. One game's error is divided by n, and by "
            "nothing else.",
            letters=True,
        ),
    )


def _is_flat(baseline: sympy.Expr, random: sympy.Expr) -> bool:
    """Whether the baseline is known not to be above random play."""
    gap = baseline - random
    return bool(gap.is_number and gap <= 0)


def _build(values: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    x, r, gamer, record, wrong, games = (values[parameter.id] for parameter in _PARAMETERS)
    scale, one_wrong = options["scale"].id, options["baseline"].id == "wrong"
    baseline = gamer if scale == GAMER else record
    used = (baseline, wrong) if one_wrong else (baseline,)
    settings = tuple((parameter.id, values[parameter.id]) for parameter in _PARAMETERS)
    chosen = tuple((name, option.id) for name, option in options.items())
    assumptions = (*_ASSUMPTIONS, _ONE_WRONG) if one_wrong else _ASSUMPTIONS
    if any(_is_flat(point, r) for point in used):
        # The steps would divide by zero or by the wrong sign.
        return Derivation(CALCULATOR.id, settings, chosen, assumptions, (), None, silence=_SILENCE)
    right = normalised(scale, x, r, baseline)
    steps = _score_steps(scale, x, r, baseline)
    if not one_wrong:
        baselines = {name: gamer if name == GAMER else record for name in SCALES if name != scale}
        others = tuple(
            Quantity(name, SCALES[name], sympy.Symbol(f"S_{name[0]}"), normalised(name, x, r, point), where=point - r)
            for name, point in baselines.items()
            if not _is_flat(point, r)
        )
        meaning = f"{SCALES[scale]}: 0 is random play, 1 is {'a gamer' if scale == GAMER else 'the human record'}. "
        meaning += "A definition, worked out."
        result = Result(_NORMALISED, right, "arithmetic", meaning, _HOLDS, others)
    else:
        steps += _wrong_steps(scale, x, r, baseline, wrong, games)
        false = normalised(scale, x, r, wrong)
        quantities = (
            Quantity("right", "The game's right score", _NORMALISED, right),
            Quantity("false", "The game's score with the wrong baseline", _FALSE, false),
            Quantity("factor", "Quotient of the two scales", _FACTOR, (baseline - r) / (wrong - r)),
        )
        meaning = "By how much the mean over n games moves when one baseline is wrong. The median moves at most to the "
        meaning += "score of a neighbouring game."
        result = Result(_SHIFT, steps[-1].after, "exact", meaning, _WRONG_HOLDS, quantities)
    return Derivation(CALCULATOR.id, settings, chosen, assumptions, steps, result)


CALCULATOR = Calculator(
    "normalised-score",
    "Normalised scores",
    "What is a game's score worth on a scale from random play to a person, and what does one wrong baseline do to the "
    "average over games?",
    _PARAMETERS,
    (
        Choice(
            "scale",
            "Scale",
            options=lambda: tuple(Option(name, title) for name, title in SCALES.items()),
            default=GAMER,
            meaning="What counts as 1: a professional player, or the human record; and whether more than 1 counts.",
        ),
        Choice(
            "baseline",
            "Baselines",
            options=lambda: (Option("right", "All right"), Option("wrong", "One wrong")),
            default="right",
            meaning="With one wrong baseline the result is the shift of the mean over all games.",
        ),
    ),
    (_HAFNER,),
    _build,
    columns=tuple(
        Column(
            f"{title}, random 7, gamer 303, record 20,000",
            {"scale": name, "random": "7", "gamer": "303", "record": "20000"},
        )
        for name, title in SCALES.items()
    ),
    row_parameter="score",
    row_values=("7", "303", "3000", "20000", "40000"),
    belongs=("dreamerv2",),
    against=(
        "A definition cannot be contradicted. What it is used for can: if agents come out in the same order on "
        "all the scales and in all the aggregates, over the same games, the choice of one of them does not matter "
        "there.",
        "One wrong baseline: a table in which changing it moves the mean by anything but the change of that "
        "game's score over n, beyond rounding, or moves the median past the score of a neighbouring game, would "
        "refute it.",
    ),
    silences=tuple(
        Silence(_SILENCE, point, _RANDOM, where, or_equal=True)
        for point, where in (
            (_GAMER, (("scale", GAMER),)),
            (_RECORD, (("scale", RECORD),)),
            (_RECORD, (("scale", CLIPPED),)),
            (_WRONG, (("baseline", "wrong"),)),
        )
    ),
)
