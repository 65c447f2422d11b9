"""The page that says how the calculators are checked: tests by name, steps counted, what would count against each."""

from collections import Counter
from collections.abc import Iterator
from math import prod
from typing import get_args

from calculators import CATALOG
from calculators.derivation import Calculator, Status
from calculators.widget import Plan
from digest import addresses, evidence
from digest.pages.models import Anchor, CheckBox, CheckedCalculator, CheckedPage, Kept, NamedTest
from digest.pages.site import Site


def page(site: Site) -> CheckedPage:
    """The page on checking."""
    url = addresses.CHECKED
    plans = [site.corpus.blueprints[calculator.id].plan for calculator in CATALOG.values()]
    steps = sum((steps_by_kind(plan) for plan in plans), Counter[str]())
    return CheckedPage(
        url=url,
        title="How the calculators are checked",
        description="What is tested about each calculator and how, what is not, and what would count against it.",
        crumbs=(Anchor("Calculators", addresses.relative(url, addresses.FOLDERS["calculator"])),),
        folder=evidence.TESTS.rstrip("/"),
        folder_href=f"{site.repository}{evidence.TESTS}" if site.repository else None,
        kinds=tuple(
            CheckBox(check.title, check.text, _named(site, check.tests), steps[kind])
            for kind, check in evidence.KINDS.items()
        ),
        common=tuple(CheckBox(check.title, check.text, _named(site, check.tests)) for check in evidence.COMMON),
        unchecked=evidence.UNCHECKED,
        statuses=tuple(evidence.STATUSES.items()),
        calculators=tuple(_calculator(site, url, calculator) for calculator in CATALOG.values()),
    )


def steps_by_kind(plan: Plan) -> Counter[str]:
    """How many steps of each kind a calculator has; one that reads differently for some options counts again."""
    return Counter(variant.kind for step in plan.steps for variant in step.variants)


def statuses(plan: Plan) -> tuple[str, ...]:
    """What the results of a calculator are worth, in the order of the statuses."""
    found = {case.item.result.status for case in plan.cases if case.item.result is not None}
    found |= {verdict.status for verdict in plan.calculator.verdicts}
    return tuple(status for status in get_args(Status) if status in found)


def combinations(plan: Plan) -> tuple[int, int]:
    """How many combinations of its options a calculator has, and for how many of them the options leave no answer."""
    sizes = {choice.id: len(choice.options()) for choice in plan.calculator.choices}
    silent = sum(
        len(case.options) * prod(size for id_, size in sizes.items() if id_ not in case.choices)
        for case in plan.cases
        if case.item.result is None
    )
    return prod(sizes.values()), silent


def _calculator(site: Site, here: str, calculator: Calculator) -> CheckedCalculator:
    plan = site.corpus.blueprints[calculator.id].plan
    found = evidence.EVIDENCE[calculator.id]
    counted, (all_, silent) = steps_by_kind(plan), combinations(plan)
    groups = (
        ("Every step", "", found.steps),
        ("Steps made wrong on purpose", "", found.broken),
        ("JavaScript equals SymPy", found.javascript_note, found.javascript),
    )
    return CheckedCalculator(
        site.anchor(here, "calculator", calculator.id),
        calculator.id,
        statuses(plan),
        tuple((check.title, counted[kind]) for kind, check in evidence.KINDS.items()),
        all_,
        silent,
        tuple(CheckBox(title, note, _named(site, tests)) for title, note, tests in groups if tests),
        tuple(CheckBox("", oracle.text, _named(site, oracle.tests)) for oracle in found.oracles),
        calculator.against,
        tuple(_measured(here, site, calculator)),
    )


def _measured(here: str, site: Site, calculator: Calculator) -> list[Anchor]:
    """The runs of ours that measured what this calculator predicts."""
    runs = site.corpus.runs.values()
    return [site.anchor(here, "run", run.run.id) for run in runs if calculator.id in run.run.tests]


def files() -> Iterator[Kept]:
    """Copies of the tests that the page names, as plain text: there to be read where no repository is known."""
    named = {name for entry in evidence.EVIDENCE.values() for name in entry.tests}
    named |= {name for check in (*evidence.KINDS.values(), *evidence.COMMON) for name in check.tests}
    for file in sorted({name.partition("::")[0] for name in named}):
        if (content := evidence.source(file)) is not None:
            yield Kept(f"{addresses.CHECKED}{_copy(file)}", content)


def _copy(file: str) -> str:
    return f"{evidence.TESTS}{file}.txt"


def _named(site: Site, tests: tuple[str, ...]) -> tuple[NamedTest, ...]:
    found = []
    for test in tests:
        file, _, name = test.partition("::")
        path, href = f"{evidence.TESTS}{file}", None
        if site.repository:
            href = f"{site.repository}{path}"
        elif evidence.source(file) is not None:
            href = f"{_copy(file)}#:~:text=def%20{name}"  # a browser that knows such ends of addresses goes there
        found.append(NamedTest(name, path, href))
    return tuple(found)
