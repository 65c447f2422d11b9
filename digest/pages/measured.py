"""What pages show of a run's record: figures, measured numbers beside predictions, and the small version of a run."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import get_args

from markupsafe import Markup

from calculators.runs.record import Machine, RecordedMetric
from calculators.runs.run import Figure, Line, Scale, Series, Verdict
from digest import addresses, figures
from digest.pages import numbers
from digest.pages.models import Anchor, Beside, FigureView, MetricRow, PointRow, Tally
from digest.pages.site import Site
from digest.records import Recorded, RecordedRun

_SHOWN = 6  # numbers in the small version of a run
_GIBIBYTE = 1024**3
_EXPONENT = "alpha"  # how the symbols of exponents begin
_NOT_CONVERGED: Verdict = "not converged"


def made(machine: Machine) -> str:
    """On what a record was made, in words. A processor is never called a GPU."""
    memory = f", {machine.memory / _GIBIBYTE:.0f} GiB" if machine.memory else ""
    if machine.kind == "gpu":
        return f"{machine.count} × {machine.device}{memory}" if machine.count > 1 else f"{machine.device}{memory}"
    return f"{machine.count} processor core{'' if machine.count == 1 else 's'}, {machine.device}{memory}"


def rows(site: Site, here: str, recorded: Recorded) -> tuple[MetricRow, ...]:
    """The measured numbers of a record, beside what is predicted."""
    return tuple(site.metric(here, recorded, metric) for metric in recorded.metrics.values())


def tallies(metrics: Iterable[RecordedMetric]) -> tuple[Tally, ...]:
    """How many numbers have each verdict that occurs, in the order of the verdicts."""
    found = Counter(metric.verdict for metric in metrics)
    return tuple(Tally(verdict, found[verdict]) for verdict in get_args(Verdict) if found[verdict])


def figure(site: Site, here: str, recorded: Recorded, drawn: Figure) -> FigureView:
    """A figure of a record, as the page at `here` shows it."""
    file = addresses.address("run", recorded.run.id) + figure_file(recorded, drawn)
    return view(site, drawn, name(recorded, drawn), addresses.relative(here, file))


def view(site: Site, drawn: Figure, name: str, file: str) -> FigureView:
    """A figure as a page shows it.

    Args:
        site: has the drawings.
        drawn: what to draw.
        name: of the figure among all of the site.
        file: the address of the drawing as a file, from the page.
    """
    drawing = site.drawings.of(drawn, name)
    return FigureView(
        drawn.id,
        drawn.title,
        drawn.alt,
        drawn.x_title,
        drawn.y_title,
        Markup(drawing.wide),
        Markup(drawing.narrow),
        drawn.hollow,
        tuple(figures.left_out(drawn.series)),
        tuple(_points(drawn)),
        Anchor("SVG", file),
    )


def exponents(runs: Iterable[RecordedRun]) -> Figure | None:
    """Every measured exponent against the derived one, a series for each run; None where no run has any."""
    found: list[Series] = []
    for run in runs:
        metrics = run.lead.metrics.values()
        chosen = [one for one in metrics if one.symbol.startswith(_EXPONENT) and one.prediction is not None]
        chosen = list(_once(chosen))
        if not chosen:
            continue
        y = tuple(one.value for one in chosen)
        low, high = zip(*(one.interval or (one.value, one.value) for one in chosen), strict=True)
        x = tuple(one.prediction.value for one in chosen if one.prediction is not None)
        hollow = tuple(_NOT_CONVERGED if one.verdict == _NOT_CONVERGED else "" for one in chosen)
        found.append(Series(run.run.title, x, y, low, high, hollow))
    if not found:
        return None
    values = [value for series in found for value in (*series.x, *series.y)]
    scale: Scale = "log" if min(values) > 0 else "linear"
    ends = (min(values), max(values))
    return Figure(
        "exponents",
        "Every exponent, derived and measured",
        "Derived exponent",
        "Measured exponent",
        scale,
        scale,
        tuple(found),
        (Line("measured = derived", ends, ends, None),),
        "Each point is an exponent that a run measured, with its 95 % interval, above the one that a calculator "
        "derives for the same setting. On the line the two are equal. Some derived exponents are lower bounds, and a "
        "point above the line does not contradict those; a measurement that is judged against several derivations is "
        "drawn once for each, but one "
        "for which the dimension itself was measured in several ways once, at the "
        "middle one. The tables below have every number and every verdict.",
        _NOT_CONVERGED,
    )


def _once(metrics: Iterable[RecordedMetric]) -> Iterator[RecordedMetric]:
    """Each exponent that is held against predictions from measured settings once, at the middle of these predictions.

    A setting with a decimal point was measured.
    """
    groups: dict[object, list[RecordedMetric]] = {}
    for place, one in enumerate(metrics):
        settings = one.prediction.settings.values() if one.prediction else ()
        measured = any("." in value for value in settings)
        groups.setdefault((one.value, one.interval) if measured else place, []).append(one)
    for group in groups.values():
        yield sorted(group, key=lambda one: one.prediction.value if one.prediction else 0.0)[len(group) // 2]


def name(recorded: Recorded, drawn: Figure) -> str:
    """The name of a figure among all of the site."""
    return f"{recorded.run.id}-{recorded.kind}-{drawn.id}"


def figure_file(recorded: Recorded, drawn: Figure) -> str:
    """The name of the file that a figure is offered as."""
    return f"{drawn.id}-{recorded.kind}.svg"


def _points(drawn: Figure) -> Iterator[PointRow]:
    for series in drawn.series:
        for x, y, low, high, why in zip(series.x, series.y, series.low, series.high, series.left_out, strict=True):
            interval = f"{numbers.four_digits(low)} to {numbers.four_digits(high)}" if low < high else ""
            yield PointRow(series.label, numbers.size(x), numbers.four_digits(y), interval, why)


def beside(site: Site, here: str, run: RecordedRun) -> Beside:
    """The small version of a run, for the page at `here`."""
    lead = run.lead
    metrics = rows(site, here, lead)
    return Beside(
        title=run.run.title,
        question=run.run.question,
        answer=lead.worked.answer,
        href=addresses.relative(here, addresses.address("run", run.run.id)),
        kind=lead.kind,
        made=made(lead.record.machine),
        figure=figure(site, here, lead, lead.worked.figures[0]) if lead.worked.figures else None,
        metrics=metrics[:_SHOWN],
        tallies=tallies(lead.metrics.values()),
        more=max(0, len(metrics) - _SHOWN),
    )
