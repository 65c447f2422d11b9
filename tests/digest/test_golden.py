"""Each golden case: the whole output of the check, in order."""

from pathlib import Path

import pytest

from digest import corpus
from tests import golden_cases


@pytest.mark.parametrize("name", ["_content", *golden_cases.names()])
def test_problems(name: str, tmp_path: Path) -> None:
    case = golden_cases.read(name)
    content = golden_cases.lay_out(tmp_path, case.files)
    loaded, problems = corpus.load(content, shown="content", packages=golden_cases.PROJECT)
    assert [str(problem) for problem in problems] == list(case.problems)
    assert (loaded is None) == bool(problems)


def test_every_rule_has_a_case() -> None:
    """A message of corpus or model that no case shows would be a rule that nothing tests."""
    shown = "\n".join(line for name in golden_cases.names() for line in golden_cases.read(name).problems)
    for words in (
        "missing key",
        "unknown key",
        "duplicate key",
        "must be plain text",
        "must say why in words",
        "must be text",
        "must be a list",
        "has no value",
        "must be a date that exists",
        "control character",
        "tab character",
        "anchor",
        "alias",
        "tag '",
        "merge key",
        "file is empty",
        "at most 256 kB",
        "nested too deeply",
        "one document",
        "starts a comment",
        "equals must be what",
        "formula does not parse",
        "HTML is not read",
        "must lead to a page",
        "did you mean",
        "must be unique",
        "no such kind of file",
        "unverified must name",
        "file is missing",
        "kind must be",
        "kind must have at least one row",
        "statement must be said once",
        "row must say where it comes from",
        "answers must be ids of other rows",
        "is indented deeper than",
        "where nothing above it begins",
        "a space is missing after the colon",
        "looks like a space and is none",
        "must be at most 400 characters",
        "sections must name each section once",
        "quantity must be a further output",
        "quantity must be left out",
        "asked for after the slash",
    ):
        assert words in shown, words
