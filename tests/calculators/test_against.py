"""Every calculator says, for its predictions, what would count against them."""

import re

import pytest

from calculators import CATALOG

WITHOUT: set[str] = set()
"""Those that have not said it yet; one that has must leave the list."""


def test_the_list_of_those_without_is_up_to_date() -> None:
    assert {id_ for id_, calculator in CATALOG.items() if not calculator.against} == WITHOUT


@pytest.mark.parametrize("id_", sorted(set(CATALOG) - WITHOUT))
def test_what_would_count_against_it_is_said_in_sentences(id_: str) -> None:
    sentences = CATALOG[id_].against
    assert len(set(sentences)) == len(sentences) >= 2
    for sentence in sentences:
        assert re.fullmatch(r"[A-Z][^\n]{60,}\.", sentence), sentence
        # Science has no final confirmation, and a sentence that names no way to fail says nothing.
        assert not re.search(r"\b(confirm|prove|verif)(s|es|ed|ies|ied)\b.*\b(theory|law)\b", sentence), sentence
    text = " ".join(sentences)
    assert re.search(r"would (count against|refute|decide)", text)


@pytest.mark.parametrize("id_", sorted(set(CATALOG) - WITHOUT))
def test_a_size_is_named(id_: str) -> None:
    """A deviation counts from some size on: a share, standard errors, a factor, rounding, or an exact bound."""
    sizes = r"\d %|standard errors?|factor of|beyond rounding|relative difference|or more would refute|same order"
    assert re.search(sizes, " ".join(CATALOG[id_].against))
