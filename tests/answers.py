"""How long a calculator's page takes to answer, in Chromium: `python -m tests.answers`.

An answer is there when the page's next frame is: a change is made at the start of a frame, as a browser hands over an
input, and the time runs until that frame's styles, layout and drawing are done and the page can do something else.
The last column is the processor's time for all that, without what other programs took meanwhile. Beside it stand two
measures of the machine from the same run, since machines are busy: a fixed computation, and the frame of a page with
nothing but a number.
"""

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from calculators import CATALOG
from tests.chromium import chromium, served

FRAME = 16.0  # [ms]
CHANGES = 240
_VIEW = {"width": 1280, "height": 800}

# Changes in turn, each in a frame of its own. Milliseconds: until the handlers are done; until the frame is.
_TIMED = """
async ([selector, changes]) => {
  const section = document.querySelector(selector);
  const sliders = [...section.querySelectorAll("input[type=range]")];
  const controls = [...sliders, ...section.querySelectorAll("select")];
  let seed = 2102;
  const draw = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const change = (control) => {
    if (control.matches("select")) {
      control.selectedIndex = (control.selectedIndex + 1 + Math.floor(draw() * (control.length - 1))) % control.length;
      control.dispatchEvent(new Event("change", { bubbles: true }));
    } else {
      const [low, high, step] = ["min", "max", "step"].map((name) => Number(control[name]));
      control.value = low + step * Math.floor((draw() * (high - low)) / step);
      control.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  const frame = (control) => new Promise((resolve) => requestAnimationFrame(() => {
    const start = performance.now();
    change(control);
    const handled = performance.now() - start;
    const after = new MessageChannel();
    after.port1.onmessage = () => {
      after.port1.close();
      resolve([handled, performance.now() - start]);
    };
    after.port2.postMessage(null);
  }));
  const times = [];
  for (let index = 0; index < changes + 10; index += 1) {
    const there = controls.filter((control) => control.closest("[hidden]") === null);
    const time = await frame(there[index % there.length]);
    if (index >= 10) times.push(time); // the first ones are compiled on the way
  }
  return times;
}
"""
_EMPTY = """<!doctype html><title>Empty</title>
<section><input type="range" min="0" max="100" step="1"><output>0</output></section><script>
const output = document.querySelector("output");
document.querySelector("input").oninput = (event) => { output.textContent = event.target.value; };
</script>"""
_PLAIN = """
() => {
  const times = [];
  for (let turn = 0; turn < 40; turn += 1) {
    const start = performance.now();
    let sum = 0;
    for (let k = 1; k <= 1000000; k += 1) sum += 1 / (k * k);
    if (sum > 2) throw new Error(sum); // the sum is used, so that it is made
    const took = performance.now() - start;
    times.push([took, took]);
  }
  return times;
}
"""


@dataclass(frozen=True)
class Times:
    """Of many changes [ms]: median until the handlers were done; median and 95th percentile until the frame was; mean
    processor time of the page's main thread.
    """

    name: str
    changes: int
    handled: float
    median: float
    high: float
    busy: float


def _times(page: Page, name: str, script: str, argument: object = None) -> Times:
    """What `script` measures, and how busy it kept the page's main thread."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
        return 1e3 * float(metrics["TaskDuration"])

    before = busy()
    rows: list[list[float]] = page.evaluate(script, argument)
    thread = (busy() - before) / len(rows)
    session.detach()
    whole = [row[1] for row in rows]
    handled, median = (statistics.median(row[place] for row in rows) for place in (0, 1))
    return Times(name, len(rows), handled, median, statistics.quantiles(whole, n=20)[-1], thread)


def answers(page: Page, address: str, calculator: str, changes: int) -> Times:
    """How long the calculator takes on its own page."""
    page.goto(f"{address}calculators/{calculator}/", wait_until="networkidle")
    selector = f'section[data-calculator="{calculator}"]'
    page.locator(f"{selector}[data-ready]").first.wait_for()
    return _times(page, calculator, _TIMED, [selector, changes])


def reference(page: Page, changes: int) -> tuple[Times, Times]:
    """What this machine takes for a million fixed divisions, and for the frame of a page with one number."""
    page.goto("about:blank")
    plain = _times(page, "reference: a million divisions", _PLAIN)
    page.set_content(_EMPTY)
    return plain, _times(page, "reference: a page with a number", _TIMED, ["section", changes])


def measure(browser: Browser, address: str, calculators: Sequence[str], changes: int = CHANGES) -> list[Times]:
    """The references, every calculator, and the references again."""
    context = browser.new_context(viewport=_VIEW)
    page = context.new_page()
    found = [*reference(page, changes)]
    found += [answers(page, address, calculator, changes) for calculator in calculators]
    found += reference(page, changes)
    context.close()
    return found


def measure_site(site: Path, calculators: Sequence[str] = tuple(CATALOG), changes: int = CHANGES) -> list[Times]:
    """`measure` of a built site."""
    with served(site) as address, chromium() as browser:
        return measure(browser, address, calculators, changes)


def table(found: Sequence[Times]) -> str:
    """A line for each, with what takes longer than a frame marked."""
    width = max(len(times.name) for times in found)
    lines = [f"{'from an input to the answer [ms]':{width}}  handler  median    95 %  processor  changes"]
    for times in found:
        late = f"  median above {FRAME:.0f}" if times.median > FRAME else ""
        numbers = f"{times.handled:7.1f} {times.median:7.1f} {times.high:7.1f} {times.busy:10.1f}"
        lines.append(f"{times.name:{width}}  {numbers}  {times.changes:7}{late}")
    return "\n".join(lines)


def as_data(found: Sequence[Times]) -> list[dict[str, object]]:
    """The same for a JSON file."""
    return [asdict(times) for times in found]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.answers", description="Time from an input to the answer.")
    parser.add_argument("calculators", nargs="*", metavar="ID", help="calculators; default: all")
    parser.add_argument("--changes", type=int, default=CHANGES, metavar="N", help=f"of each; default: {CHANGES}")
    parser.add_argument("--site", type=Path, metavar="DIR", help="a built site; default: build one")
    options = parser.parse_args()
    wanted = options.calculators or list(CATALOG)
    if options.site:
        found = measure_site(options.site, wanted, options.changes)
    else:
        from tests.site.conftest import build

        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            build(Path(name)).check_returncode()
            found = measure_site(Path(name), wanted, options.changes)
    print(table(found))


if __name__ == "__main__":
    main()
