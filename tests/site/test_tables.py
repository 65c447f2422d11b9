"""Tables in Chromium: games that a reader edits, and rows that a reader filters."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from calculators.derivation import rounded
from calculators.score_script import verdict
from calculators.score_table import EXAMPLE, INVENTED, aggregates, demonstration, games, wrong_baseline
from tests.site import PROJECT
from tests.site.browsing import DESK, PHONE, Scheme, opened, violations

pytestmark = pytest.mark.browser

SCORES = "calculators/normalised-score/"


def ready(page: Page) -> Locator:
    section = page.locator('[data-script="score-table"]')
    expect(section).to_have_attribute("data-ready", "")
    return section


@pytest.fixture
def scores(page: Page, address: str) -> Locator:
    """The table of games, ready."""
    page.goto(address + SCORES)
    return ready(page)


def cell(scores: Locator, row: int, column: str) -> Locator:
    return scores.get_by_role("textbox", name=f"Row {row}, {column}", exact=True)


def mean(scores: Locator, aggregate: str, which: str = "before") -> str:
    return scores.locator(f'[data-aggregate="{aggregate}"] [data-{which}] b').inner_text()


def test_the_example_is_there_without_javascript(browser: Browser, address: str) -> None:
    with opened(browser, script=False) as context:
        page = context.new_page()
        page.goto(address + SCORES)
        expect(page.get_by_text(INVENTED)).to_be_visible()
        for game in EXAMPLE:
            expect(page.get_by_role("cell", name=game.title, exact=True)).to_be_visible()
        row = page.locator('[data-aggregate="gamer-mean"]')
        assert row.inner_text().split() == ["gamer", "mean", "7.043", "493/70", "78.212", "60223/770", "71.169", "5480/77"]
        for sentence in verdict(demonstration()):
            expect(page.get_by_text(sentence)).to_be_visible()
        expect(page.locator("[data-switch]")).to_be_hidden()


def test_a_changed_cell_answers_at_once(scores: Locator) -> None:
    assert mean(scores, "gamer-mean") == "7.043"
    cell(scores, 1, "score").fill("1010")
    table = games([["A", "1010", "10", "110", "900"]])
    assert scores.locator('tbody tr:nth-child(1) [data-score="gamer"]').inner_text() == str(table[0].normalised("gamer"))
    assert scores.locator('tbody tr:nth-child(1) [data-score="clipped"]').inner_text() == "1"
    expect(scores.locator("[data-note]")).to_contain_text("has been changed")


def test_one_wrong_baseline_shows_what_moved_and_what_not(scores: Locator) -> None:
    expect(scores.locator("[data-words]")).to_be_hidden()
    scores.get_by_label("One wrong baseline").check()
    assert [mean(scores, "gamer-mean", which) for which in ("before", "after", "moved")] == ["7.043", "78.212", "71.169"]
    for aggregate in ("gamer-median", "record-mean", "record-median", "clipped-mean", "clipped-median"):
        assert mean(scores, aggregate, "moved") == "0"
    assert scores.locator("[data-words] li").all_inner_texts() == list(verdict(demonstration()))
    scores.locator("[data-game]").select_option("1")
    scores.locator("[data-value]").fill("60")
    change = wrong_baseline(EXAMPLE, EXAMPLE[0].title, gamer="60")
    assert scores.locator("[data-words] li").all_inner_texts() == list(verdict(change))
    scores.locator("[data-value]").fill("10")
    message = scores.locator("[data-wrong-message]")
    expect(message).to_have_text("row 1: gamer must be above random; got 10 and 10")
    expect(scores.locator("[data-words]")).to_be_hidden()


def test_bad_cells_get_a_line_each_and_take_only_what_needs_them(scores: Locator) -> None:
    cell(scores, 2, "score").fill("fast")
    cell(scores, 3, "title").fill("Game A (invented)")
    cell(scores, 5, "record").fill("10")
    assert scores.locator("[data-problems] li").all_inner_texts() == [
        "row 2: score must be a decimal number; got 'fast'",
        "row 3: title must be filled in and used once; got 'Game A (invented)'",
        "row 5: record must be above random; got 10 and 10",
    ]
    expect(cell(scores, 2, "score")).to_have_attribute("aria-invalid", "true")
    expect(cell(scores, 2, "score")).to_have_accessible_description("row 2: score must be a decimal number; got 'fast'")
    expect(scores.locator("[data-stale]")).to_have_text("A dash stands where a mistake above leaves a number out.")
    assert scores.locator("[data-before]").all_inner_texts() == ["–"] * 6
    table = [{scale: str(game.normalised(scale)) for scale in ("gamer", "record", "clipped")} for game in EXAMPLE]
    table[1] = dict.fromkeys(table[1], "–")  # its score is no number
    table[4] |= {"record": "–", "clipped": "–"}  # its record is no better than random play
    for row, expected in enumerate(table, 1):
        for scale, value in expected.items():
            shown = scores.locator(f'tbody tr:nth-child({row}) [data-score="{scale}"]').inner_text()
            assert value == "–" == shown or (shown != "–" and Fraction(shown.split()[-1]) == Fraction(value)), (row, scale)
    expect(scores.get_by_role("status").last).to_contain_text("3 mistakes: row 2: score")
    cell(scores, 2, "score").fill("1900")
    cell(scores, 3, "title").fill("Game C")
    cell(scores, 5, "record").fill("700")
    expect(scores.locator("[data-stale]")).to_be_hidden()
    expect(scores.locator("[data-problems]")).to_be_hidden()
    expect(scores.get_by_role("status").last).to_contain_text("gamer mean 7.043; gamer median 1.6")


def test_a_bad_record_leaves_the_gamer_means(scores: Locator) -> None:
    cell(scores, 5, "record").fill("x")
    expect(scores.locator("[data-problems] li")).to_have_text("row 5: record must be a decimal number; got 'x'")
    assert [mean(scores, f"gamer-{statistic}") for statistic in ("mean", "median")] == ["7.043", "1.6"]
    for scale in ("record", "clipped"):
        for statistic in ("mean", "median"):
            expect(scores.locator(f'[data-aggregate="{scale}-{statistic}"] [data-before]')).to_have_text("–")
    cell(scores, 5, "record").fill("700")
    expect(scores.locator("[data-stale]")).to_be_hidden()
    assert "–" not in scores.locator("[data-before]").all_inner_texts()


def test_rows_come_and_go_by_keyboard(page: Page, scores: Locator) -> None:
    scores.get_by_role("button", name="Add a row").press("Enter")
    expect(cell(scores, 8, "title")).to_be_focused()
    for text in ("Pong", "20", "-20.7", "14.6", "21"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    expect(scores.locator("[data-problems]")).to_be_hidden()
    assert scores.locator('tbody tr:nth-child(8) [data-score="gamer"] b').inner_text() == "1.153"
    cell(scores, 8, "score").press("ArrowUp")
    expect(cell(scores, 7, "score")).to_be_focused()
    cell(scores, 8, "score").press("Enter")
    expect(cell(scores, 9, "score")).to_be_focused()
    scores.get_by_role("button", name="Remove row 9").press("Enter")
    expect(scores.get_by_role("button", name="Remove row 8")).to_be_focused()
    for number in range(8, 0, -1):
        scores.get_by_role("button", name=f"Remove row {number}").click()
    expect(scores.locator("[data-problems] li")).to_have_text("a table must have 1 to 100 rows; got 0")
    scores.get_by_role("button", name="Begin again with the example").click()
    expect(scores.locator("[data-note]")).to_have_text(INVENTED)
    assert mean(scores, "gamer-mean") == "7.043"


def paste(page: Page, field: Locator, text: str) -> None:
    field.focus()
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+V")


def test_cells_are_pasted_from_a_spreadsheet(page: Page, scores: Locator) -> None:
    paste(page, cell(scores, 7, "title"), "Pong\t20\t-20.7\t14.6\t21\nBoxing\t99\t0.1\t12.1\t100\n")
    assert scores.locator("[data-rows] tr").count() == 8
    assert cell(scores, 8, "record").input_value() == "100"
    expect(scores.locator("[data-problems]")).to_be_hidden()
    paste(page, cell(scores, 1, "record"), "1\t2")
    expect(scores.locator("[data-notice]")).to_contain_text("would reach column 6")
    assert cell(scores, 1, "record").input_value() == "900"
    cell(scores, 1, "score").fill("")
    paste(page, cell(scores, 1, "score"), "1,5")
    assert cell(scores, 1, "score").input_value() == "1,5"


def test_rows_are_taken_from_text(scores: Locator) -> None:
    scores.get_by_text("Paste rows from a spreadsheet").click()
    area = scores.locator("textarea")
    area.fill("Pong,20,-20.7\nBoxing,99,0.1,12.1,100")
    scores.get_by_role("button", name="Put these in place of the table").click()
    expect(scores.locator("[data-notice]")).to_have_text(
        "Nothing was taken: row 1: a row must be title, score, random, gamer, record; got 3 values."
    )
    area.fill("Title,Score,Random,Gamer,Record\r\nPong,20,-20.7,14.6,21\r\n\"Boxing, easy\",99,0.1,12.1,100\r\n")
    scores.get_by_role("button", name="Put these in place of the table").click()
    expect(scores.locator("[data-notice]")).to_have_text("2 rows taken; the line with the names was left out.")
    assert cell(scores, 2, "title").input_value() == "Boxing, easy"
    assert scores.locator("[data-rows] tr").count() == 2


def test_a_link_holds_the_table_in_the_fragment_alone(page: Page, address: str, scores: Locator) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    cell(scores, 1, "title").fill("A & B #1; ünï")
    cell(scores, 1, "score").fill("-5.5")
    scores.get_by_label("One wrong baseline").check()
    page.wait_for_url("**#games=*&row=7&wrong=29")
    scores.get_by_role("button", name="link", exact=True).click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url and "?" not in link
    assert not any("games" in url or "ünï" in url for url in asked)
    before = mean(scores, "gamer-mean", "after")
    page.goto("about:blank")
    page.goto(link)
    again = ready(page)
    assert cell(again, 1, "title").input_value() == "A & B #1; ünï"
    assert mean(again, "gamer-mean", "after") == before
    # Chromium reports an address with its fragment; what goes over the wire ends before it.
    assert all("%C3" not in url.partition("#")[0] for url in asked)


@pytest.mark.parametrize(
    ("fragment", "words"),
    [
        ("%", "cannot be read"),
        ("A%09" * 9000, "cannot be read"),
        ("A%091%0A", "row 1: a row must be title, score, random, gamer, record; got 2 values"),
        ("%0A".join(f"g{row}%091%090%092%093" for row in range(101)), "a table must have 1 to 100 rows; got 101"),
    ],
)
def test_a_bad_link_gets_a_message_and_the_example(page: Page, address: str, fragment: str, words: str) -> None:
    page.goto(f"{address}{SCORES}#games={fragment}")
    scores = ready(page)
    expect(scores.locator("[data-notice]")).to_contain_text(words)
    assert cell(scores, 1, "title").input_value() == EXAMPLE[0].title
    assert mean(scores, "gamer-mean") == "7.043"


def test_a_hostile_link_is_text_and_shows_no_numbers_of_the_example(page: Page, address: str) -> None:
    page.goto(f"{address}{SCORES}#games=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%091%09x%092%093&row=9&wrong=%3Cb%3E")
    scores = ready(page)
    assert cell(scores, 1, "title").input_value() == "<img src=x onerror=alert(1)>"
    expect(scores.locator("[data-problems] li")).to_have_text("row 1: random must be a decimal number; got 'x'")
    assert scores.locator("[data-before]").all_inner_texts() == ["–"] * 6
    assert scores.locator("img").count() == 0


def test_table_and_results_as_csv(page: Page, scores: Locator) -> None:
    copies = scores.locator("[data-copies]")
    copies.locator('[data-copy="table"]').click()
    expect(copies.locator("[data-copied]")).to_have_text("table (CSV) copied")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.splitlines()[:2] == ["title,score,random,gamer,record", "Game A (invented),60,10,110,900"]
    with page.expect_download() as waiting:
        copies.locator('[data-save="results"]').click()
    assert waiting.value.suggested_filename == "normalised-score-results.csv"
    lines = Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "what,scale,value,exact"
    assert len(lines) == 1 + 3 * len(EXAMPLE) + 6
    assert "mean over 7 games,gamer,7.042857142857,493/70" in lines
    cell(scores, 1, "score").fill("x")
    copies.locator('[data-save="results"]').click()
    expect(copies.locator("[data-copied]")).to_have_text("Not while there are mistakes in the table.")


def test_the_calculator_above_keeps_its_contract(page: Page, scores: Locator) -> None:
    section = page.locator("section[data-calculator]")
    expect(section).to_have_count(1)
    expect(section.locator("output[data-result]")).to_have_count(1)
    cell(scores, 1, "score").fill("1010")
    page.wait_for_url("**#games=*")
    section.locator('[name="score"]').fill("303")
    page.wait_for_url(re.compile(r"\?score=303&.*#games="))
    assert cell(scores, 1, "score").input_value() == "1010"


def test_the_bare_calculator_has_the_table(page: Page, address: str) -> None:
    page.goto(f"{address}embed/{SCORES}")
    assert mean(ready(page), "gamer-mean") == "7.043"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("path", [SCORES, f"embed/{SCORES}"])
def test_axe_finds_nothing_in_the_table_of_games(
    browser: Browser, address: str, path: str, width: int, scheme: Scheme
) -> None:
    with opened(browser, width=width, scheme=scheme) as context:
        page = context.new_page()
        page.goto(address + path, wait_until="networkidle")
        scores = ready(page)
        scores.get_by_label("One wrong baseline").check()
        assert violations(page) == []
        cell(scores, 1, "score").fill("x")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper_the_table_has_no_buttons(page: Page, scores: Locator) -> None:
    page.emulate_media(media="print")
    expect(scores.get_by_role("button", name="Add a row")).to_be_hidden()
    expect(scores.locator("[data-copies]")).to_be_hidden()
    expect(cell(scores, 7, "gamer")).to_be_visible()


def test_the_whole_benchmark_fits(page: Page, scores: Locator) -> None:
    numbers = [f"game {row}\t{row * 7919 % 9973}.5\t{row % 7}\t{row + 100.25}\t{row * 31 + 5000}" for row in range(57)]
    paste(page, cell(scores, 1, "title"), "\n".join(numbers))
    assert scores.locator("[data-rows] tr").count() == 57
    expect(scores.locator("[data-problems]")).to_be_hidden()
    table = games([line.split("\t") for line in numbers])
    for aggregate, scale in (("gamer-median", "gamer"), ("record-mean", "record")):
        found = aggregates(table)[scale]
        expected = found.median if aggregate.endswith("median") else found.mean
        assert mean(scores, aggregate) == rounded(expected)


IMPACT = "items/broader-impact-requirements/"


@pytest.fixture
def rows(page: Page, address: str) -> Locator:
    """The structured table, its filter ready."""
    page.goto(address + IMPACT)
    return filtered(page)


def filtered(page: Page) -> Locator:
    expect(page.locator("[data-filter]")).to_have_attribute("data-ready", "")
    return page.locator(".td-rows")


def seen(rows: Locator) -> list[str]:
    return [row.get_attribute("data-kind") or "" for row in rows.locator("tbody tr:visible").all()]


def test_all_rows_are_there_without_javascript_and_on_paper(browser: Browser, page: Page, address: str) -> None:
    with opened(browser, script=False) as context:
        still = context.new_page()
        still.goto(address + IMPACT)
        all_rows = seen(still.locator(".td-rows"))
        assert {kind: all_rows.count(kind) for kind in dict.fromkeys(all_rows)} == {
            "benefit": 6,
            "risk": 4,
            "challenge": 6,
            "mitigation": 8,
        }
        expect(still.locator("[data-filter]")).to_be_hidden()
        expect(still.get_by_role("table", name="Benefits, risks, challenges, mitigations")).to_be_visible()
    page.goto(f"{address}{IMPACT}?kind=risk")
    rows = filtered(page)
    assert len(seen(rows)) == 4
    page.emulate_media(media="print")
    assert seen(rows) == all_rows
    expect(page.locator("[data-filter]")).to_be_hidden()


def test_the_filter_by_kind_and_words_is_counted_and_in_the_address(page: Page, rows: Locator) -> None:
    status = rows.get_by_role("status")
    expect(status).to_have_text("24 of 24 rows")
    rows.get_by_role("checkbox", name="Risk").check()
    assert seen(rows) == ["risk"] * 4
    expect(status).to_have_text("4 of 24 rows")
    rows.get_by_role("checkbox", name="Mitigation").focus()
    page.keyboard.press("Space")
    rows.get_by_role("searchbox").fill("  PEER  review ")
    assert seen(rows) == ["mitigation"]
    expect(status).to_have_text("1 of 24 rows")
    page.wait_for_url("**/?kind=risk,mitigation&find=PEER++review")
    page.reload()
    assert seen(filtered(page)) == ["mitigation"]
    assert rows.get_by_role("searchbox").input_value() == "PEER  review"
    rows.get_by_role("button", name="Show all").click()
    expect(status).to_have_text("24 of 24 rows")
    page.wait_for_url(re.compile(rf"{IMPACT}$"))
    rows.get_by_role("searchbox").fill("no row says this")
    expect(status).to_have_text("0 of 24 rows")


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("nothing", []),  # which only a screen reader hears, where a row answers no other
        ("incentive", ["mitigation"]),
        ("incentives", ["mitigation"]),
        ("prize", ["mitigation"]),
        ("peer reviews", ["mitigation"]),
    ],
)
def test_what_a_reader_would_look_for(rows: Locator, words: str, kinds: list[str]) -> None:
    rows.get_by_role("searchbox").fill(words)
    assert seen(rows) == kinds


def test_the_count_is_that_of_the_rows_at_once(rows: Locator) -> None:
    """In the frame of the change; what is announced may wait until the reader rests."""
    shown = rows.evaluate(
        """box => {
          const find = box.querySelector("[name=find]");
          find.value = "review";
          find.dispatchEvent(new Event("input", { bubbles: true }));
          const left = [...box.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility()).length;
          return [box.querySelector("[data-shown]").innerText, `${left} of 24 rows`];
        }"""
    )
    assert shown[0] == shown[1] != "24 of 24 rows"
    expect(rows.get_by_role("status")).to_have_text(shown[0])


def test_the_filter_s_label_is_apart_from_its_field(rows: Locator) -> None:
    gap = rows.get_by_role("searchbox").evaluate(
        """field => {
          const words = document.createRange();
          words.selectNodeContents(field.previousSibling);
          return field.getBoundingClientRect().left - words.getBoundingClientRect().right;
        }"""
    )
    assert gap >= 6


def test_a_bad_filter_in_the_address_is_named(page: Page, address: str) -> None:
    page.goto(f"{address}{IMPACT}?kind=risk,%3Cb%3Erisks&h=bias")
    rows = filtered(page)
    expect(rows.locator("[data-notice]")).to_have_text(
        "Not used: the kinds here are benefit, risk, challenge, mitigation, not <b>risks."
    )
    assert seen(rows) == ["risk"] * 4
    rows.get_by_role("checkbox", name="Benefit").check()
    page.wait_for_url("**/?h=bias&kind=benefit,risk")


def test_a_link_to_a_hidden_row_shows_it(page: Page, address: str) -> None:
    page.goto(f"{address}{IMPACT}?kind=mitigation")
    rows = filtered(page)
    rows.get_by_role("link", name="opacity").first.click()
    expect(page.locator("#table-opacity")).to_be_in_viewport()
    assert len(seen(rows)) == 24


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_axe_finds_nothing_in_the_structured_table(
    browser: Browser, address: str, width: int, scheme: Scheme
) -> None:
    with opened(browser, width=width, scheme=scheme) as context:
        page = context.new_page()
        page.goto(f"{address}{IMPACT}?kind=risk,mitigation", wait_until="networkidle")
        rows = filtered(page)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = rows.bounding_box()
        assert box is not None and box["x"] + box["width"] <= width
