"""Fits and dimensions -> plain text or JSON, for a shell."""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from calculators import implied
from calculators.dimension import Estimate
from calculators.fitting import Bootstrap, Fit, PowerLaw
from calculators.implied import ImpliedDimension, Theory, two_digits
from calculators.irreducible import Irreducible

_WIDTH = 88
_NAMES = re.compile(r"\{(\w+)")
TITLES = ("without an irreducible loss", "with it")
"""The two fits, as they are named beside each other."""

ROWS = (
    ("Exponent alpha", "{alpha:.4g} ± {standard_error:.2g}"),
    ("Interval of alpha", "{low:.4g} to {high:.4g}"),
    ("Irreducible loss", "{loss:.4g}"),
    ("Interval of the irreducible loss", "{loss_low:.4g} to {loss_high:.4g}"),
    ("Scatter of log loss", "{residual:.2g}"),
    ("log k", "{log_coefficient:.4g}"),
    ("Implied dimension", "{dimension:.4g} ± {dimension_error}"),
    ("Interval of the implied dimension", "{dimension_low:.4g} to {dimension_high:.4g}"),
)
"""The rows of a table with a column for each fit, as a page shows it: what a row is, and its template."""
ABSENT, UNBOUNDED, UNIDENTIFIED = "–", "{dimension_low:.4g} upwards, without a bound", "not identifiable"
WHICH: Mapping[str, str] = MappingProxyType(
    {
        "without": TITLES[0],
        "without-rejected": f"{TITLES[0]}: a floor shows, so this fit is rejected, see below",
        "with": "with an irreducible loss",
        "with-identified": "with an irreducible loss: a floor shows, and the fit without one is rejected",
        "with-open": "with an irreducible loss: a floor shows, but the exponent above it is not identifiable, "
        "see below",
        "with-unidentified": "with an irreducible loss, not identifiable: see below",
    }
)
"""What is said of the exponent in front, by the fit that it is from and what was found of the irreducible loss."""
REJECTED: Mapping[str, str] = MappingProxyType(
    {
        "identified": "A floor shows: no irreducible loss at all is rejected, its interval is {low:.4g} to {high:.4g} "
        "({percent:g} %). So this fit is rejected, and its exponent says nothing about the dimension.",
        "open": "A floor shows: no irreducible loss at all is rejected, its interval begins at {low:.4g} "
        "({percent:g} %). So this fit is rejected, and its exponent says nothing about the dimension. The exponent "
        "above the floor is not identifiable, so neither does that.",
    }
)
"""What stands in place of a verdict on a fit without an irreducible loss, by the state in which that is rejected."""
UNSETTLED = (
    "All this takes the irreducible loss to be 0, and the table does not rule out another: with {loss:.4g}, which fits "
    "best, alpha is {alpha:.4g}."
)
"""What is added to a verdict below the bound where the irreducible loss is not identified, as a template."""
RISES = (
    "The loss does not fall with size: alpha is {alpha:.4g}. A power law needs an alpha above 0, so no irreducible "
    "loss is fitted, and no dimension follows."
)
"""What is said in place of the comparison where the loss rises or stays, as a template."""
PLOT = (
    "Log–log plot of the loss at {sizes} sizes from {first:.4g} to {last:.4g}. The points go from a loss of "
    "{begin:.4g} to {end:.4g}. The straight line has the exponent {alpha:.4g}{floor}."
)
PLOT_FLOOR = "; the curve with the exponent {alpha:.4g} levels off at an irreducible loss of {loss:.4g}"
"""The text alternative of a page's plot, as templates."""


def cells(document: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """The rows of `ROWS` for what `fit_json` says: what each is, without and with an irreducible loss."""
    implied = {reading["fit"]: reading["implied_dimension"] for reading in document["readings"]}
    columns = [_column(document["power_law"], implied[TITLES[0]])]
    if document["irreducible"] is None:
        columns.append({})
    elif document["irreducible"]["state"] != "identified":
        columns.append({"alpha": None})
    else:
        columns.append(_column(document["irreducible"], implied[TITLES[1]]))
    return tuple((title, *(_cell(template, column) for column in columns)) for title, template in ROWS)  # type: ignore[misc]


def _column(fit: Mapping[str, Any], implied: Mapping[str, Any] | None) -> dict[str, Any]:
    values = dict(fit)
    values["low"], values["high"] = fit["interval"]
    if "loss" in fit:
        values["loss_low"], values["loss_high"] = fit["loss_interval"]
    if implied is not None:
        values |= {"dimension": implied["dimension"], "dimension_error": two_digits(implied["standard_error"])}
        values["dimension_low"], values["dimension_high"] = implied["interval"]
    return values


def _cell(template: str, column: Mapping[str, Any]) -> str:
    names = _NAMES.findall(template)
    if "alpha" in names and column.get("alpha", 0) is None:
        return UNIDENTIFIED
    if any(name not in column for name in names):
        return ABSENT
    unbounded = "dimension_high" in names and column["dimension_high"] is None
    return (UNBOUNDED if unbounded else template).format(**column)


@dataclass(frozen=True)
class Reading:
    """One of the two fits, read with the theory."""

    title: str
    implied: ImpliedDimension | None
    verdict: str | None
    """None without a measured dimension, and where the loss does not fall."""
    rejected: bool
    """True: the fit has no irreducible loss, and the table shows one."""


@dataclass(frozen=True)
class FitReport:
    """Everything that `fit` prints."""

    file: str
    fit: Fit
    theory: Theory
    dimension: float | None
    bootstrap: Bootstrap | None

    @property
    def law(self) -> PowerLaw:
        """The fit without an irreducible loss; what is nothing but rounding is 0, as where all losses are equal."""
        law = self.fit.power_law
        low, high = map(_settled, law.interval)
        error = _settled(law.standard_error)
        return replace(law, alpha=_settled(law.alpha), standard_error=error, interval=(low, high))

    @property
    def irreducible(self) -> Irreducible | None:
        """The fit with an irreducible loss; None as well where the loss does not fall, and so has none."""
        return self.fit.irreducible if self.law.alpha > 0 else None

    @property
    def comparison(self) -> str:
        """What the two fits say beside each other, or that the loss does not fall."""
        return self.fit.comparison if self.law.alpha > 0 else RISES.format(alpha=self.law.alpha)

    @property
    def rejected(self) -> bool:
        """Whether the fit without an irreducible loss is rejected: the other one's interval does not reach 0."""
        return self.irreducible is not None and self.irreducible.state in REJECTED

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The plain fit, and the one with an irreducible loss where that is identified; what is rejected comes last."""
        found = []
        for title, one in zip(TITLES, (self.law, self.irreducible), strict=True):
            if one is None or (isinstance(one, Irreducible) and one.state != "identified"):
                continue
            numbers = one.alpha, one.standard_error, one.interval
            rejected = self.rejected and one is not self.irreducible
            words = None
            if self.dimension is not None and one.alpha > 0:
                words = self._rejection() if rejected else self._verdict(self.dimension, *numbers)
            found.append(Reading(title, implied.implied_dimension(self.theory, *numbers), words, rejected))
        return tuple(sorted(found, key=lambda reading: reading.rejected))

    def _verdict(self, dimension: float, alpha: float, standard_error: float, interval: tuple[float, float]) -> str:
        words = implied.verdict(self.theory, alpha, standard_error, interval, dimension)
        floor = self.irreducible
        if floor is None or floor.state != "flat" or alpha >= self.theory.exponent_at(dimension) * (1 - implied.EXACT):
            return words
        return f"{words} {UNSETTLED.format(loss=floor.loss, alpha=floor.alpha)}"

    def _rejection(self) -> str:
        assert self.irreducible is not None
        low, high = self.irreducible.loss_interval
        return REJECTED[self.irreducible.state].format(low=low, high=high, percent=100 * self.law.confidence)


def which(fitted: bool, state: str | None) -> str:
    """What is said of the exponent in front.

    Args:
        fitted: whether it is from the fit with an irreducible loss.
        state: of the irreducible loss; None where none was fitted.
    """
    if not fitted:
        return WHICH["without-rejected" if state in REJECTED else "without"]
    return WHICH["with" if state is None else f"with-{state if state in REJECTED else 'unidentified'}"]


def fit_text(report: FitReport) -> str:
    """Plain text of at most 88 columns, names of files aside."""
    fit, law, theory = report.fit, report.law, report.theory
    rows = f" ({fit.rows} rows)" if fit.rows != fit.sizes else ""
    sure = f"{100 * law.confidence:g} %"
    plain = [f"alpha = {law.alpha:.4g} +/- {law.standard_error:.2g}, {sure} interval {_span(law.interval)}"]
    plain += _wrapped(
        f"L = k x^-alpha by least squares of log loss on log size, Student's t with {fit.sizes - 2} degrees of "
        f"freedom; log k = {law.log_coefficient:.4g}, scatter of log loss {law.residual:.2g}."
    )
    if report.bootstrap is not None:
        boot = report.bootstrap
        plain += _wrapped(
            f"Bootstrap over the losses of each size ({boot.resamples} times): +/- {boot.standard_error:.2g}, "
            f"{sure} interval {_span(boot.interval)}."
        )
    local = [f"  {part.low:>12.6g} to {part.high:<12.6g} {part.alpha:.4g}" for part in fit.local]
    with_it, above = report.irreducible, []
    if with_it is not None and with_it.state in REJECTED:
        above.append(
            f"alpha = {with_it.alpha:.4g} +/- {with_it.standard_error:.2g}, {sure} interval {_span(with_it.interval)}, "
            f"L_inf = {with_it.loss:.4g}"
        )
        above += _wrapped(_sentence(which(True, with_it.state)))
    above += _wrapped(report.comparison)
    lines = [f"{report.file}: {fit.sizes} sizes{rows}", ""]
    if report.rejected:
        lines += [*above, "", f"{_capital(TITLES[0])}: rejected", *plain, "", "Local exponents", *local]
    else:
        lines += [*plain, "", "Local exponents", *local, "", "Irreducible loss", *above]
    settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in theory.settings)
    lines += ["", f"Implied dimension: alpha = {theory.text} [{theory.status}] for {settings}"]
    for reading in report.readings:
        title = "rejected fit" if reading.rejected else reading.title
        lines.append(f"  {_dimension_line(reading.implied)} ({title})")
    verdicts = [reading for reading in report.readings if reading.verdict is not None]
    if verdicts:
        lines += ["", f"Against the measured d = {report.dimension:g}"]
        for reading in verdicts:
            lines += _wrapped(f"{_capital(reading.title)}: {reading.verdict}")
    return "\n".join(lines)


def fit_json(report: FitReport) -> str:
    """JSON with the keys file, rows, sizes, confidence, power_law, local, irreducible, comparison, theory, readings."""
    fit, law, offset, boot = report.fit, report.law, report.irreducible, report.bootstrap
    document = {
        "file": report.file,
        "rows": fit.rows,
        "sizes": fit.sizes,
        "confidence": law.confidence,
        "power_law": {
            "alpha": law.alpha,
            "standard_error": law.standard_error,
            "interval": law.interval,
            "log_coefficient": law.log_coefficient,
            "residual": law.residual,
        },
        "bootstrap": boot
        and {"standard_error": boot.standard_error, "interval": boot.interval, "resamples": boot.resamples},
        "local": [{"low": part.low, "high": part.high, "alpha": part.alpha} for part in fit.local],
        "irreducible": offset
        and {
            "state": offset.state,
            "loss": offset.loss,
            "loss_interval": offset.loss_interval,
            "alpha": offset.alpha,
            "standard_error": offset.standard_error,
            "interval": offset.interval,
            "log_coefficient": offset.log_coefficient,
            "residual": offset.residual,
            "residual_without": offset.residual_without,
        },
        "comparison": report.comparison,
        "theory": {"exponent": report.theory.text, "status": report.theory.status, **dict(report.theory.settings)},
        "dimension": report.dimension,
        "readings": [
            {
                "fit": reading.title,
                "rejected": reading.rejected,
                "implied_dimension": reading.implied
                and {
                    "dimension": reading.implied.dimension,
                    "standard_error": reading.implied.standard_error,
                    "interval": [_finite(end) for end in reading.implied.interval],
                },
                "verdict": reading.verdict,
            }
            for reading in report.readings
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def dimension_text(file: str, estimate: Estimate, rows: int) -> str:
    """Plain text of at most 88 columns, names of files aside; `rows`: how many points the file holds."""
    method = "TwoNN" if estimate.method == "twonn" else f"maximum likelihood, {estimate.neighbours} neighbours"
    lines = [
        f"{file}: {rows} points",
        f"d = {estimate.dimension:.4g} +/- {estimate.standard_error:.2g} ({method}, {estimate.points} points)",
    ]
    for note in estimate.notes:
        lines += _wrapped(note)
    return "\n".join(lines)


def dimension_json(file: str, estimate: Estimate, rows: int) -> str:
    """JSON with the keys file, rows, method, neighbours, points, copies, dimension, standard_error, notes."""
    document = {
        "file": file,
        "rows": rows,
        "method": estimate.method,
        "neighbours": estimate.neighbours,
        "points": estimate.points,
        "copies": estimate.copies,
        "dimension": estimate.dimension,
        "standard_error": estimate.standard_error,
        "notes": estimate.notes,
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def _capital(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def _sentence(words: str) -> str:
    return f"{_capital(words)}."


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, _WIDTH)


def _span(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.4g} to {interval[1]:.4g}"


def _dimension_line(found: ImpliedDimension | None) -> str:
    if found is None:
        return "none: the loss does not fall with size"
    low, high = found.interval
    upper = f"to {high:.4g}" if math.isfinite(high) else "upwards, without a bound"
    return f"d = {found.dimension:.4g} +/- {two_digits(found.standard_error)}, interval {low:.4g} {upper}"


def _settled(value: float) -> float:
    """The value, or 0 and never -0 where it is no larger than rounding."""
    return 0.0 if abs(value) < implied.EXACT else value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
