"""The site in Chromium: what a reader does, on a phone and on a desk, by mouse and by keyboard, with bad input too."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from calculators import CATALOG
from tests.site import KINDS, PROJECT
from tests.site.browsing import DESK, PHONE, Scheme, opened, violations

pytestmark = pytest.mark.browser

CALCULATOR = 'section[data-calculator="scaling-exponent"]'


@pytest.fixture
def calculator(page: Page, address: str) -> Locator:
    """The calculator on its own page, ready."""
    page.goto(address + KINDS["calculator"])
    return ready(page)


def ready(page: Page) -> Locator:
    section = page.locator(CALCULATOR).first
    expect(section).to_have_attribute("data-ready", "")
    return section


def result(section: Locator) -> Locator:
    return section.locator("output[data-result]")


def every_page(site: Path) -> list[str]:
    found = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    return [re.sub(r"(^|/)index\.html$", r"\1", path) for path in found]


def test_from_the_home_page_to_one_half(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Explaining neural scaling laws").first.click()
    expect(page).to_have_url(address + KINDS["item"])
    section = ready(page)
    section.locator('[name="dimension"]').fill("8")
    section.locator('[name="degree"]').fill("1")
    section.locator('[name="smoothness"]').fill("")
    section.locator('[name="loss"]').select_option("squared")
    expect(result(section)).to_have_text("1/2", use_inner_text=True)


@pytest.mark.parametrize(
    ("dimension", "degree", "smoothness", "loss", "exact"),
    [
        ("8", "0", "", "squared", "1/4"),
        ("3", "1", "1.5", "squared", "1"),
        ("7.36", "1", "", "squared", "25/46"),
        ("1", "1", "", "absolute", "2"),
        ("12", "1", "", "cross-entropy", "1/3"),
        ("4", "2", "", "kl", "3/2"),
        ("2", "5", "0.5", "huber", "1/2"),
        ("90", "1", "", "log-cosh", "2/45"),
    ],
)
def test_exact_answers(
    calculator: Locator, dimension: str, degree: str, smoothness: str, loss: str, exact: str
) -> None:
    for name, value in (("dimension", dimension), ("degree", degree), ("smoothness", smoothness)):
        calculator.locator(f'[name="{name}"]').fill(value)
    calculator.locator('[name="loss"]').select_option(loss)
    assert result(calculator).inner_text() == exact


@pytest.mark.parametrize("id_", CATALOG)
def test_every_calculator_starts_with_the_answer_that_the_page_was_built_with(
    page: Page, address: str, id_: str
) -> None:
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.goto(f"{address}calculators/{id_}/")
    output = page.locator("output[data-result]").first
    built = page.evaluate(
        "fetch(location.href).then(r => r.text()).then(text => new DOMParser().parseFromString(text, 'text/html')"
        ".querySelector('output[data-result]').textContent)"
    )
    section = page.locator(f'section[data-calculator="{id_}"]').first
    expect(section).to_have_attribute("data-ready", "")
    assert output.text_content() and output.text_content() == built
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_one_control_a_name_and_sliders_without_name(calculator: Locator) -> None:
    for name in ("dimension", "degree", "smoothness"):
        field = calculator.locator(f'[name="{name}"]')
        expect(field).to_have_count(1)
        expect(field).to_have_attribute("type", "text")
    expect(calculator.locator('select[name="loss"]')).to_have_count(1)
    options = calculator.locator('select[name="loss"] option')
    assert [option.get_attribute("value") for option in options.all()] == [
        "absolute",
        "squared",
        "cross-entropy",
        "cross-entropy-border",
        "kl",
        "huber",
        "log-cosh",
    ]
    expect(calculator.locator('input[type="range"]:visible')).to_have_count(3)
    expect(calculator.locator("select:visible")).to_have_count(1)  # the further assumptions are folded
    expect(calculator.locator('input[type="range"][name]')).to_have_count(0)
    expect(calculator.locator("output[data-result]")).to_have_count(1)


def test_slider_answers_while_it_moves_and_by_keyboard(calculator: Locator) -> None:
    slider = calculator.locator('[data-mirrors="dimension"]')
    slider.focus()
    before = calculator.locator("polyline[data-line]").get_attribute("points")
    slider.press("ArrowRight")
    assert result(calculator).inner_text() == "4/9"
    assert calculator.locator('[name="dimension"]').input_value() == "9"
    assert calculator.locator("polyline[data-line]").get_attribute("points") != before
    slider.press("ArrowLeft")
    assert result(calculator).inner_text() == "1/2"


def test_steps_follow_and_say_what_changed(page: Page, calculator: Locator) -> None:
    spacing = page.locator('[data-step="spacing-rate"] [data-slot]:visible')
    calculator.locator('[name="dimension"]').fill("5")
    expect(spacing.last).to_have_text("−1/5")
    changed = page.locator("[data-step].is-changed")
    expect(changed.first).to_be_visible()
    calculator.locator('[name="loss"]').select_option("log-cosh")
    loss = page.locator('[data-step="loss-order"] [data-options*="log-cosh/"]')
    expect(loss).to_be_visible()
    expect(page.locator('[data-step="loss-order"] [data-options*="absolute/"]')).to_be_hidden()


def test_further_assumptions_are_folded_and_opened_by_an_address(page: Page, address: str) -> None:
    page.goto(address + KINDS["calculator"] + "?dimension=8&degree=1&loss=squared&target=kinks")
    section = ready(page)
    expect(section.locator('select[name="target"]')).to_be_visible()
    expect(section.locator('[name="smoothness"]')).to_be_hidden()  # the target sets it
    assert result(section).inner_text() == "3/8"
    expect(section.locator("[data-status]")).to_have_text("extension")
    expect(section.locator("[data-meaning]")).to_contain_text("Our extension")
    section.locator('[name="target"]').select_option("given")
    section.locator('[name="also"]').select_option("label-noise")
    expect(section.locator('[data-quantity="floor"]:visible')).to_have_text("1/5")
    section.locator('[name="resource"]').select_option("width")
    expect(section.locator("[data-silence]")).to_contain_text("gives no exponent")
    section.locator('[name="regime"]').select_option("variance")
    expect(section.locator("[data-silence]")).to_contain_text("This question belongs to the regime resolution")
    section.locator('[name="also"]').select_option("nothing")
    assert result(section).inner_text() == "1"
    page.wait_for_url("**/?loss=squared&regime=variance&resource=width")


def test_an_address_that_asks_what_has_no_answer_gets_none(page: Page, address: str) -> None:
    """As in the shell: the exponent of the regime variance is no answer to a question about the other one."""
    page.goto(address + KINDS["calculator"] + "?regime=variance&also=label-noise")
    section = ready(page)
    expect(section.locator("[data-silence]")).to_contain_text("This question belongs to the regime resolution")
    assert result(section).inner_text() == ""
    page.goto(address + KINDS["calculator"] + "?dimension=8&degree=1&also=lower-bound")
    section = ready(page)
    expect(section.locator("[data-silence]")).to_contain_text("The theory gives no bound here.")
    expect(page.locator('[data-step="cells"]')).to_be_hidden()
    section.locator('[name="smoothness"]').fill("2")
    assert result(section).inner_text() == "1/2"
    expect(page.locator('[data-step="cells"]')).to_be_visible()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dimension", ""),
        ("dimension", "0"),
        ("dimension", "-3"),
        ("dimension", "99999999999"),
        ("degree", "1.5"),
        ("degree", "-1"),
        ("smoothness", "0"),
    ],
)
def test_bad_input_gets_a_message_and_no_answer(calculator: Locator, name: str, value: str) -> None:
    field = calculator.locator(f'[name="{name}"]')
    field.fill(value)
    expect(field).to_have_attribute("aria-invalid", "true")
    message = calculator.page.locator(f"[id='{field.get_attribute('aria-describedby')}']")
    expect(message).not_to_be_empty()
    assert result(calculator).inner_text() == ""
    field.fill("2")
    assert result(calculator).inner_text() != ""
    expect(message).to_be_empty()
    assert field.get_attribute("aria-invalid") is None


def test_a_negative_answer_keeps_its_sign_and_an_empty_plot_is_hidden(page: Page, address: str) -> None:
    page.goto(f"{address}calculators/kl-balancing/")
    section = page.locator('section[data-calculator="kl-balancing"]').first
    expect(section).to_have_attribute("data-ready", "")
    assert result(section).inner_text() == "-2/5"
    expect(section.locator("[data-decimal]").first).to_contain_text("-0.4")
    expect(section.locator("figure")).to_be_hidden()
    section.locator('[name="question"]').select_option("rate")
    expect(section.locator("figure")).to_be_visible()


def test_fractions_can_be_typed_and_stand_in_the_address(page: Page, calculator: Locator) -> None:
    field = calculator.locator('[name="dimension"]')
    field.fill("")
    field.press_sequentially("1/3")
    assert result(calculator).inner_text() == "12"
    page.wait_for_url("**/?dimension=1%2F3&**")
    page.reload()
    section = ready(page)
    assert section.locator('[name="dimension"]').input_value() == "1/3"
    assert result(section).inner_text() == "12"
    assert page.locator("[data-notice]:visible").count() == 0


def test_arrow_keys_in_a_field_move_its_slider(calculator: Locator) -> None:
    field = calculator.locator('[name="dimension"]')
    field.press("ArrowUp")
    assert (field.input_value(), result(calculator).inner_text()) == ("9", "4/9")
    field.press("ArrowDown")
    field.press("ArrowDown")
    assert (field.input_value(), result(calculator).inner_text()) == ("7", "4/7")


@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        ("dimension", "1e9", "must be at most 1000000 in size"),
        ("dimension", "9" * 47, "must be at most 1000000 in size"),
        (
            "dimension",
            "1.2345678",
            "must be a fraction of whole numbers of at most 1000000; 1.2345678 is 6172839/5000000",
        ),
        ("dimension", "3/0", "must be a number, and nothing can be divided by 0"),
        ("dimension", "８", "must be written with the digits 0 to 9"),
        ("dimension", "", "needs a number"),
        ("degree", "1/2", "must be a whole number, 0 or more"),
        ("smoothness", "-1", "must be a positive integer or fraction, such as 8 or 5/2, or oo"),
    ],
)
def test_a_refused_number_hears_the_rule_that_it_breaks(
    calculator: Locator, name: str, typed: str, message: str
) -> None:
    field = calculator.locator(f'[name="{name}"]')
    title = calculator.locator(f'[data-control="{name}"] label').inner_text().split(" ", 1)[1]
    field.fill(typed)
    said = calculator.page.locator(f"[id='{field.get_attribute('aria-describedby')}']")
    assert said.inner_text() == f"{title} {message}"
    expect(calculator.locator("[data-silence]")).to_have_text(
        f"No answer for what is typed: {title} {message}. Steps and plot are those of the last numbers."
    )
    expect(calculator.locator('[role="status"]')).to_have_text(f"No answer. {title} {message}")
    field.fill("2")
    expect(calculator.locator("[data-silence]")).to_be_hidden()
    expect(calculator.locator("[data-answered]")).to_be_visible()


def row(part: Locator) -> str:
    """A formula on one line, with its fractions over a bar as (above/below)."""
    return part.evaluate(
        """(part) => {
          const line = (node) =>
            node.localName === "mfrac" ? `(${line(node.children[0])}/${line(node.children[1])})`
            : node.children?.length ? [...node.children].map(line).join("") : node.textContent;
          return line(part);
        }"""
    )


@pytest.mark.parametrize(
    ("query", "law"),
    [
        ("dimension=8&degree=1&also=label-noise", "L→(1/5)v"),
        ("dimension=5&degree=1&also=label-noise", "L→(2/7)v"),
        ("dimension=8&degree=0&also=label-noise", "L→v"),
        ("dimension=8&degree=1&also=label-noise&manifold=product&second_dimension=4", "L→(1/7)v"),
        ("dimension=8&degree=1", "L∝D−1/2"),
        ("dimension=8&degree=1&also=lower-bound&smoothness=2", "L≳D−1/2"),
    ],
)
def test_the_law_for_an_address_reads_as_the_built_one_does(page: Page, address: str, query: str, law: str) -> None:
    """The same lines as in tests/digest/test_widgets.py, of the page's script."""
    page.goto(f"{address}{KINDS['calculator']}?{query}")
    section = ready(page)
    assert row(section.locator(".td-answer__law > span:visible")) == law


def test_no_answer_in_numbers_is_none_in_letters(page: Page, address: str) -> None:
    page.goto(f"{address}{KINDS['calculator']}?dimension=8&degree=1&also=label-noise")
    section = ready(page)
    letters, floor = page.locator(".td-general:visible"), page.locator('[data-step="floor"]')
    expect(letters).to_have_count(1)
    expect(floor).to_be_visible()
    for name, value in (("loss", "absolute"), ("loss", "log-cosh")):
        section.locator(f'select[name="{name}"]').select_option(value)
        expect(section.locator("[data-silence]")).to_contain_text("The theory gives no floor here.")
        expect(letters).to_have_count(0)
        expect(floor).to_be_hidden()
        expect(page.locator('[data-step="resolution-law"]')).to_be_visible()
    section.locator('select[name="loss"]').select_option("squared")
    expect(letters).to_have_count(1)
    expect(floor).to_be_visible()
    section.locator('[name="degree"]').fill("2")
    expect(letters).to_have_count(0)
    expect(floor).to_be_hidden()


def test_what_is_exact_is_a_fraction_with_its_decimal(page: Page, address: str) -> None:
    page.goto(f"{address}{KINDS['calculator']}?dimension=8&degree=1&resource=width&also=measured&measured=0.34")
    section = ready(page)
    assert result(section).inner_text() == "400/17"
    expect(section.locator("[data-sign]")).to_have_text("=")
    expect(section.locator("[data-decimal]")).to_have_text("≈ 23.529")
    expect(section.locator("[data-meaning]")).to_contain_text("min(2, k)")
    # An equation that is solved for the answer is not the answer.
    solved = page.locator('[data-step="implied-dimension"] .td-step__line:visible')
    assert re.sub(r"\s", "", row(solved)) == "(17/50)=(2⋅2⋅2/dobs)⟹dobs=(400/17)"
    section.locator('select[name="also"]').select_option("nothing")
    section.locator('[name="width"]').fill("22")
    beside = section.locator("dd:visible", has=page.locator('[data-quantity="local-slope"]'))
    expect(beside).to_have_text("κ = 1474/991 ≈ 1.487")


def test_a_bad_value_in_a_field_that_makes_no_difference_holds_nothing_up(page: Page, address: str) -> None:
    page.goto(f"{address}{KINDS['calculator']}?dimension=8&degree=1&target=rough")
    section = ready(page)
    rough = section.locator('[name="hoelder"]')
    rough.fill("7")
    silence = section.locator("[data-silence]")
    expect(silence).to_contain_text("Hölder exponent of the target must be ")
    section.locator('select[name="resource"]').select_option("parameters")
    # The switch counts, though there is no answer yet.
    expect(page.locator('[data-step="spacing"] [data-options]:visible')).to_contain_text("P")
    expect(silence).to_be_visible()
    section.locator('select[name="target"]').select_option("given")
    expect(rough).to_be_hidden()
    expect(silence).to_be_hidden()
    assert result(section).inner_text() == "1/2"
    section.locator('select[name="loss"]').select_option("absolute")
    assert result(section).inner_text() == "1/4"
    expect(page).to_have_url(re.compile(r"\?dimension=8&degree=1&smoothness=oo&loss=absolute&resource=parameters$"))
    # It still counts where it makes a difference.
    section.locator('select[name="target"]').select_option("rough")
    expect(silence).to_contain_text("Hölder exponent of the target must be ")
    expect(rough).to_have_attribute("aria-invalid", "true")


def copied(browser: Browser, url: str, id_: str, settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(kind, text) of each copy button of a calculator after the settings were made, then the answer."""
    with opened(browser) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(url)
        section = page.locator(f'section[data-calculator="{id_}"]').first
        expect(section).to_have_attribute("data-ready", "")
        for name, value in settings.items():
            control = section.locator(f'[name="{name}"]')
            if control.evaluate("element => element.matches('select')"):
                control.select_option(value)
            else:
                control.fill(value)
        for button in section.locator("[data-copy]").all():
            button.click()
            expect(section.locator("[data-copied]")).to_have_text(f"{button.inner_text()} copied")
            yield button.get_attribute("data-copy") or "", page.evaluate("navigator.clipboard.readText()")
        yield "result", result(section).inner_text()
        yield "steps", "\n".join(
            page.locator("[data-step]:not([hidden]) > [data-options]:not([hidden])").all_text_contents()
        )


@pytest.mark.parametrize(
    ("id_", "settings", "latex"),
    [
        (
            "scaling-exponent",
            {"dimension": "1/3", "degree": "0", "smoothness": "5/2", "loss": "absolute"},
            r"\alpha = \frac{m \min(q + 1, s)}{d} = 3",
        ),
        ("goodhart", {"question": "threshold", "error": "laplace"}, None),
        ("kl-balancing", {"posterior": "0.9"}, None),
    ],
)
def test_what_the_copy_buttons_give_leads_to_the_same_answer(
    browser: Browser, address: str, id_: str, settings: Mapping[str, str], latex: str | None
) -> None:
    texts = dict(copied(browser, f"{address}calculators/{id_}/", id_, settings))
    assert list(texts) == ["link", "latex", "python", "bibtex", "result", "steps"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", texts["python"]], capture_output=True, text=True, env=environment, check=True
    )
    printed, answer = done.stdout.strip(), texts["result"]
    assert printed == answer or float(printed) == pytest.approx(float(answer), rel=1e-5)
    assert latex is None or texts["latex"] == latex
    entries = re.findall(r"^@misc\{[a-z]+\d{4},$", texts["bibtex"], re.MULTILINE)
    assert len(entries) == len(CATALOG[id_].sources)
    again = dict(copied(browser, texts["link"], id_, {}))
    assert again == texts


def test_what_the_copy_buttons_give_where_the_theory_is_silent(browser: Browser, address: str) -> None:
    texts = dict(copied(browser, f"{address}calculators/goodhart/", "goodhart", {"question": "threshold"}))
    silent = {"question": "threshold", "dependence": "dependent"}
    found = dict(copied(browser, f"{address}calculators/goodhart/", "goodhart", silent))
    assert found["result"] == "" and texts["result"] != ""
    assert found["latex"].startswith("% No answer: For an error that depends on the value")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", found["python"]], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.startswith("For an error that depends on the value")


def test_the_address_sets_the_controls(page: Page, address: str) -> None:
    page.goto(address + KINDS["calculator"] + "?dimension=12&degree=0&loss=absolute")
    section = ready(page)
    assert result(section).inner_text() == "1/12"
    assert page.locator("[data-notice]:visible").count() == 0


def test_a_bad_address_gets_a_message_and_the_defaults(page: Page, address: str) -> None:
    page.goto(address + KINDS["calculator"] + "?dimension=%3Cscript%3E&degree=0&loss=sqared&colour=red")
    section = ready(page)
    notice = page.locator("[data-notice]")
    expect(notice).to_be_visible()
    for word in ("dimension", "loss", "colour"):
        expect(notice).to_contain_text(word)
    assert section.locator('[name="dimension"]').input_value() == "8"
    assert result(section).inner_text() == "1/4"


def test_of_two_values_in_an_address_the_first_counts_and_the_page_says_so(page: Page, address: str) -> None:
    page.goto(f"{address}{KINDS['calculator']}?dimension=16&loss=absolute&dimension=4&loss=squared")
    section = ready(page)
    notice = page.locator("[data-notice]")
    expect(notice).to_have_text(re.compile("^The first value counts: dimension must be set once "))
    expect(notice).to_contain_text("dimension must be set once (the address has 4 as well)")
    expect(notice).to_contain_text("loss must be set once (the address has squared as well)")
    assert section.locator('[name="dimension"]').input_value() == "16"
    assert result(section).inner_text() == "1/8"


def test_a_message_repeats_little_of_a_long_address(page: Page, address: str) -> None:
    page.goto(f"{address}{KINDS['calculator']}?dimension={'9' * 2000}&loss={'x' * 2000}&{'y' * 2000}=1")
    section = ready(page)
    notice = page.locator("[data-notice]")
    expect(notice).to_contain_text("y" * 40 + "…")
    assert len(notice.inner_text()) < 1000
    assert result(section).inner_text() == "1/2"


def test_answers_are_announced_politely(calculator: Locator) -> None:
    calculator.locator('[name="dimension"]').fill("16")
    expect(calculator.locator('[role="status"]')).to_contain_text("1/4")


def test_a_number_stands_with_its_unit(page: Page, address: str) -> None:
    page.goto(f"{address}calculators/imagination-budget/?every=16")
    section = page.locator("section[data-calculator][data-ready]")
    expect(section.locator(".td-answer__value")).to_have_text(
        re.compile(r"≈ 117\.188\s+billion$"), use_inner_text=True
    )
    section.locator('[name="every"]').fill("4")
    expect(section.locator('[data-announce]')).to_contain_text("468.75 billion")
    page.goto(f"{address}calculators/kl-balancing/?question=log-loss")
    expect(section.locator(".td-answer__unit:visible")).to_have_text(["nats"])
    section.locator('[name="question"]').select_option("prior")
    expect(section.locator(".td-answer__unit:visible")).to_have_count(0)


def test_a_value_in_the_text_leads_to_its_derivation(page: Page, address: str) -> None:
    page.goto(address + KINDS["item"])
    page.locator('.td-value[href*="degree=0"][href*="loss=squared"]').first.click()
    section = ready(page)
    assert section.locator('[name="degree"]').input_value() == "0"
    assert section.locator('[name="loss"]').input_value() == "squared"


def test_without_javascript_derivation_and_table_are_there(browser: Browser, address: str) -> None:
    with opened(browser, script=False) as context:
        page = context.new_page()
        page.goto(address + KINDS["calculator"])
        expect(page.locator('[data-step="composition"]')).to_be_visible()
        table = page.locator("table", has_text="1/2").first
        expect(table).to_be_visible()
        expect(page.locator("output[data-result]")).to_have_text("1/2")
        page.goto(address + KINDS["item"])
        page.locator(f"{CALCULATOR} details summary").last.click()
        expect(page.locator(f"{CALCULATOR} table")).to_be_visible()


def test_on_paper_the_derivation_is_unfolded_and_the_navigation_gone(page: Page, address: str) -> None:
    page.goto(address + KINDS["item"])
    ready(page)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".md-header")).to_be_hidden()
    expect(page.locator(f'{CALCULATOR} [data-step="spacing"]')).to_be_visible()


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("straight-through", "items/dreamerv2/"),
        ("Littlestone", "items/universal-learning/"),
        ("imagined states", "calculators/imagination-budget/"),
        ("TwoNN", "runs/intrinsic-dimension/"),
        ("debate", "items/bootstrapped-alignment/"),
    ],
)
def test_search_finds_generated_pages(page: Page, address: str, words: str, path: str) -> None:
    """Among the first three: pages that only list others, and long tables, do not stand before what they list."""
    page.goto(address + "about/")
    page.keyboard.press("/")
    expect(page.locator(".md-search__input")).to_be_focused()
    page.keyboard.type(words)
    first = page.locator(f'.md-search-result__item:nth-child(-n + 3) > .md-search-result__link[href*="/{path}"]').first
    expect(first).to_be_visible(timeout=15_000)  # the answer to all letters, not to some
    panel, results = page.locator(".md-search__output"), page.locator(".md-search-result")
    right = "element => element.getBoundingClientRect().right"
    assert results.evaluate(right) <= panel.evaluate(right)  # no result runs out of the panel
    assert "¶" not in results.inner_text()


def test_a_search_finds_nothing_that_is_hidden(site: Path) -> None:
    """A step that shows for another setting only would lead to a page without the words."""
    entries = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    texts = {entry["location"]: entry["text"] for entry in entries}
    derivation = texts["calculators/scaling-exponent/#derivation"]
    assert "Solve for the spacing" in derivation
    hidden = "The variance of a mean"
    assert hidden in (site / "calculators" / "scaling-exponent" / "index.html").read_text(encoding="utf-8")
    assert [words for words in (hidden, "changed", "Show step by step") if words in derivation] == []


@pytest.mark.parametrize(
    ("path", "role", "name"),
    [("about/", "navigation", "Parts of the site"), ("glossary/", "region", "Table of letters")],
)
def test_what_lies_side_by_side_fits_a_phone(
    browser: Browser, address: str, path: str, role: Literal["navigation", "region"], name: str
) -> None:
    with opened(browser, width=PHONE) as context:
        page = context.new_page()
        page.goto(address + path)
        part = page.get_by_role(role, name=name)
        assert part.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_a_plot_without_a_curve_is_not_shown(page: Page, address: str) -> None:
    """Best of n with Student-t errors has no curve that a page could compute."""
    page.goto(address + "calculators/goodhart/?question=best-of-n&error=student")
    section = page.locator('section[data-calculator="goodhart"]')
    expect(section).to_have_attribute("data-ready", "")
    expect(section.locator("[data-plot]")).to_be_hidden()
    section.locator('[name="error"]').select_option("gaussian")
    expect(section.locator("[data-plot]")).to_be_visible()
    titles = section.locator("[data-title]:visible").all_inner_texts()
    assert len(titles) == 2, titles  # one for each axis, those of this question


def test_the_math_font_is_ours_and_loads(page: Page, address: str) -> None:
    page.goto(address + KINDS["item"])
    page.evaluate("document.fonts.ready")
    loaded = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
    assert any("Math" in family for family in loaded)
    font = page.locator("math").first.evaluate("element => getComputedStyle(element).fontFamily")
    assert "STIX Two Math" in font


def test_previous_and_next_follow_the_newsletter(page: Page, address: str) -> None:
    page.goto(address + KINDS["item"])
    page.get_by_role("link", name="Bootstrapped alignment").last.click()
    expect(page).to_have_url(address + "items/bootstrapped-alignment/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bootstrapped alignment")


def test_every_page_loads_without_error_or_foreign_request(browser: Browser, address: str, site: Path) -> None:
    with opened(browser) as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        # Leaving a page stops what it was still loading, such as the search's worker on a slow machine: no failure.
        page.on(
            "requestfailed",
            lambda request: wrong.append(f"failed: {request.url}") if request.failure != "net::ERR_ABORTED" else None,
        )
        page.on("response", lambda response: wrong.append(response.url) if response.status >= 400 else None)

        def seen(url: str) -> None:
            if not url.startswith((address, "data:", "blob:")):
                wrong.append(f"foreign: {url}")

        page.on("request", lambda request: seen(request.url))
        for path in every_page(site):
            # The 404 page is served at any depth, so its links start at the site's address.
            if path != "404.html":
                page.goto(address + path, wait_until="networkidle")
                assert wrong == [], path


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_no_page_scrolls_sideways(browser: Browser, address: str, site: Path, width: int) -> None:
    with opened(browser, width=width) as context:
        page = context.new_page()
        for path in every_page(site):
            page.goto(address + path)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} is {wide} px too wide"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(browser: Browser, address: str, kind: str, scheme: Scheme) -> None:
    with opened(browser, scheme=scheme) as context:
        page = context.new_page()
        page.goto(address + KINDS[kind], wait_until="networkidle")
        found = violations(page)
        assert found == []


def test_axe_finds_nothing_on_a_phone(browser: Browser, address: str) -> None:
    with opened(browser, width=PHONE) as context:
        page = context.new_page()
        for kind in ("home", "item", "calculator", "glossary"):
            page.goto(address + KINDS[kind], wait_until="networkidle")
            assert violations(page) == [], kind


def test_axe_would_find_something(browser: Browser, address: str) -> None:
    with opened(browser) as context:
        page = context.new_page()
        page.goto(address)
        page.evaluate(
            "document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"data:,\"><button></button>')"
        )
        assert len(violations(page)) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_calculator_or_frame(browser: Browser, address: str, scheme: Scheme) -> None:
    with opened(browser, scheme=scheme) as context:
        page = context.new_page()
        for id_ in CATALOG:
            for folder in ("", "embed/"):
                page.goto(f"{address}{folder}calculators/{id_}/", wait_until="networkidle")
                expect(page.locator("section[data-calculator]").first).to_have_attribute("data-ready", "")
                assert violations(page) == [], f"{folder}calculators/{id_}/"


def test_the_address_follows_the_controls(page: Page, address: str) -> None:
    page.goto(address + KINDS["calculator"])
    section = ready(page)
    section.locator('[name="dimension"]').fill("12")
    section.locator('[name="loss"]').select_option("absolute")
    page.wait_for_url("**/?dimension=12&degree=1&smoothness=oo&loss=absolute")
    page.reload()
    expect(result(ready(page))).to_have_text("1/6")


def test_a_bare_calculator_for_frames(page: Page, address: str) -> None:
    page.goto(address + "embed/calculators/scaling-exponent/?dimension=16")
    expect(result(ready(page))).to_have_text("1/4")
    expect(page.locator(".md-header")).to_have_count(0)
    assert "embed" not in page.request.get(address + "sitemap.xml").text()
