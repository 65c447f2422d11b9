"""The pages of runs in Chromium: figures for each width and paper, tables that a phone can show, files that load."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from calculators.runs import RUNS
from digest import figures
from tests.site import PROJECT
from tests.site.browsing import DESK, PHONE, Scheme, opened, violations

pytestmark = pytest.mark.browser

RECORDED = [run.id for run in RUNS if list((PROJECT / "content" / "runs" / run.id).glob("run-*.yml"))]
RUN = "runs/nearest-neighbour/"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("run", RECORDED)
def test_a_run_fits_a_phone_and_axe_finds_nothing(browser: Browser, address: str, run: str) -> None:
    with opened(browser, width=PHONE) as context:
        page = context.new_page()
        page.goto(f"{address}runs/{run}/", wait_until="networkidle")
        assert not scrolls_sideways(page)
        expect(page.locator(".td-figure__frame--narrow").first).to_be_visible()
        expect(page.locator(".td-figure__frame--wide").first).to_be_hidden()
        assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [RUN, "runs/"])
def test_axe_finds_nothing_on_a_desk(browser: Browser, address: str, path: str, scheme: Scheme) -> None:
    with opened(browser, width=DESK, scheme=scheme) as context:
        page = context.new_page()
        page.goto(address + path, wait_until="networkidle")
        assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("run", RECORDED)
def test_everything_in_a_figure_stands_out_from_the_paper(
    browser: Browser, address: str, run: str, scheme: Scheme
) -> None:
    """As the browser computes it: letters 4.5 to 1, marks and lines 3 to 1. axe does not look into drawings."""
    with opened(browser, scheme=scheme) as context:
        page = context.new_page()
        page.goto(f"{address}runs/{run}/")
        found = page.evaluate(CONTRAST)
        assert {kind for kind, _, _ in found} == {"letter", "mark"}
        assert [entry for entry in found if entry[2] < (4.5 if entry[0] == "letter" else 3)] == []


def test_the_measure_of_contrast_sees_a_pale_letter(browser: Browser, address: str) -> None:
    with opened(browser) as context:
        page = context.new_page()
        page.goto(address + RUN)
        page.evaluate("document.querySelector('.td-figure__drawing text').style.fill = '#bbb'")
        assert min(ratio for kind, _, ratio in page.evaluate(CONTRAST) if kind == "letter") < 2


def test_letters_of_a_figure_are_large_enough_on_a_phone(browser: Browser, address: str) -> None:
    with opened(browser, width=PHONE) as context:
        page = context.new_page()
        page.goto(address + RUN)
        sizes = page.locator(".td-figure__frame--narrow svg text").evaluate_all(
            "all => all.map(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"
        )
        assert sizes and min(sizes) >= 10.5


def test_no_letter_of_a_figure_leaves_the_page(browser: Browser, address: str) -> None:
    for width in (PHONE, DESK):
        with opened(browser, width=width) as context:
            page = context.new_page()
            for run in RECORDED:
                page.goto(f"{address}runs/{run}/")
                outside = page.locator(".td-figure__drawing:visible text").evaluate_all(
                    "all => all.map(text => [text.textContent, text.getBoundingClientRect()])"
                    ".filter(([, box]) => box.left < 0 || box.right > innerWidth).map(([words]) => words)"
                )
                assert outside == [], run


def test_a_figure_has_a_name_a_description_and_its_numbers(browser: Browser, address: str) -> None:
    with opened(browser) as context:
        page = context.new_page()
        page.goto(address + RUN)
        figure = page.get_by_role("img", name="The exponent against the dimension")
        expect(figure).to_be_visible()
        expect(figure).to_have_accessible_description(re.compile(r"\w+ \w+"))
        page.get_by_text("The numbers in this figure").first.click()
        numbers = page.get_by_role("region", name="The exponent against the dimension: numbers")
        expect(numbers.get_by_role("row")).not_to_have_count(1)


def test_predictions_and_measurements_are_a_table_on_a_phone_too(browser: Browser, address: str) -> None:
    with opened(browser, width=PHONE) as context:
        page = context.new_page()
        page.goto(address + RUN)
        table = page.get_by_role("table", name="Measured and predicted")
        row = table.get_by_role("row").nth(1)
        expect(row.get_by_role("rowheader")).to_be_visible()
        expect(row.get_by_role("cell")).to_have_count(3)
        expect(row.get_by_role("cell").last).to_have_text(re.compile("consistent|bound|asymptotic|converged|prediction"))


def test_from_a_sentence_to_the_number_and_to_the_data(browser: Browser, address: str) -> None:
    with opened(browser) as context:
        page = context.new_page()
        page.goto(f"{address}items/explaining-neural-scaling-laws/")
        page.locator("a.td-value--measured[href*=nearest-neighbour]").first.click()
        expect(page).to_have_url(re.compile(rf"{re.escape(address + RUN)}#metric-"))
        row = page.locator("tr:target")
        expect(row).to_be_visible()
        for name in ("losses-cpu.csv", "run-cpu.yml", "nearest-neighbour-cpu-crate.zip"):
            link = page.get_by_role("link", name=name, exact=True)
            answer = page.request.get(page.evaluate("link => link.href", link.element_handle()))
            assert answer.ok and len(answer.body()) > 1000


def test_the_figure_as_a_file_is_drawn_by_itself(browser: Browser, address: str) -> None:
    with opened(browser, scheme="dark") as context:
        page = context.new_page()
        page.goto(address + RUN)
        href = page.locator(".td-figure__file").first.evaluate("link => link.href")
        page.goto(href)
        paper = page.evaluate("getComputedStyle(document.querySelector('rect')).fill")
        letters = page.evaluate("getComputedStyle(document.querySelector('text')).fill")
        assert (paper, letters) == ("rgb(16, 20, 21)", "rgb(164, 176, 174)")


def test_on_paper_figure_numbers_and_record_are_there(browser: Browser, address: str) -> None:
    with opened(browser, scheme="dark") as context:
        page = context.new_page()
        page.goto(address + RUN)
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        expect(page.locator(".td-points").first).to_be_visible()
        ink = page.locator(".td-figure__drawing text").last.evaluate("text => getComputedStyle(text).fill")
        assert ink == "rgb(0, 0, 0)"


def test_search_finds_a_run(browser: Browser, address: str) -> None:
    with opened(browser) as context:
        page = context.new_page()
        page.goto(address + "about/")
        page.keyboard.press("/")
        page.keyboard.type("nearest neighbour on a torus")
        expect(page.locator(f'.md-search-result__link[href*="{RUN}"]').first).to_be_visible(timeout=15_000)


def test_heads_of_a_table_stand_on_one_line_and_promise_no_sorting(browser: Browser, address: str) -> None:
    with opened(browser) as context:
        page = context.new_page()
        for path in (RUN, "runs/"):
            page.goto(address + path)
            heads = page.locator(".td-beside:visible thead").first.get_by_role("columnheader")
            lines = heads.evaluate_all(
                """all => all.map(head => {
                  const range = document.createRange();
                  range.selectNodeContents(head);
                  const style = getComputedStyle(head, "::after");
                  return [range.getBoundingClientRect().bottom, style.content, getComputedStyle(head).cursor];
                })"""
            )
            assert len(lines) == 4
            assert len({tuple(line) for line in lines}) == 1 and lines[0][1:] == ["none", "auto"], lines


@pytest.mark.parametrize("width", [360, 1024, 1280])
def test_a_table_that_would_be_narrow_is_blocks(browser: Browser, address: str, width: int) -> None:
    """What was measured has a line of its own: in a column beside the figure its words would be broken."""
    with opened(browser, width=width) as context:
        page = context.new_page()
        page.goto(address)
        table = page.locator(".td-run .td-beside:visible").first
        expect(table.locator("thead")).to_be_hidden()
        whole, title = (part.bounding_box() for part in (table, table.locator("tbody th").first))
        assert whole and title and title["width"] > 0.95 * whole["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_has_the_colours_of_paper(browser: Browser, address: str, scheme: Scheme) -> None:
    """Also where the reader chose the dark scheme on the page: the series would be pale on white."""
    with opened(browser, scheme=scheme) as context:
        page = context.new_page()
        page.goto(address + RUN)
        page.emulate_media(media="print", color_scheme=scheme)
        assert page.evaluate("document.body.dataset.mdColorScheme") == ("slate" if scheme == "dark" else "default")
        style = "getComputedStyle(document.body).getPropertyValue"
        for name, light, _ in figures.colours():
            if "series" in name:
                assert page.evaluate(f"{style}('{name}')") == light, name
        found = page.evaluate(CONTRAST)
        assert [entry for entry in found if entry[2] < (4.5 if entry[0] == "letter" else 3)] == []
