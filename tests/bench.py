"""Time, memory and bytes of a build, beside plain Material building the same pages, and how long calculators take to
answer (`tests.answers`): `python -m tests.bench`.

Two sites are built, the real one and one of made-up items (`tests.made_up`), each twice over: from YAML, as `make site`
does it, and by Material alone from the Markdown that `python -m digest render` wrote, with the same settings, theme and
navigation. Both take turns in one run, so that their ratio means something on a machine that does other things too.
"""

import argparse
import gzip
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

import yaml

from tests import answers

ROOT = Path(__file__).parents[1]
WANTED_RATIO = 1.3
WANTED_SCRIPTS = 30 * 1024  # [bytes], gzipped
PACKAGES = ("mkdocs", "mkdocs-material", "sympy", "pydantic", "markdown-it-py")
# What a page with a calculator loads before the calculator answers; the largest calculator stands for all.
SCRIPTS = ("assets/page.js", "assets/widget.js", "assets/pieces.js", "assets/numbers.js", "assets/fraction.js")


@dataclass(frozen=True)
class Run:
    """One process: seconds on the clock, seconds of processor time, memory of its largest process [bytes]."""

    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True)
class Weight:
    """Bytes of a site's pages: the median page and the largest, and the same two gzipped."""

    pages: int
    median: int
    median_gz: int
    largest: int
    largest_gz: int
    largest_page: str
    search_index: int


@dataclass(frozen=True)
class Figures:
    """Everything measured on one site. Medians, where there are several runs."""

    name: str
    items: int
    yaml_bytes: int
    check: Run
    ours: Run
    plain: Run
    weight: Weight
    stages: Mapping[str, float]

    @property
    def ratio(self) -> float:
        return self.ours.wall / self.plain.wall

    @property
    def cpu_ratio(self) -> float:
        return self.ours.cpu / self.plain.cpu


class CommandError(Exception):
    """A command that is timed failed; the message has the end of what it printed."""


def run(*command: str | Path) -> Run:
    """What a command took, run in the project's folder by this Python.

    Raises:
        CommandError: its exit status is not 0.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        )
        # Not process.wait(): only wait4 tells what this process and its children used.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            tail = output.read().decode(errors="replace")[-3000:]
            raise CommandError(f"{' '.join(map(str, command))}\n{tail}")
    kilobyte = 1 if sys.platform == "darwin" else 1024
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * kilobyte)


def median(runs: Sequence[Run]) -> Run:
    return Run(
        statistics.median(run.wall for run in runs),
        statistics.median(run.cpu for run in runs),
        round(statistics.median(run.peak for run in runs)),
    )


class Site:
    """One content directory, and the two ways to build it."""

    def __init__(self, name: str, content: Path, folder: Path) -> None:
        self.name = name
        self.content = content
        self.folder = folder
        folder.mkdir()
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        say(f"{name}: render")
        self.stages = self._render(folder / "rendered")
        self.ours = self._settings("ours", {"docs_dir": str(content)})
        plain = {
            "docs_dir": str(folder / "rendered"),
            "plugins": ["search"],
            "theme": {"custom_dir": str(ROOT / "digest" / "theme")},
            "extra": {"digest": {"contributing": "contributing/"}},
            "edit_uri": "",
        }
        self.plain = self._settings("plain", plain)

    def _render(self, directory: Path) -> dict[str, float]:
        """Seconds of each stage of our part, from the process that writes the pages for plain Material."""
        command = [sys.executable, "-m", "tests.bench", "--render", str(directory), "--content", str(self.content)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise CommandError(done.stderr[-3000:])
        seconds: dict[str, float] = json.loads(done.stdout)
        return seconds

    def _settings(self, name: str, changes: Mapping[str, object]) -> Path:
        path = self.folder / f"{name}.yml"
        common = {"INHERIT": str(ROOT / "mkdocs.yml"), "site_dir": str(self.folder / name), "watch": []}
        path.write_text(yaml.safe_dump({**common, **changes}))
        return path

    def build(self, settings: Path) -> Run:
        return run("-m", "mkdocs", "build", "--strict", "--config-file", settings)

    def measure(self, repeat: int) -> Figures:
        """All figures; the builds alternate, `repeat` of each."""
        say(f"{self.name}: check")
        check = median([run("-m", "digest", "check", "--content", self.content) for _ in range(repeat)])
        ours, plain = [], []
        for turn in range(repeat):
            say(f"{self.name}: build {turn + 1} of {repeat} from YAML")
            ours.append(self.build(self.ours))
            say(f"{self.name}: build {turn + 1} of {repeat} by plain Material")
            plain.append(self.build(self.plain))
        sources = [path for path in self.content.glob("issues/*/*.yml") if path.name != "issue.yml"]
        size = sum(path.stat().st_size for path in sources)
        weight = weigh(self.folder / "ours")
        return Figures(self.name, len(sources), size, check, median(ours), median(plain), weight, self.stages)


def weigh(site: Path) -> Weight:
    """Bytes of the pages of a built site."""
    pages = sorted(site.rglob("index.html"), key=lambda page: page.stat().st_size)
    middle, largest = pages[len(pages) // 2], pages[-1]
    return Weight(
        len(pages),
        middle.stat().st_size,
        gzipped(middle),
        largest.stat().st_size,
        gzipped(largest),
        largest.parent.relative_to(site).as_posix(),
        (site / "search" / "search_index.json").stat().st_size,
    )


def gzipped(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), mtime=0))


def scripts(site: Path) -> dict[str, int]:
    """Gzipped bytes of what a page with a calculator loads."""
    calculator = max((site / "assets" / "calculators").glob("*.js"), key=gzipped)
    return {name: gzipped(site / name) for name in (*SCRIPTS, calculator.relative_to(site).as_posix())}


def render(content: Path, directory: Path) -> dict[str, float]:
    """Seconds of each stage of `python -m digest render`, run in this process."""
    start = time.perf_counter()
    from digest import __main__, assets, corpus, pages
    from digest import render as rendering

    seconds = {"import": time.perf_counter() - start}
    for module, name in (
        (corpus, "load"),
        (corpus, "typeset"),
        (pages, "pages"),
        (rendering, "render"),
        (assets, "collect"),
    ):
        _time(module, name, seconds)
    if __main__.main(["render", str(directory), "--content", str(content)]):
        sys.exit(1)
    seconds["load"] -= seconds["typeset"]  # it runs inside
    # Material's search stops with an error where an excluded element holds another of its name; see digest.opaque.
    for page in directory.rglob("*.md"):
        page.write_text(page.read_text().replace(" data-search-exclude", ""))
    return seconds


def _time(module: ModuleType, name: str, seconds: dict[str, float]) -> None:
    """Let a function of a module add what it takes to `seconds`."""
    function = getattr(module, name)
    seconds[name] = 0.0

    def timed(*arguments: object, **named: object) -> object:
        start = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            seconds[name] += time.perf_counter() - start

    setattr(module, name, timed)


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def machine() -> str:
    system = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return ", ".join([system, *(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)])


def table(figures: Sequence[Figures]) -> str:
    """The figures side by side, each row with its unit."""
    rows: list[tuple[str, list[str]]] = [
        ("", [one.name for one in figures]),
        ("items", [f"{one.items:,}" for one in figures]),
        ("pages", [f"{one.weight.pages:,}" for one in figures]),
        ("YAML, mean item [kB]", [f"{one.yaml_bytes / one.items / 1e3:.1f}" for one in figures]),
        ("check [s]", [f"{one.check.wall:.2f}" for one in figures]),
        ("build from YAML [s]", [f"{one.ours.wall:.2f}" for one in figures]),
        ("build by plain Material [s]", [f"{one.plain.wall:.2f}" for one in figures]),
        (f"ratio (aim for the second: {WANTED_RATIO})", [f"{one.ratio:.2f}" for one in figures]),
        ("ratio of processor time", [f"{one.cpu_ratio:.2f}" for one in figures]),
        ("peak memory, from YAML [MB]", [f"{one.ours.peak / 1e6:.0f}" for one in figures]),
        ("peak memory, plain [MB]", [f"{one.plain.peak / 1e6:.0f}" for one in figures]),
        ("median page [kB]", [f"{one.weight.median / 1e3:.1f}" for one in figures]),
        ("median page, gzipped [kB]", [f"{one.weight.median_gz / 1e3:.1f}" for one in figures]),
        ("largest page [kB]", [f"{one.weight.largest / 1e3:.1f}" for one in figures]),
        ("largest page, gzipped [kB]", [f"{one.weight.largest_gz / 1e3:.1f}" for one in figures]),
        ("largest page", [one.weight.largest_page for one in figures]),
        ("search index [kB]", [f"{one.weight.search_index / 1e3:.0f}" for one in figures]),
        *(
            (f"stage {stage} [s]", [f"{one.stages[stage]:.2f}" for one in figures])
            for stage in ("import", "load", "typeset", "pages", "render", "collect")
        ),
    ]
    left = max(len(name) for name, _ in rows)
    width = max(len(cell) for _, cells in rows for cell in cells)
    return "\n".join(f"{name:{left}}  " + "  ".join(f"{cell:>{width}}" for cell in cells) for name, cells in rows)


def bench(items: int, repeat: int, changes: int) -> tuple[list[Figures], dict[str, int], list[answers.Times]]:
    """The figures of the real and of the made-up site, the weight of the scripts, and the times of the real site's
    calculators. Leaves nothing behind.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        say(f"making up {items:,} items")
        # In a process of its own: what this one holds would count in the memory of those that it starts.
        run("-m", "tests.made_up", folder / "content", "--items", str(items))
        real = Site("real site", ROOT / "content", folder / "real")
        say("warming up")
        real.build(real.ours)
        figures = [real.measure(max(2, repeat))]
        loaded = scripts(folder / "real" / "ours")
        say("answers of the calculators")
        times = answers.measure_site(folder / "real" / "ours", changes=changes)
        shutil.rmtree(folder / "real")
        made = Site(f"{items:,} made-up items", folder / "content", folder / "made")
        figures.append(made.measure(repeat))
    return figures, loaded, times


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Time, memory and bytes of a build.")
    parser.add_argument("--items", type=int, default=2000, metavar="N", help="made-up items; default: 2000")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="builds of the made-up site; default: 1")
    parser.add_argument("--changes", type=int, default=answers.CHANGES, metavar="N", help="of each calculator's page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    parser.add_argument("--render", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    parser.add_argument("--content", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.render:
        print(json.dumps(render(options.content, options.render)))
        return
    command = f"python -m tests.bench --items {options.items} --repeat {options.repeat} --changes {options.changes}"
    try:
        figures, loaded, times = bench(options.items, options.repeat, options.changes)
    except CommandError as error:
        sys.exit(f"bench: {error}")
    total = sum(loaded.values())
    print(f"{command}\n{machine()}\n\n{table(figures)}\n")
    print(f"scripts of a page with a calculator, gzipped [bytes] (aim: {WANTED_SCRIPTS:,}): {total:,}")
    print("\n".join(f"  {size:>6,}  {name}" for name, size in loaded.items()))
    print(f"\n{answers.table(times)}")
    if options.json:
        named = [{**asdict(one), "ratio": one.ratio, "cpu_ratio": one.cpu_ratio} for one in figures]
        written = {
            "command": command,
            "machine": machine(),
            "sites": named,
            "scripts": loaded,
            "answers": answers.as_data(times),
        }
        options.json.write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    main()
