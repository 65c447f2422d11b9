"""The table of losses that the calculator of fits begins with, fitted: page models of its results and its plot.

Everything is computed when the site is built; the page's script puts the reader's own results into the same elements.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from calculators import emit, exponent_fit, findings, fitting, implied

CALCULATOR: Final = exponent_fit.CALCULATOR.id
_LEFT, _TOP, _RIGHT, _BOTTOM = 50, 12, 348, 262
_MARGIN: Final = 0.04  # share of an axis that is left free at each end
_CURVE: Final = 48


@dataclass(frozen=True)
class Mark:
    """A tick: its place in the drawing, and its number as text, or its power of ten."""

    at: float
    text: str
    power: int | None


@dataclass(frozen=True)
class FitPlot:
    """A log-log plot of the points with the fitted lines, in the drawing's units."""

    width: int
    height: int
    left: int
    top: int
    right: int
    bottom: int
    label: str
    x_marks: tuple[Mark, ...]
    y_marks: tuple[Mark, ...]
    points: tuple[tuple[float, float], ...]
    lines: tuple[str, ...]
    """Without and with an irreducible loss; the second is empty where none is identified."""


@dataclass(frozen=True)
class Fit:
    """The example and what is found in it."""

    name: str
    csv: str
    rows: int
    law: Markup
    noise: str
    seed: int
    result: str
    """The exponent in front, to six digits."""
    which: str
    """Which of the two fits that exponent is from."""
    sizes: int
    percent: str
    titles: tuple[str, str]
    cells: tuple[tuple[str, str, str], ...]
    comparison: str
    verdicts: tuple[tuple[str, str], ...]
    dimension: str
    local: tuple[tuple[str, str, str], ...]
    plot: FitPlot
    shell: str
    sums: tuple[str, ...]
    """The parameters that the table gives."""


LAW: Final = emit.latex(exponent_fit.EXAMPLE_LAW)
"""LaTeX of the law that the example is made from."""


def fit(settings: Mapping[str, str], law_shown: Markup) -> Fit:
    """The example, fitted and read.

    Args:
        settings: degree, loss_order, smoothness, dimension and confidence, as exact texts.
        law_shown: the MathML of `LAW`.
    """
    sizes, losses = exponent_fit.example_points()
    confidence = float(Fraction(settings["confidence"]))
    fitted = fitting.fit(sizes, losses, confidence)
    names = ("degree", "loss_order", "smoothness")
    law = implied.theory({name: settings[name] for name in names})
    dimension = float(Fraction(settings["dimension"]))
    report = findings.FitReport(exponent_fit.EXAMPLE_NAME, fitted, law, dimension, None)
    found = report.irreducible
    document: dict[str, Any] = json.loads(findings.fit_json(report))
    usual = {"smoothness": "oo", "confidence": "0.95"}
    told = {"dimension": f"{dimension:g}", **{name: settings[name] for name in names}, "confidence": f"{confidence:g}"}
    words = [f"--{name.replace('_', '-')} {value}" for name, value in told.items() if value != usual.get(name)]
    return Fit(
        exponent_fit.EXAMPLE_NAME,
        exponent_fit.example(),
        fitted.rows,
        law_shown,
        f"{float(exponent_fit.EXAMPLE_NOISE):g}",
        exponent_fit.EXAMPLE_SEED,
        f"{(found if report.rejected and found is not None else report.law).alpha:.6g}",
        findings.which(report.rejected, None if found is None else found.state),
        fitted.sizes,
        f"{100 * fitted.power_law.confidence:g}",
        findings.TITLES,
        findings.cells(document),
        document["comparison"],
        tuple((reading["fit"], reading["verdict"]) for reading in document["readings"]),
        f"{dimension:g}",
        tuple((f"{part.low:.6g}", f"{part.high:.6g}", f"{part.alpha:.4g}") for part in fitted.local),
        _plot(fitting.gather(sizes, losses), fitted),
        " ".join(["python -m calculators fit losses.csv", *words]),
        exponent_fit.SUMS,
    )


def _plot(points: fitting.Points, fitted: fitting.Fit) -> FitPlot:
    x, y = points.log_size.tolist(), points.log_loss.tolist()
    law, floor = fitted.power_law, fitted.irreducible
    lines = [[(place, law.log_coefficient - law.alpha * place) for place in (x[0], x[-1])]]
    said = ""
    if floor is not None and floor.state == "identified":
        places = np.linspace(x[0], x[-1], _CURVE + 1)
        bent = np.logaddexp(math.log(floor.loss), floor.log_coefficient - floor.alpha * places)
        lines.append(list(zip(places.tolist(), bent.tolist(), strict=True)))
        said = findings.PLOT_FLOOR.format(alpha=floor.alpha, loss=floor.loss)
    heights = [*y, *(height for line in lines for _, height in line)]
    across, up = _Axis(min(x), max(x), _LEFT, _RIGHT), _Axis(min(heights), max(heights), _BOTTOM, _TOP)
    label = findings.PLOT.format(
        sizes=points.sizes,
        first=points.size[0],
        last=points.size[-1],
        begin=math.exp(y[0]),
        end=math.exp(y[-1]),
        alpha=law.alpha,
        floor=said,
    )
    drawn = tuple(" ".join(f"{across.at(a)},{up.at(b)}" for a, b in line) for line in lines)
    return FitPlot(
        _RIGHT + 12,
        _BOTTOM + 42,
        _LEFT,
        _TOP,
        _RIGHT,
        _BOTTOM,
        label,
        tuple(across.marks()),
        tuple(up.marks()),
        tuple((across.at(a), up.at(b)) for a, b in zip(x, y, strict=True)),
        (*drawn, "") if len(drawn) == 1 else drawn,
    )


class _Axis:
    """A logarithmic axis: natural logarithms from `low` to `high`, drawn from `start` to `end`."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        room = _MARGIN * (high - low) or 0.5
        self.low, self.high, self.start, self.end = low - room, high + room, start, end

    def at(self, log: float) -> float:
        place = round(self.start + (self.end - self.start) * (log - self.low) / (self.high - self.low), 1)
        return int(place) if place == int(place) else place

    def marks(self) -> Iterator[Mark]:
        """Powers of ten, at most six, or where there is but one 1, 2 and 5 times powers of ten."""
        ten = math.log(10)
        powers = range(math.floor(self.low / ten), math.ceil(self.high / ten) + 1)
        every = max(1, math.ceil(len(powers) / 6))
        whole = [power for power in powers if self.low <= power * ten <= self.high]
        digits = (1,) if len(whole) > 1 else (1, 2, 5)
        for power in powers:
            for digit in digits:
                log = math.log(digit) + power * ten
                if self.low <= log <= self.high and (len(digits) > 1 or power % every == 0):
                    plain = -4 < power < 4
                    yield Mark(
                        self.at(log),
                        f"{digit * 10.0**power:.6g}" if plain else str(digit),
                        None if plain else power,
                    )
