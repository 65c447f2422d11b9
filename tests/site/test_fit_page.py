"""The calculator that fits a reader's own table, in Chromium: paste, drop, bad files, a million rows, nothing sent."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from calculators import exponent_fit, findings, fitting
from calculators.__main__ import main
from tests.calculators.test_tables import ALIKE, BAD, GOOD
from tests.site.browsing import DESK, PHONE, Scheme, opened, violations

pytestmark = pytest.mark.browser

PATH = "calculators/exponent-fit/"
SECTION = 'section[data-calculator="exponent-fit"]'
BUDGET = 30 * 1024
DROP = """([section, name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name));
  const box = document.querySelector(section + " [data-fit-drop]");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    box.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture
def section(page: Page, address: str) -> Locator:
    return started(page, address + PATH)


def started(page: Page, url: str) -> Locator:
    page.goto(url)
    found = page.locator(SECTION).first
    expect(found).to_have_attribute("data-ready", "")
    return found


def result(section: Locator) -> str:
    return section.locator("output[data-result]").inner_text()


def example_alpha() -> float:
    """The exponent of the fit that the example does not reject."""
    found = fitting.fit(*exponent_fit.example_points()).irreducible
    assert found is not None and found.state == "identified"
    return found.alpha


def message(section: Locator) -> Locator:
    return section.locator("[data-fit-message]")


def drop(section: Locator, name: str, content: bytes) -> None:
    section.page.evaluate(DROP, [SECTION, name, list(content)])


def shell_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["fit", *arguments, "--format=json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def equal(shown: object, stated: object) -> bool:
    """Whether two documents are the same, numbers to 1e-9 of their size."""
    if isinstance(stated, dict):
        return (
            isinstance(shown, dict)
            and list(shown) == list(stated)
            and all(equal(shown[key], stated[key]) for key in stated)
        )
    if isinstance(stated, list):
        return isinstance(shown, list) and len(shown) == len(stated) and all(map(equal, shown, stated))
    return shown == (pytest.approx(stated, rel=1e-9) if isinstance(stated, float) else stated)


def test_it_begins_with_the_example_and_says_that_it_is_made_up(section: Locator) -> None:
    assert result(section) == f"{example_alpha():.6g}"
    expect(section.locator("[data-fit-made]")).to_contain_text("This table is made up")
    verdicts = section.locator("[data-fit-verdicts] p")
    expect(verdicts.first).to_contain_text("its interval reaches the bound, so it is still consistent with α ≥ 4/d")
    expect(verdicts.last).to_contain_text("A floor shows: no irreducible loss at all is rejected")
    expect(section.locator("[data-fit-verdicts]")).not_to_contain_text("not consistent")
    expect(section.locator('[name="floor"]')).to_have_value("fitted")
    expect(section.locator("[data-fit-which]")).to_have_text(findings.which(True, "identified"))
    expect(section.locator("[data-fit-points] circle")).to_have_count(10)
    label = section.locator("svg[data-fit-plot]").get_attribute("aria-label")
    assert label and label.startswith("Log–log plot of the loss at 10 sizes from 256 to 1.311e+05.")
    assert "levels off at an irreducible loss of 0.09123" in label


def test_what_was_built_is_what_the_script_makes_of_it(browser: Browser, page: Page, address: str) -> None:
    """The results, the sentences and the drawing of the example, from Python and from JavaScript."""
    parts = [
        "[data-fit-cells]",
        "[data-fit-comparison]",
        "[data-fit-verdicts]",
        "[data-fit-local]",
        "[data-fit-points]",
    ]
    parts += [
        "[data-fit-which]",
        "[data-fit-sizes]",
        "[data-fit-line] >> nth=0",
        "[data-fit-line] >> nth=1",
        "[data-fit-ticks]",
        "[data-fit-grid]",
    ]
    section = started(page, address + PATH)
    with opened(browser, script=False) as context:
        still = context.new_page()
        still.goto(address + PATH)
        for part in parts:
            made, built = (
                re.sub(r"\s+", " ", place.locator(part).evaluate("element => element.outerHTML"))
                for place in (section, still.locator(SECTION).first)
            )
            assert made == built, part
        label = still.locator("svg[data-fit-plot]").get_attribute("aria-label")
        assert section.locator("svg[data-fit-plot]").get_attribute("aria-label") == label


def test_a_pasted_table(section: Locator) -> None:
    section.locator("[data-fit-text]").fill(GOOD)
    sizes, losses = np.array([100, 200, 400, 800.0]), np.array([1.5, 1.2, 1, 0.8])
    fit = fitting.fit(sizes, losses)
    assert result(section) == f"{fit.power_law.alpha:.6g}"
    assert section.locator("[data-fit-comparison]").inner_text().replace("α", "alpha") == fit.comparison
    expect(section.locator("[data-fit-made]")).to_be_hidden()
    expect(section.locator("[data-fit-local] tr")).to_have_count(3)
    expect(section.locator("[data-fit-file]")).to_have_text("pasted table")
    section.locator('[name="floor"]').select_option("fitted")
    assert fit.irreducible and result(section) == f"{fit.irreducible.alpha:.6g}"
    expect(section.locator("[data-fit-which]")).to_have_text(findings.which(True, fit.irreducible.state))


def test_the_fit_in_front_is_the_one_that_the_table_does_not_reject(section: Locator) -> None:
    """Until the reader turns the switch; the next table chooses anew."""
    text, floor, which = (section.locator(name) for name in ("[data-fit-text]", '[name="floor"]', "[data-fit-which]"))
    floor.select_option("none")
    expect(which).to_have_text(findings.which(False, "identified"))
    section.locator('[name="dimension"]').fill("9")
    expect(floor).to_have_value("none")
    text.fill(GOOD)
    expect(floor).to_have_value("none")
    expect(which).to_have_text("without an irreducible loss")
    text.fill("1,4\n10,2\n100,1.5\n1000,1.4999\n10000,1.5\n1e5,1.5\n")
    expect(floor).to_have_value("fitted")
    expect(which).to_have_text(findings.which(True, "open"))
    section.page.wait_for_url("**floor=fitted**")
    expect(section.locator("[data-fit-verdicts]")).not_to_contain_text("standard errors")


def test_settings_read_the_exponent_again(section: Locator) -> None:
    verdicts = section.locator("[data-fit-verdicts]")
    section.locator('[name="dimension"]').fill("40")
    expect(verdicts).to_contain_text("α = 0.4565 is consistent with α ≥ 4/d: the bound is 4/d = 0.1 at d = 40.")
    section.locator('[name="degree"]').fill("0")
    expect(verdicts).to_contain_text("the bound is 2/d = 0.05 at d = 40")
    section.locator('[name="dimension"]').fill("")
    expect(verdicts).to_be_empty()
    section.locator('[name="confidence"]').fill("0.5")
    expect(section.locator("[data-fit-percent]")).to_have_text("50")
    section.locator('[name="confidence"]').fill("2")
    expect(section.locator('[name="confidence"]')).to_have_attribute("aria-invalid", "true")
    assert result(section) == ""
    expect(section.locator(".td-fit__found")).to_be_hidden()
    assert "confirm" not in section.inner_text()


def test_a_turned_switch_marks_the_steps_that_change(page: Page, section: Locator) -> None:
    """As in the other calculators; another table marks none."""
    changed = page.locator("[data-step].is-changed:visible")
    expect(changed).to_have_count(0)
    section.locator('[name="floor"]').select_option("none")
    expect(page.locator('[data-step="standard-error"]')).to_have_class(re.compile("is-changed"))
    assert 1 < changed.count() < page.locator("[data-step]:visible").count()
    expect(page.locator('[data-step="law"]')).not_to_have_class(re.compile("is-changed"))
    section.locator("[data-fit-text]").fill(GOOD)
    expect(changed).to_have_count(0)


def test_arrow_keys_move_a_number(section: Locator) -> None:
    for name, key, value in (("dimension", "ArrowUp", "9"), ("degree", "ArrowDown", "0")):
        field = section.locator(f'[name="{name}"]')
        field.press(key)
        expect(field).to_have_value(value)
    expect(section.locator("[data-fit-verdicts]")).to_contain_text("2/d = 0.2222 at d = 9")


def test_the_derivation_holds_the_sums_of_the_table(page: Page, section: Locator) -> None:
    section.locator("[data-fit-text]").fill("1,8\n2,4\n4,2\n8,1\n")
    assert result(section) == "1"
    slots = page.locator('[data-step="exponent"] [data-options]:visible [data-slot]')
    assert slots.last.text_content() == "1"
    section.locator("details summary", has_text="The sums").click()
    assert float(section.locator('[name="sum_xx"]').input_value()) == pytest.approx(5 * np.log(2) ** 2, rel=1e-11)
    assert section.locator('[name="sizes"]').input_value() == "4"


@pytest.mark.parametrize("place", range(len(BAD)))
def test_bad_files_get_one_line_and_no_answer(section: Locator, place: int) -> None:
    content, expected = BAD[place]
    drop(section, "losses.csv", content if isinstance(content, bytes) else content.encode())
    expect(message(section)).to_have_text(expected.format(file="losses.csv"), use_inner_text=True)
    assert result(section) == ""
    drop(section, "losses.csv", GOOD.encode())
    expect(message(section)).to_be_empty()
    assert result(section) != ""


def left(page: Page, section: Locator) -> dict[str, object]:
    """What of a result a reader can still see, or take along."""
    section.locator("[data-fit-download]").click()
    return {
        "numbers": re.findall(r"0[.,]\d+", section.locator(".td-fit__shown").inner_text()),
        "badge": section.locator("[data-status]").is_visible(),
        "plot": section.locator("svg[data-fit-plot]").is_visible(),
        "findings": section.locator(".td-fit__found").is_visible(),
        "sums": [field.input_value() for field in section.locator("input[readonly]").all()],
        "slots": set(page.locator("[data-step] [data-slot]:visible").all_text_contents()),
        "download": section.locator("[data-copied]").inner_text(),
    }


NOTHING_LEFT = {
    "numbers": [],
    "badge": False,
    "plot": False,
    "findings": False,
    "sums": [""] * 6,
    "slots": {"–"},
    "download": "There is no result to download.",
}


def test_a_bad_table_leaves_nothing_of_the_one_before(page: Page, section: Locator) -> None:
    text = section.locator("[data-fit-text]")
    text.fill("size,loss\n1,2\nx,3\n")
    assert left(page, section) == NOTHING_LEFT
    expect(section.locator("[data-fit-none]")).to_have_text("No answer for this table and these settings.")
    expect(message(section)).to_have_text("pasted table:3: a size must be a number such as 1024 or 3.5e-2; got 'x'")
    text.fill(GOOD)
    expect(section.locator("[data-fit-none]")).to_be_hidden()
    expect(section.locator("[data-status]")).to_be_visible()
    assert result(section) != "" and "–" not in page.locator("[data-step] [data-slot]:visible").all_text_contents()


def test_a_bad_setting_leaves_nothing_either_and_is_named(page: Page, section: Locator) -> None:
    text, confidence = section.locator("[data-fit-text]"), section.locator('[name="confidence"]')
    text.fill("bad")
    confidence.fill("2")
    assert left(page, section) == NOTHING_LEFT
    expect(confidence).to_have_accessible_description(re.compile(r"^! Confidence must be "))
    expect(message(section)).to_contain_text("pasted table: a header must name two columns")
    text.fill(GOOD)  # mended while the setting is not: no word on the table remains
    expect(message(section)).to_be_empty()
    expect(section.locator("[data-announce]")).to_contain_text("No answer. Confidence must be ")
    confidence.fill("")
    expect(confidence).to_have_accessible_description("! Confidence needs a number")
    confidence.fill("0.95")
    assert result(section) == f"{fitting.fit(np.array([100, 200, 400, 800.0]), np.array([1.5, 1.2, 1, 0.8])).power_law.alpha:.6g}"


def test_a_setting_that_is_broken_while_a_worker_fits(page: Page, section: Locator) -> None:
    rows = "".join(f"{k},{7.77 / k}\n" for k in range(1, 20_000))
    drop(section, "long.csv", rows.encode())
    expect(section).to_have_attribute("aria-busy", "true")
    section.locator('[name="degree"]').fill("x")
    assert left(page, section) == NOTHING_LEFT
    expect(message(section)).to_be_empty()
    section.locator('[name="degree"]').fill("0")
    expect(section.locator("[data-fit-sizes]")).to_have_text("19999 sizes", timeout=60_000)
    assert result(section) == "1"


def test_losses_that_do_not_fall_hear_so(section: Locator) -> None:
    section.locator("[data-fit-text]").fill("".join(f"{3 * 2**k},0.7\n" for k in range(30)))
    assert result(section) == "0"
    expect(section.locator("[data-fit-comparison]")).to_contain_text("The loss does not fall with size: α is 0.")
    expect(section.locator("[data-fit-verdicts]")).to_be_empty()
    section.locator("[data-fit-text]").fill("1,1\n2,2\n4,4\n8,8\n")
    assert result(section) == "-1"
    expect(section.locator("[data-fit-verdicts]")).to_be_empty()
    expect(section.locator("svg[data-fit-plot]")).to_have_attribute("aria-label", re.compile("The straight line has"))
    shown = section.inner_text()
    assert not re.search(r"[-−]0(?![.\d])|\de[+-]\d", shown), shown


@pytest.mark.parametrize("content", ALIKE)
def test_ways_to_write_the_same(section: Locator, content: str) -> None:
    section.locator("[data-fit-text]").fill(GOOD)
    expected = result(section)
    drop(section, "losses.csv", content.encode())
    expect(section.locator("[data-fit-file]")).to_have_text("losses.csv")
    assert result(section) == expected


def test_a_table_cannot_write_into_the_page(section: Locator) -> None:
    drop(section, "<img src=x onerror=alert(1)>.csv", b"<b>size</b>,<script>alert(1)</script>\n")
    expect(message(section)).to_contain_text("<b>size</b>")
    expect(section.locator("img, script, [data-fit-message] b")).to_have_count(0)


def test_a_million_rows_and_the_page_stays_awake(section: Locator) -> None:
    page = section.page
    page.evaluate(
        """section => {
          const rows = Array.from({ length: 1e6 }, (_, k) => `${k + 1},${0.5 + 5 / Math.sqrt(k + 1)}`);
          const data = new DataTransfer();
          data.items.add(new File([rows.join("\\n")], "curve.csv"));
          window.frames_ = 0;
          const count = () => { window.frames_ += 1; requestAnimationFrame(count); };
          requestAnimationFrame(count);
          document.querySelector(section + " [data-fit-drop]").dispatchEvent(
            new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        SECTION,
    )
    expect(section).to_have_attribute("aria-busy", "true")
    before = page.evaluate("window.frames_")
    page.wait_for_function("before => window.frames_ > before + 5", arg=before)
    expect(section).to_have_attribute("aria-busy", "true")  # awake while the worker fits
    expect(section.locator("[data-fit-sizes]")).to_have_text("1000000 sizes", timeout=120_000)
    expect(section.locator("[data-fit-cells]")).to_contain_text("0.5 ± ")
    assert section.locator("[data-fit-points] circle").count() <= 400


def test_the_download_is_what_the_shell_prints(
    section: Locator, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sizes = np.repeat(2.0 ** np.arange(8, 20), 3)
    losses = (0.3 + 5 * sizes**-0.5) * np.exp(0.01 * np.random.default_rng(4).standard_normal(len(sizes)))
    rows = zip(sizes.tolist(), losses.tolist(), strict=True)
    Path("losses.csv").write_text("size,loss\n" + "".join(f"{size},{loss!r}\n" for size, loss in rows))
    section.locator("[data-fit-file-input]").set_input_files("losses.csv")
    expect(section.locator("[data-fit-sizes]")).to_have_text("12 sizes (36 rows)")
    section.locator('[name="smoothness"]').fill("1.5")
    with section.page.expect_download() as waiting:
        section.get_by_role("button", name="Download the results as JSON").click()
    assert waiting.value.suggested_filename == "losses.fit.json"
    shown = json.loads(Path(waiting.value.path()).read_text())
    stated = shell_json(
        capsys, "losses.csv", "--dimension=8", "--degree=1", "--loss-order=2", "--smoothness=3/2", "--confidence=0.95"
    )
    assert equal(shown, stated)
    command = section.page.locator("[data-fit-shell]").inner_text()
    assert command == "python -m calculators fit losses.csv --dimension 8 --degree 1 --loss-order 2 --smoothness 1.5"
    assert equal(shell_json(capsys, *command.split()[4:]), stated)


def test_nothing_is_sent(section: Locator) -> None:
    """Without a network the page still fits; and with one, no request names or carries what was dropped."""
    page = section.page
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(f"{request.method} {request.url} {request.post_data}"))
    page.context.set_offline(True)
    drop(section, "secret.csv", b"size,loss\n11,7.77\n22,5.55\n44,3.33\n88,2.22\n")
    expect(section.locator("[data-fit-file]")).to_have_text("secret.csv")
    section.locator("[data-fit-text]").fill("11,7.77\n22,5.55\n44,3.33\n")
    section.locator('[name="dimension"]').fill("9")
    page.wait_for_url("**dimension=9**")
    assert "7.77" not in page.url and "sum_" not in page.url
    assert [line for line in asked if "favicon.svg" not in line] == []
    page.context.set_offline(False)
    rows = "".join(f"{k},{7.77 / k}\n" for k in range(1, 20_000))
    drop(section, "secret.csv", rows.encode())
    expect(section.locator("[data-fit-sizes]")).to_have_text("19999 sizes", timeout=60_000)
    assert all(
        re.fullmatch(r"GET \S+/assets/(favicon\.svg|(fit-worker|fit|fitting|fraction)\.js) None", line)
        for line in asked
    ), asked


def test_the_address_holds_settings_and_data_only_when_asked(page: Page, section: Locator, address: str) -> None:
    section.locator("[data-fit-text]").fill(GOOD)
    section.locator('[name="degree"]').fill("0")
    page.wait_for_url("**degree=0**")
    expected = result(section)
    assert "#" not in page.url
    section.locator('[data-copy="link"]').click()
    expect(section.locator("[data-copied]")).to_have_text("link copied")
    assert "#" not in page.evaluate("navigator.clipboard.readText()")
    section.locator('[data-copy="data"]').click()
    expect(section.locator("[data-copied]")).to_have_text("link with the data copied")
    link = page.evaluate("navigator.clipboard.readText()")
    plain, _, fragment = link.partition("#")
    assert fragment == f"data={quote(GOOD)}" and "100" not in plain
    page.goto("about:blank")
    again = started(page, link)
    assert result(again) == expected
    assert again.locator("[data-fit-text]").input_value() == GOOD
    assert again.locator('[name="degree"]').input_value() == "0"


def test_a_bad_address_gets_a_message_and_the_defaults(page: Page, address: str) -> None:
    section = started(
        page, address + PATH + "?dimension=%3Cscript%3E&floor=x&sum_xx=3&colour=red&confidence=7#data=%E0%A4%A"
    )
    notice = section.locator("[data-notice]")
    for word in (
        "dimension",
        "floor must be one of none, fitted",
        "not sum_xx",
        "not colour",
        "Confidence",
        "no table",
    ):
        expect(notice).to_contain_text(word, ignore_case=True)
    for title, name in (("Dimension of the data", "dimension"), ("Confidence", "confidence")):
        expect(notice).to_contain_text(re.compile(rf"{title} must be [^;]+ \(the address has {name}="))
    assert section.locator('[name="dimension"]').input_value() == "8"
    assert result(section) == f"{example_alpha():.6g}"


def test_clear_and_example_by_keyboard(section: Locator) -> None:
    text = section.locator("[data-fit-text]")
    text.focus()
    text.press("Tab")
    expect(section.locator("[data-fit-file-input]")).to_be_focused()
    section.page.keyboard.press("Tab")
    section.page.keyboard.press("Enter")
    expect(text).to_be_focused()
    assert (text.input_value(), result(section)) == ("", "")
    expect(message(section)).to_have_text("pasted table: a table must have rows with numbers; got none")
    section.get_by_role("button", name="Example").press("Enter")
    assert text.input_value() == exponent_fit.example()
    expect(section.locator("[data-announce]")).to_contain_text("alpha is 0.4565, with a standard error of 0.033.")


def test_one_control_a_parameter(section: Locator) -> None:
    for parameter in exponent_fit.CALCULATOR.parameters:
        expect(section.locator(f'[name="{parameter.id}"]')).to_have_count(1)
    expect(section.locator('select[name="floor"]')).to_have_count(1)
    expect(section.locator("output[data-result]")).to_have_count(1)


def test_without_javascript_the_example_and_the_shell_are_there(browser: Browser, address: str) -> None:
    with opened(browser, script=False) as context:
        page = context.new_page()
        page.goto(address + PATH)
        expect(page.locator("[data-fit-cells]")).to_contain_text("0.4565 ± 0.033")
        expect(page.locator('[data-step="best-slope"]')).to_be_visible()
        assert "python -m calculators fit losses.csv --dimension 8" in page.locator(SECTION).inner_text()


def test_copies(section: Locator) -> None:
    for name, expected in (
        ("latex", r"\alpha = - \frac{S_{xy}}{S_{xx}} \approx 0.4565 \pm 0.033"),
        ("python", 'print(findings.fit_text(findings.FitReport("losses.csv", fit, law, 8, None)))'),
        ("bibtex", "@misc{sharma2020,"),
    ):
        section.locator(f'[data-copy="{name}"]').click()
        expect(section.locator("[data-copied]")).to_contain_text("copied")
        found = section.page.evaluate("navigator.clipboard.readText()")
        assert re.sub(r"\s", "", expected) in re.sub(r"\s", "", found), found


def test_the_bare_calculator_fits_too(page: Page, address: str) -> None:
    section = started(page, address + "embed/" + PATH + "?dimension=16")
    section.locator("[data-fit-text]").fill("1,8\n2,4\n4,2\n")
    assert result(section) == "1"
    expect(page.locator(".md-header")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser, address: str, scheme: Scheme, width: int
) -> None:
    with opened(browser, width=width, scheme=scheme) as context:
        page = context.new_page()
        section = started(page, address + PATH)
        page.wait_for_load_state("networkidle")
        assert violations(page) == []
        section.locator("[data-fit-text]").fill(GOOD + "x" * 200)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper(section: Locator) -> None:
    section.page.emulate_media(media="print")
    section.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(section.locator("[data-fit-cells]")).to_be_visible()
    expect(section.locator("[data-fit-local]")).to_be_visible()
    expect(section.locator("[data-fit-buttons]")).to_be_hidden()


def test_bytes(page: Page, address: str, site: Path) -> None:
    """All scripts that the page loads from us, compressed; none is left out, none is loaded for nothing."""
    loaded: set[str] = set()
    page.on("response", lambda answer: loaded.add(answer.url.removeprefix(address)))
    started(page, address + PATH)
    page.wait_for_load_state("networkidle")
    names = ["page", "pieces", "numbers", "fit-page", "fit", "fitting", "fraction", "calculators/exponent-fit"]
    paths = {f"assets/{name}.js" for name in names}
    assert {path for path in loaded if re.fullmatch(r"assets/(calculators/)?[\w-]+\.js", path)} == paths
    sizes = {path: len(gzip.compress((site / path).read_bytes(), 9)) for path in sorted(paths)}
    assert sum(sizes.values()) <= BUDGET, sizes


def test_numbers_that_stay_are_not_put_in_again(page: Page, section: Locator) -> None:
    """A formula that is touched is laid out again, and that is most of what an answer costs."""
    touched = page.evaluate(
        """() => {
          const observer = new MutationObserver(() => {});
          const field = document.querySelector('[name="degree"]');
          for (const slot of document.querySelectorAll("[data-slot]")) observer.observe(slot, { childList: true });
          const set = (text) => {
            field.value = text;
            field.dispatchEvent(new Event("input", { bubbles: true }));
            return observer.takeRecords().length;
          };
          return [set("1"), set("0"), set("0")];
        }"""
    )
    assert (touched[0], touched[2]) == (0, 0) and touched[1] > 0
