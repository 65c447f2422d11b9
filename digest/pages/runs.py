"""The pages of the runs: each with its figures, numbers and record, all in an overview, and the files they offer."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from calculators import CATALOG
from calculators.runs import crate
from calculators.runs.estimates import RULE
from calculators.runs.record import Record
from calculators.runs.run import Configuration, Run
from calculators.runs.running import record_name
from digest import addresses, figures
from digest.corpus import Corpus
from digest.pages import measured, numbers
from digest.pages.models import Anchor, Fact, FileLine, Kept, Page, RecordView, RunLine, RunPage, RunsPage
from digest.pages.site import Site
from digest.records import Recorded, RecordedRun

NAMES: Final[Mapping[str, str]] = {"cpu": "CPU record", "gpu": "GPU record"}
_MINE: Final = "my-records"  # where the commands of a page write to
_OVERVIEW: Final = "exponents"  # the figure of the overview, and its file
_MANY: Final = 60.0  # seconds, from which on minutes are told


def pages(site: Site) -> Iterator[Page]:
    """A page for each run that has a record, then the overview."""
    for run in site.corpus.runs.values():
        yield _page(site, run)
    yield _index(site)


def files(corpus: Corpus, drawings: figures.Drawings, homepage: str | None = None) -> Iterator[Kept]:
    """What the pages offer: the records, their data, their figures, and all of it together.

    Args:
        corpus: the content.
        drawings: what draws the figures.
        homepage: the address of the project, if it is known.
    """
    for run in corpus.runs.values():
        folder = addresses.address("run", run.run.id)
        for recorded in run.records:
            for name, content in recorded.files.items():
                yield Kept(f"{folder}{name}", content)
            yield Kept(f"{folder}{_crate_file(recorded)}", _crate(recorded, homepage))
            for figure in recorded.worked.figures:
                svg = figures.alone(drawings.of(figure, measured.name(recorded, figure)).wide)
                yield Kept(f"{folder}{measured.figure_file(recorded, figure)}", svg.encode())
    if overview := measured.exponents(corpus.runs.values()):
        svg = figures.alone(drawings.of(overview, _OVERVIEW).wide)
        yield Kept(f"{addresses.FOLDERS['run']}{_OVERVIEW}.svg", svg.encode())


def _page(site: Site, run: RecordedRun) -> RunPage:
    url = addresses.address("run", run.run.id)
    views = [_record(site, url, recorded) for recorded in run.records]
    calculators = (calculator for calculator in CATALOG.values() if calculator.id in run.run.tests)
    return RunPage(
        url=url,
        title=run.run.title,
        description=run.lead.worked.answer,
        source=run.lead.file,
        crumbs=(Anchor("Runs", addresses.relative(url, addresses.FOLDERS["run"])),),
        id=run.run.id,
        question=run.run.question,
        method=run.run.method,
        rule=RULE,
        lead=views[0],
        others=tuple(views[1:]),
        missing=_missing(run),
        calculators=tuple(site.anchor(url, "calculator", calculator.id) for calculator in calculators),
        items=tuple(site.anchor(url, "item", item) for item in site.items_of_run(run.run)),
        commands=tuple(_commands(run.run)),
        expect=tuple((name, preset.expect) for name, preset in run.run.presets.items() if name != "replay"),
    )


def _missing(run: RecordedRun) -> str:
    """Which record there is not, in words."""
    kinds = {recorded.kind for recorded in run.records}
    if "gpu" not in run.run.presets:
        return "This run computes on a processor only; there is no GPU version of it."
    if "gpu" not in kinds:
        return "There is no GPU record yet: all that follows was measured on a processor, at the smaller size."
    if "cpu" not in kinds:
        return "There is no CPU record yet: the smaller size, which runs on any machine, has not been recorded."
    return ""


def _commands(run: Run) -> Iterator[str]:
    requirement = "'.[runs]'"  # jax, and for all runs the bar that shows what is left
    yield f"python -m pip install --editable {requirement}"
    yield f"python -m calculators.runs run {run.id} --preset cpu --out {_MINE}"
    yield f"python -m calculators.runs verify {run.id} --out {_MINE}"


def _record(site: Site, here: str, recorded: Recorded) -> RecordView:
    record = recorded.described
    return RecordView(
        kind=recorded.kind,
        made=measured.made(record.machine),
        answer=recorded.worked.answer,
        figures=tuple(measured.figure(site, here, recorded, figure) for figure in recorded.worked.figures),
        metrics=measured.rows(site, here, recorded),
        tallies=measured.tallies(record.metrics),
        downloads=(
            Anchor(record_name(record.preset), record_name(record.preset), "this record"),
            Anchor(_crate_file(recorded), _crate_file(recorded), "all of it, as a Process Run Crate (RO-Crate)"),
        ),
        facts=tuple(_facts(site, record)),
        configuration=tuple(_configuration(record.configuration)),
        files=tuple(FileLine(file.name, file.name, f"{file.rows:,} rows", file.sha256) for file in record.files),
        unchanged=recorded.worked.unchanged,
        replayed=recorded.replayed,
        tolerance=f"{100 * record.replay.tolerance:g} %",
        limits=record.limits,
        sheets=recorded.worked.sheets,
    )


def _facts(site: Site, record: Record) -> Iterator[Fact]:
    """The record's lines; what is not known has none."""
    machine, code = record.machine, record.code
    yield Fact("Measured", f"{_when(record.started, record.ended)}, {_seconds(record.seconds)} of measuring")
    yield Fact("On", measured.made(machine))
    versions = [
        f"{name} {version}"
        for name, version in (
            ("driver", machine.driver),
            ("CUDA", machine.cuda),
            ("jax", machine.jax),
            ("numpy", machine.numpy),
            ("Python", machine.python),
        )
        if version
    ]
    yield Fact("With", ", ".join([*versions, machine.system]))
    yield Fact("Precision", machine.precision)
    yield Fact("Seeds", f"{numbers.listed(record.seeds)}, {len(record.seeds)} in all")
    yield Fact("Module", record.module, code=True)
    if code.commit:
        href = f"{site.commits}{code.commit}" if site.commits else ""
        changed = {True: ", with changes that were not committed", False: "", None: ""}[code.dirty]
        yield Fact("Commit", code.commit[:12] + changed, href)
    yield Fact("Code, sha256", code.sha256, code=True)


def _configuration(configuration: Configuration) -> Iterator[Fact]:
    for name, value in configuration.items():
        values = value if isinstance(value, tuple) else (value,)
        yield Fact(name.replace("_", " "), ", ".join(f"{one:,}" if type(one) is int else str(one) for one in values))


def _when(started: str, ended: str) -> str:
    first, last = datetime.fromisoformat(started), datetime.fromisoformat(ended)
    day = f"{first.day} {first:%B %Y}, {first:%H:%M}"
    if first.date() == last.date():
        return f"{day} to {last:%H:%M} UTC" if f"{first:%H:%M}" != f"{last:%H:%M}" else f"{day} UTC"
    return f"{day}, to {last.day} {last:%B %Y}, {last:%H:%M} UTC"


def _seconds(seconds: float) -> str:
    if seconds < _MANY:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min {seconds % 60:.0f} s"


def _index(site: Site) -> RunsPage:
    url = addresses.FOLDERS["run"]
    lines = [
        RunLine(
            id=run.run.id,
            title=run.run.title,
            href=addresses.relative(url, addresses.address("run", run.run.id)),
            question=run.run.question,
            answer=run.lead.worked.answer,
            kind=run.lead.kind,
            made=measured.made(run.lead.record.machine),
            missing="" if "gpu" not in run.run.presets or run.lead.kind == "gpu" else "no GPU record yet",
            metrics=measured.rows(site, url, run.lead),
            tallies=measured.tallies(run.lead.metrics.values()),
        )
        for run in site.corpus.runs.values()
    ]
    overview = measured.exponents(site.corpus.runs.values())
    waiting = [run for run in site.corpus.declared if run.id not in site.corpus.runs]
    return RunsPage(
        url=url,
        title="Runs",
        description="What the theory predicts beside what we measured: every prediction, every measurement, all data.",
        rule=RULE,
        figure=measured.view(site, overview, _OVERVIEW, f"{_OVERVIEW}.svg") if overview else None,
        runs=tuple(lines),
        waiting=tuple((run.title, run.question) for run in waiting),
    )


def _crate_file(recorded: Recorded) -> str:
    return f"{recorded.run.id}-{recorded.kind}-crate.zip"


def _crate(recorded: Recorded, homepage: str | None) -> bytes:
    """The record and its data with their description as a Process Run Crate: the same bytes for the same record."""
    name = next(iter(recorded.files))
    sizes = {file: len(content) for file, content in recorded.files.items()}
    described = crate.metadata(recorded.described, name, sizes, homepage=homepage).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for file, content in {crate.METADATA: described, **recorded.files}.items():
            packed.writestr(zipfile.ZipInfo(file), content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()
