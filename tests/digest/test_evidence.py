"""What the page on checking says is true: the tests exist, the counts are counted, nothing is left out."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from calculators import CATALOG
from calculators.derivation import Status, StepKind
from calculators.widget import Plan, plan
from digest import corpus, evidence, pages, render, widgets
from digest.pages import checked
from digest.pages.models import CheckedPage
from tests import golden_cases, steps

TESTS = Path(__file__).parents[1]

# Enough to see the counting, and quick to plan: with one choice, with several and with silences.
SAMPLES = ["imagination-budget", "kl-balancing", "normalised-score"]


def named() -> list[str]:
    """Every test that is named anywhere in the declaration."""
    found = [test for check in (*evidence.KINDS.values(), *evidence.COMMON) for test in check.tests]
    for entry in evidence.EVIDENCE.values():
        found += [*entry.steps, *entry.broken, *entry.javascript]
        found += [test for oracle in entry.oracles for test in oracle.tests]
    return sorted(set(found))


@cache
def defined(file: str) -> set[str]:
    """The test functions of a file."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("test", named())
def test_a_test_that_is_named_exists(test: str) -> None:
    file, _, name = test.partition("::")
    assert name in defined(file)


def test_every_calculator_has_its_tests_named() -> None:
    assert set(CATALOG) <= set(evidence.EVIDENCE)
    for id_, calculator in CATALOG.items():
        entry = evidence.EVIDENCE[id_]
        assert entry.steps and entry.javascript and entry.oracles, id_
        assert entry.broken, id_
        assert calculator.id == id_


def test_an_oracle_is_no_test_of_the_steps_or_of_the_javascript() -> None:
    for id_, entry in evidence.EVIDENCE.items():
        own = {*entry.steps, *entry.broken, *entry.javascript}
        assert not own & {test for oracle in entry.oracles for test in oracle.tests}, id_


def test_every_kind_and_every_status_is_explained() -> None:
    assert list(evidence.KINDS) == list(get_args(StepKind))
    assert list(evidence.STATUSES) == list(get_args(Status))
    assert {kind: check.title for kind, check in evidence.KINDS.items()} == dict(widgets.KINDS)


@cache
def planned(id_: str) -> Plan:
    return plan(CATALOG[id_])


@pytest.mark.parametrize("id_", SAMPLES)
def test_steps_are_counted_from_the_derivations(id_: str) -> None:
    """Counted again without the plan: a step counts once for each way in which it can read."""
    readings = {
        (step.id, step.kind, step.title, step.before, step.after, step.because)
        for chosen in steps.combinations(CATALOG[id_])
        for step in CATALOG[id_].derive(**chosen).steps
    }
    assert checked.steps_by_kind(planned(id_)) == Counter(kind for _, kind, *_ in readings)


@pytest.mark.parametrize("id_", SAMPLES)
def test_combinations_and_silences_are_counted(id_: str) -> None:
    derivations = [CATALOG[id_].derive(**chosen) for chosen in steps.combinations(CATALOG[id_])]
    silent = [derivation for derivation in derivations if derivation.result is None]
    assert checked.combinations(planned(id_)) == (len(derivations), len(silent))
    found = {derivation.result.status for derivation in derivations if derivation.result is not None}
    assert set(checked.statuses(planned(id_))) == found


@pytest.fixture
def small(tmp_path: Path) -> corpus.Corpus:
    content = golden_cases.lay_out(tmp_path, {})
    loaded, problems = corpus.load(content, shown="content", packages=golden_cases.PROJECT)
    assert loaded is not None, problems
    return loaded


def the_page(loaded: corpus.Corpus, repository: str | None) -> CheckedPage:
    return next(page for page in pages.pages(loaded, repository) if isinstance(page, CheckedPage))


def test_the_page_has_every_calculator_and_links_to_the_tests(small: corpus.Corpus) -> None:
    page = the_page(small, "https://git.example.org/digest/blob/main/")
    assert [line.id for line in page.calculators] == list(CATALOG)
    text = render.render(page)
    for test in named():
        file, _, name = test.partition("::")
        id_ = next((id_ for id_, entry in evidence.EVIDENCE.items() if test in str(entry)), None)
        if id_ is None or id_ in CATALOG:
            assert f'href="https://git.example.org/digest/blob/main/tests/{file}"' in text
            assert name.replace("_", "_<wbr>") in text
    for calculator in CATALOG.values():
        assert f"### {render.heading(calculator.title)} {{#{calculator.id}}}" in text
    assert text.count("No run of our own has measured it yet.") == len(CATALOG)


def test_without_a_repository_the_tests_are_copies_on_the_site(small: corpus.Corpus) -> None:
    text = render.render(the_page(small, None))
    copies = {kept.path: kept.content for kept in checked.files()}
    links = set(re.findall(r'href="(tests/[^"#]+)#:~:text=def%20(test_\w+)"', text))
    assert {name for _, name in links} >= {test.partition("::")[2] for test in named()}
    for file, name in links:
        assert f"def {name}(".encode() in copies[f"calculators/checked/{file}"]


def test_without_the_tests_they_are_named_with_their_files(
    small: corpus.Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "source", lambda file: None)
    text = render.render(the_page(small, None))
    assert list(checked.files()) == []
    assert 'href="tests/' not in text
    assert "tests/calculators/test_verify.py::test_<wbr>premises_<wbr>are_<wbr>not_<wbr>checked" in text
    assert "test_<wbr>premises_<wbr>are_<wbr>not_<wbr>checked" in text
    assert "blob/main" not in text
