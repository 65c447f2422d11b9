"""Addresses and the relative links between them."""

import pytest

from digest import addresses


@pytest.mark.parametrize(
    ("here", "there", "link"),
    [
        ("", "items/a/", "items/a/"),
        ("items/a/", "", "../../"),
        ("items/a/", "items/b/", "../b/"),
        ("items/a/", "items/a/#claim", "./#claim"),
        ("items/a/", "glossary/#width", "../../glossary/#width"),
        ("items/", "items/a/", "a/"),
        ("items/a/", "assets/x.js", "../../assets/x.js"),
        ("", "calculators/c/?d=8&q=1", "calculators/c/?d=8&q=1"),
        ("issues/an-1/", "issues/", "../"),
    ],
)
def test_relative(here: str, there: str, link: str) -> None:
    assert addresses.relative(here, there) == link


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("", "index.md"),
        ("items/a/", "items/a.md"),
        ("issues/", "issues/index.md"),
        ("topics/", "topics/index.md"),
        ("glossary/", "glossary.md"),
    ],
)
def test_file(url: str, file: str) -> None:
    assert addresses.file(url) == file


def test_addresses_of_links() -> None:
    assert addresses.address("item", "dreamerv2") == "items/dreamerv2/"
    assert addresses.address("term", "width") == "glossary/#width"
    assert addresses.with_settings("calculators/c/", {"loss": "a b", "d": "1/2"}) == "calculators/c/?loss=a+b&d=1%2F2"
