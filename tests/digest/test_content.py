"""The real content: one test id per file, and what the site promises about it."""

import re
from functools import cache
from pathlib import Path

import pytest

from digest import corpus, pages
from digest.corpus import Corpus
from digest.model import Item, Status

PROJECT = Path(__file__).parents[2]
CONTENT = PROJECT / "content"
FILES = sorted(path.relative_to(CONTENT).as_posix() for path in CONTENT.rglob("*.yml"))
ITEMS = [
    "bootstrapped-alignment",
    "broader-impact-requirements",
    "dreamerv2",
    "explaining-neural-scaling-laws",
    "universal-learning",
]


@cache
def _loaded() -> tuple[Corpus | None, dict[str, list[str]]]:
    loaded, problems = corpus.load(CONTENT, shown="content", packages=PROJECT)
    by_file: dict[str, list[str]] = {}
    for problem in problems:
        by_file.setdefault(problem.mark.path.removeprefix("content/"), []).append(str(problem))
    return loaded, by_file


def _corpus() -> Corpus:
    loaded, problems = _loaded()
    assert loaded is not None, problems
    return loaded


@pytest.mark.parametrize("file", FILES)
def test_file_has_no_problem(file: str) -> None:
    assert _loaded()[1].get(file, []) == []


def test_issue_140_has_its_five_items_in_the_order_of_the_newsletter() -> None:
    loaded = _corpus()
    items = [item.model.id for item in loaded.items_of(loaded.issues["an-140"])]
    assert items == [
        "explaining-neural-scaling-laws",
        "bootstrapped-alignment",
        "broader-impact-requirements",
        "dreamerv2",
        "universal-learning",
    ]


def test_stubs_of_the_issues_referred_to() -> None:
    stubs = {issue.model.number: issue.model for issue in _corpus().issues.values() if issue.model.stub}
    assert set(stubs) == {22, 51, 75, 83, 87, 139}
    assert {number for number, stub in stubs.items() if "title" in stub.unverified} == {22, 51}
    assert all(stubs[number].url is None for number in (51, 75, 83))
    assert all(stubs[number].url for number in (22, 87, 139))


@pytest.mark.parametrize("item_id", ITEMS)
def test_every_claim_says_how_we_know(item_id: str) -> None:
    item = _corpus().items[item_id].model
    assert item.claims
    for claim in item.claims:
        assert claim.status is not None
        assert claim.status is not Status.CITED or (claim.source and claim.source.place)


def test_exponents_are_derived_not_typed() -> None:
    """The exponents of the resolution-limited regime come from the calculator, in every text of the item."""
    item: Item = _corpus().items["explaining-neural-scaling-laws"].model
    texts = [item.takeaway, item.summary, *(claim.statement for claim in item.claims)]
    for text in texts:
        without_values = re.sub(r"\[\[[^\]]*\]\]", "", text)
        assert not re.search(r"\b[234]/d\b", without_values), without_values
    assert sum(text.count("[[") for text in texts) >= 15


def test_glossary_says_who_uses_a_letter_for_what() -> None:
    terms = [term for term in _corpus().glossary.model.terms if term.symbol]
    letters = {term.symbol for term in terms if term.uses}
    assert {"D", "P", "N", "w", "d", r"\alpha", "m", "q"} <= letters


def test_every_term_link_of_the_items_leads_to_a_definition_that_is_used() -> None:
    loaded = _corpus()
    linked = {link.target for text in loaded.texts.values() for link in text.links if link.scheme == "term"}
    assert linked <= {term.id for term in loaded.glossary.model.terms}
    assert len(linked) > 30


def test_descriptions_hold_no_markup() -> None:
    described = {page.url: page.description for page in pages.pages(_corpus())}
    assert "D^(−4/d)" in described["items/explaining-neural-scaling-laws/"]
    assert [url for url, text in described.items() if re.search(r"[\\{}$*<>]|\[\[", text)] == []
