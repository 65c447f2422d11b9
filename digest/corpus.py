"""A content directory -> a `Corpus` in which every reference leads somewhere, or every problem at once.

Here are the rules that need more than one file: ids that must exist, claims that a calculator must bear out, formulas
that must parse. Nothing is rendered here; what costs time (results of calculators, MathML) is computed once and kept.
"""

import gc
import os
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel

from calculators import CATALOG
from calculators.derivation import Calculator, Derivation
from calculators.expressions import ExpressionError
from calculators.runs import RUNS
from calculators.runs.run import Run
from calculators.widget import Plan
from digest import markup
from digest.model import Check, Glossary, Issue, Item, Source, Table, Topics, is_id, markdown, validate
from digest.problems import Mark, Problem, did_you_mean, listed
from digest.records import RecordedRun, RunsReader
from digest.source import Document, Keys, read
from digest.typeset import MathFault, TypesetError, typeset
from digest.widgets import Blueprint, Line, Widgets, blueprint

K = TypeVar("K", Item, Issue, Topics, Glossary)
Settings = tuple[tuple[str, str], ...]


NEWSLETTER = "newsletter"  # what a claim's `source.paper` says for the newsletter itself
_ISSUE_FILE = "issue.yml"


@dataclass(frozen=True)
class Entry(Generic[K]):
    """One content file. `file` is its path from the content directory, with forward slashes."""

    file: str
    document: Document = field(repr=False)
    model: K
    broken: frozenset[Keys] = frozenset()  # where the model's own rules are broken; empty in a corpus


AnyEntry: TypeAlias = Entry[Item] | Entry[Issue] | Entry[Topics] | Entry[Glossary]


@dataclass(frozen=True)
class Corpus:
    """All content, with what its texts ask for already computed. Mappings are in the order of the pages.

    `texts` holds each Markdown text by file and keys; `derivations` each result by calculator and settings; `mathml`
    each formula by its LaTeX (with values put in) and whether it is displayed; `runs` those that have a record.
    """

    root: Path
    issues: Mapping[str, Entry[Issue]]
    items: Mapping[str, Entry[Item]]
    topics: Entry[Topics]
    glossary: Entry[Glossary]
    texts: Mapping[tuple[str, Keys], markup.Text] = field(repr=False)
    derivations: Mapping[tuple[str, Settings], Derivation] = field(repr=False)
    mathml: Mapping[Line, str] = field(repr=False)
    blueprints: Mapping[str, Blueprint] = field(repr=False)
    runs: Mapping[str, RecordedRun] = field(repr=False)
    declared: tuple[Run, ...] = field(repr=False)

    def issue_of(self, item: Entry[Item]) -> Entry[Issue]:
        """The issue in whose folder the item lies."""
        return self.issues[_folder(item.file)]

    def items_of(self, issue: Entry[Issue]) -> list[Entry[Item]]:
        """The issue's items, in the order of its sections."""
        return self._by_folder.get(_folder(issue.file), [])

    @property
    def plans(self) -> tuple[Plan, ...]:
        """What is known of the calculators before any number is set."""
        return tuple(blueprint.plan for blueprint in self.blueprints.values())

    @cached_property
    def widgets(self) -> Widgets:
        """The calculators as pages show them."""
        return Widgets(self.blueprints, self.mathml)

    @cached_property
    def _by_folder(self) -> Mapping[str, list[Entry[Item]]]:
        folders: dict[str, list[Entry[Item]]] = {}
        for item in self.items.values():
            folders.setdefault(_folder(item.file), []).append(item)
        return folders

    def derivation(self, calculator: str, settings: Mapping[str, str]) -> Derivation:
        """The derivation for settings that stand in the content."""
        return self.derivations[calculator, tuple(settings.items())]

    def value_latex(self, value: markup.Value) -> str:
        """A value's result as LaTeX, for a formula that asks for it."""
        return self.derivations[value.calculator, value.settings].answer.output(value.quantity).latex_inline

    def formula(self, formula: markup.Formula) -> str:
        """A formula of a text as MathML."""
        return self.mathml[markup.expand(formula, self.value_latex), formula.display]


def load(
    root: Path, *, shown: str, packages: Path, declared: Sequence[Run] = RUNS
) -> tuple[Corpus | None, tuple[Problem, ...]]:
    """The corpus in `root` and no problem, or None and every problem, sorted.

    Args:
        root: the content directory.
        shown: its path as contributors know it.
        packages: the directory that holds `node_modules`, for Temml, and `.cache`, for what takes long.
        declared: every run that can have records.

    Raises:
        digest.typeset.TypesetError: Node or Temml is missing, and nothing else is wrong.
    """
    loader, checker = _examined(root, shown, packages, declared)
    found = {*loader.problems, *checker.problems}
    # What a page shows of the calculators takes seconds, and no page is made while there are problems.
    blueprints = {} if found else {id_: blueprint(calculator) for id_, calculator in CATALOG.items()}
    shown_formulas = [line for plan in blueprints.values() for line in plan.formulas()]
    lines, problems = _typeset(checker, found, [*checker.formulas, *shown_formulas], shown, packages)
    if problems or loader.topics is None or loader.glossary is None:
        return None, problems
    mathml = {line: answer for line, answer in lines.items() if isinstance(answer, str)}
    corpus = Corpus(
        root,
        dict(sorted(loader.issues.items(), key=lambda pair: -pair[1].model.number)),
        dict(sorted(loader.items.items(), key=lambda pair: loader.order(pair[1]))),
        loader.topics,
        loader.glossary,
        checker.texts,
        checker.derivations,
        mathml,
        blueprints,
        loader.records.runs,
        tuple(declared),
    )
    return corpus, ()


def problems(root: Path, *, shown: str, packages: Path) -> tuple[Problem, ...]:
    """Every problem in `root`, sorted; arguments and errors as those of `load`, without what only pages need."""
    loader, checker = _examined(root, shown, packages, RUNS)
    return _typeset(checker, {*loader.problems, *checker.problems}, checker.formulas, shown, packages)[1]


def _examined(root: Path, shown: str, packages: Path, declared: Sequence[Run]) -> "tuple[_Loader, _Checker]":
    """All files of `root`, read and checked against each other."""
    with collection_paused():
        loader = _Loader(root, shown, declared, packages / ".cache" / "records")
        loader.load()
        checker = _Checker(loader)
        checker.check()
    return loader, checker


def _typeset(
    checker: "_Checker", found: Collection[Problem], formulas: Iterable[Line], shown: str, packages: Path
) -> tuple[Mapping[Line, str | MathFault], tuple[Problem, ...]]:
    """The formulas as MathML, and `found` with a problem for each formula of a text that does not parse."""
    try:
        lines = typeset(formulas, packages)
    except TypesetError as error:
        if not found:
            raise
        return {}, (not_typeset(shown, error), *sorted(found))
    return lines, tuple(sorted({*found, *checker.math_problems(lines)}))


def not_typeset(path: str, error: TypesetError) -> Problem:
    """What is said of `path` when its formulas could not be looked at, beside the problems that were found anyway."""
    return Problem(Mark(path), f"formulas were not checked: {error}")


@contextmanager
def collection_paused() -> Iterator[None]:
    """Without searches for garbage in cycles: what makes millions of objects that stay, and hardly a cycle, is held up
    by them for a third of its time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def check_file(file: Path, shown: str, *, content: Path, packages: Path) -> tuple[Problem, ...]:
    """The problems of one file that lies outside of a content directory, checked as if it were to join `content`.

    Args:
        file: `topics.yml`, `glossary.yml`, `issue.yml`, or else an item.
        shown: its path in the problems.
        content: the content whose topics, terms, items and issues it may name.
        packages: the directory that holds `node_modules`.

    Raises:
        digest.typeset.TypesetError: Node or Temml is missing, and nothing else is wrong.
    """
    loader = _Loader(content, shown)
    loader.load()
    loader.problems.clear()
    guest = loader.guest(file, shown)
    checker = _Checker(loader)
    if guest is not None:
        checker.entry(guest)
    return _typeset(checker, {*loader.problems, *checker.problems}, checker.formulas, shown, packages)[1]


class _Loader:
    """Reads each file by itself. Ids of files that did not load count as known, so that one mistake is one line."""

    def __init__(self, root: Path, shown: str, declared: Sequence[Run] = RUNS, kept: Path | None = None) -> None:
        self.root = root
        self.shown = shown
        self.records = RunsReader(root / "runs", posixpath.join(shown, "runs"), declared, kept)
        self.problems: list[Problem] = []
        self.issues: dict[str, Entry[Issue]] = {}
        self.items: dict[str, Entry[Item]] = {}
        self.topics: Entry[Topics] | None = None
        self.glossary: Entry[Glossary] | None = None
        self.broken: set[str] = set()

    def load(self) -> None:
        for name in ("topics.yml", "glossary.yml"):
            if not (self.root / name).exists():
                self.problems.append(Problem(Mark(posixpath.join(self.shown, name)), "file is missing"))
        for path in sorted(self.root.rglob("*")):
            file = path.relative_to(self.root).as_posix()
            if _is_source(path, file):
                self._load(path, file)
        self.records.read()
        self.problems += self.records.problems
        if not any(file.endswith(_ISSUE_FILE) for file in self.broken) and not any(
            not issue.model.stub for issue in self.issues.values()
        ):
            rule = "there must be at least one issue that is no stub: issues/<issue>/issue.yml"
            self.problems.append(Problem(Mark(posixpath.join(self.shown, "issues")), rule))

    def order(self, item: Entry[Item]) -> tuple[int, int, str]:
        """Newest issue first, then the issue's sections, then the id."""
        issue = self.issues[_folder(item.file)].model
        return -issue.number, issue.sections.index(item.model.section), item.model.id

    def _load(self, path: Path, file: str) -> None:
        if path.is_symlink() and (path.is_dir() or not self._holds(path)):
            # What lies outside could be anything, and messages quote what they find.
            rule = "content must lie here itself, and links to other places are not followed; got a symbolic link"
            self.problems.append(Problem(Mark(posixpath.join(self.shown, file)), rule))
            self.broken.add(file)
            return
        match file.split("/"):
            case ["topics.yml"]:
                self.topics = self._entry(path, file, Topics)
            case ["glossary.yml"]:
                self.glossary = self._entry(path, file, Glossary)
            case ["issues", folder, "issue.yml"]:
                issue = self._entry(path, file, Issue)
                if issue:
                    self._named(issue, folder, "folder")
                    self.issues[folder] = issue
            case ["issues", _, name] if name.endswith(".yml"):
                item = self._entry(path, file, Item)
                if item:
                    self._named(item, name.removesuffix(".yml"), "file")
                    self._add_item(item, name.removesuffix(".yml"))
            case ["issues", _, _] if path.suffix.lower() in (".yml", ".yaml"):
                rule = f"name must end in .yml; rename it to {path.stem}.yml"
                self.problems.append(Problem(Mark(posixpath.join(self.shown, file)), rule))
            case _:
                rule = "no such kind of file here; items are issues/<issue>/<item>.yml"
                self.problems.append(Problem(Mark(posixpath.join(self.shown, file)), rule))

    def _holds(self, path: Path) -> bool:
        """Whether a link leads to a place inside the content; `realpath`, for links that lead to themselves."""
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root))

    def guest(self, path: Path, shown: str) -> AnyEntry | None:
        """A file from elsewhere, read by its name; the content's own file of that name steps back."""
        match path.name:
            case "topics.yml":
                self.topics = self._entry(path, path.name, Topics, shown)
                return self.topics
            case "glossary.yml":
                self.glossary = self._entry(path, path.name, Glossary, shown)
                return self.glossary
            case "issue.yml":
                return self._entry(path, path.name, Issue, shown)
        item = self._entry(path, path.name, Item, shown)
        if item:
            self._named(item, path.stem, "file")
            self.items[path.stem] = item
        return item

    def _entry(self, path: Path, file: str, kind: type[K], shown: str = "") -> Entry[K] | None:
        document, problems = read(path, shown or posixpath.join(self.shown, file))
        self.problems += problems
        if document is not None:
            model, problems, broken = validate(document, kind)
            self.problems += problems
            if model is not None:
                return Entry(file, document, model, broken)
        self.broken.add(file)
        return None

    def _named(self, entry: Entry[Item] | Entry[Issue], name: str, what: str) -> None:
        if not is_id(name):
            rule = f"the {what}'s name must be lower-case words joined by hyphens, like 'neural-scaling'; got {name!r}"
            self.problems.append(Problem(Mark(entry.document.path), rule))
        elif entry.model.id != name and ("id",) not in entry.broken:
            rule = f"id must be the {what}'s name, {name!r}; got {entry.model.id!r}"
            self.problems.append(entry.document.problem(("id",), rule))

    def _add_item(self, item: Entry[Item], name: str) -> None:
        other = self.items.setdefault(name, item)
        if other is not item:
            rule = f"id must be unique on the site; {name!r} is also {posixpath.join(self.shown, other.file)}"
            self.problems.append(item.document.problem(("id",), rule))


def _is_source(path: Path, file: str) -> bool:
    """Whether a file is to be read, or refused aloud: YAML anywhere, and whatever lies among the issues, where a wrong
    ending would otherwise pass in silence. Not what editors and systems leave behind, nor records of runs.
    """
    if path.name.startswith((".", "#")) or path.name.endswith("~") or file.startswith("runs/"):
        return False
    return path.suffix.lower() in (".yml", ".yaml") or (
        file.startswith("issues/") and (path.is_symlink() or not path.is_dir())
    )


def _folder(file: str) -> str:
    return file.rpartition("/")[0].rpartition("/")[2]


def _ids_of(entry: AnyEntry | None, name: str) -> frozenset[str] | None:
    """The ids that a file's list `name` gives, or will give once its mistakes are corrected. None: this is not known.

    A mistake in one entry does not hide that another id is missing, and an id that is only written wrongly is a problem
    where it stands, not at each place that names it rightly.
    """
    if entry is None or (name,) in entry.document.repeated | entry.document.doubtful:
        return None
    data = entry.document.data
    typed = data.get(name) if isinstance(data, dict) else None
    if typed is None:
        return None
    found: set[str] = set()
    for part in typed if isinstance(typed, list) else [typed]:
        id_ = part.get("id") if isinstance(part, dict) else part
        if isinstance(id_, str):
            found |= {id_} if is_id(id_) else {"-".join(re.findall("[a-z0-9]+", id_.casefold()))}
    return frozenset(found)


def _texts_at(entry: AnyEntry, name: str) -> list[str]:
    """The texts of a file's list `name` as they are typed, stripped."""
    data = entry.document.data
    typed = data.get(name) if isinstance(data, dict) else None
    return [text.strip() for text in (typed if isinstance(typed, list) else [typed]) if isinstance(text, str)]


def _no_output(derivation: Derivation, quantity: str | None) -> str:
    """What a further output must be, and what was asked for; empty when it is there, none is asked for, or there is no
    answer at all.
    """
    if quantity is None or derivation.result is None:
        return ""
    outputs = [output.id for output in derivation.result.quantities]
    if quantity in outputs:
        return ""
    if not outputs:
        return f"left out, since {derivation.calculator} has no further outputs for these settings; got {quantity!r}"
    rule = f"a further output of {derivation.calculator} for these settings, {listed(outputs)}"
    return f"{rule}; got {quantity!r}{did_you_mean(quantity, outputs)}"


class _Checker:
    """The rules between files, and the results and formulas that texts ask for."""

    def __init__(self, loader: _Loader) -> None:
        self.loader = loader
        self.problems: list[Problem] = []
        self.texts: dict[tuple[str, Keys], markup.Text] = {}
        self.derivations: dict[tuple[str, Settings], Derivation] = {}
        self.formulas: dict[Line, None] = {}
        self._places: list[tuple[Line, Document, Keys, markup.Text, markup.Formula]] = []
        stems = {Path(file).stem for file in loader.broken if file.count("/") == 2 and not file.endswith(_ISSUE_FILE)}
        folders = {_folder(file) for file in loader.broken if file.endswith(_ISSUE_FILE)}
        # None: the file that lists them did not load, so nothing can be said about them.
        self.known: dict[str, frozenset[str] | None] = {
            "item": frozenset(loader.items) | stems,
            "issue": frozenset(loader.issues) | folders,
            "topic": _ids_of(loader.topics, "topics"),
            "term": _ids_of(loader.glossary, "terms"),
            "calculator": frozenset(CATALOG),
            "run": frozenset(loader.records.runs) | loader.records.broken,
        }

    def check(self) -> None:
        """Check all files that loaded."""
        loader = self.loader
        for entry in (loader.topics, loader.glossary, *loader.issues.values(), *loader.items.values()):
            if entry is not None:
                self.entry(entry)
                if isinstance(entry.model, Item):
                    self._section(entry)

    def entry(self, entry: AnyEntry) -> None:
        """Check one file against the others."""
        match entry.model:
            case Topics():
                self._unique(entry, "topics")
                self._texts(entry)
            case Glossary():
                self._glossary(entry)
            case Issue():
                self._issue(entry)
            case Item():
                self._item(entry)

    def math_problems(self, lines: Mapping[Line, str | MathFault]) -> Iterator[Problem]:
        """A problem for each place of a formula that does not parse."""
        for line, document, keys, text, formula in self._places:
            answer = lines[line]
            if isinstance(answer, MathFault):
                offset = markup.locate(formula, self._latex, answer.position)
                yield Problem(document.mark_in(keys, text.source, offset), f"formula does not parse: {answer.message}")
        for entry in filter(None, [self.loader.glossary]):
            for index, term in enumerate(entry.model.terms):
                symbol = lines.get((term.symbol, False)) if term.symbol else None
                if isinstance(symbol, MathFault):
                    keys = ("terms", index, "symbol")
                    yield entry.document.problem(keys, f"formula does not parse: {symbol.message}")

    def _glossary(self, glossary: Entry[Glossary]) -> None:
        self._unique(glossary, "terms")
        self._texts(glossary)
        for index, term in enumerate(glossary.model.terms):
            if term.symbol:
                self.formulas[term.symbol, False] = None
            self._ids(glossary, ("terms", index, "see"), term.see, "term", "ids of terms in glossary.yml")

    def _issue(self, issue: Entry[Issue]) -> None:
        model = issue.model
        self._texts(issue)
        self._unverified(issue, (), model, model.unverified)
        self._once(issue, "sections", "section")
        if not {("id",), ("number",)} & issue.broken and model.id != f"an-{model.number}":
            rule = f"number must be that of the id {model.id!r}; got {str(model.number)!r}"
            self.problems.append(issue.document.problem(("number",), rule))
        if model.stub and any(_folder(item.file) == model.id for item in self.loader.items.values()):
            rule = "stub must be false: the folder holds items of this issue; got 'true'"
            self.problems.append(issue.document.problem(("stub",), rule))
        for key in ("date", "sections", "summary"):
            if not model.stub and not getattr(model, key) and (key,) not in issue.broken:
                self.problems.append(issue.document.problem((), f"missing key {key!r}: only a stub may leave it out"))

    def _item(self, item: Entry[Item]) -> None:
        model, document = item.model, item.document
        self._texts(item)
        self._ids(item, ("topics",), model.topics, "topic", "ids from topics.yml")
        self._ids(item, ("runs",), model.runs, "run", "ids of folders in runs/")
        for index, mention in enumerate(model.mentions):
            self._ids(item, ("mentions", index, "issue"), [mention.issue], "issue", "the id of a folder in issues/")
        for name in ("claims", "notes"):
            self._unique(item, name)
        for index, paper in enumerate(model.papers):
            self._unverified(item, ("papers", index), paper, paper.unverified)
        for name in ("topics", "runs"):
            self._once(item, name)
        first: dict[object, int] = {}
        for index, embed in enumerate(model.calculators):
            keys: Keys = ("calculators", index)
            if not self._known(document, (*keys, "id"), "calculators", embed.id, "calculator", "ids of calculators"):
                continue
            for name, rule in _unlisted(CATALOG[embed.id], tuple(embed.settings.items())):
                self.problems.append(document.problem((*keys, "settings", name), rule))
            derivation = self._derive(document, keys, embed.id, tuple(embed.settings.items()))
            if derivation is None:
                continue
            line = document.mark((*keys, "id")).line
            if index != first.setdefault((embed.id, derivation.settings, derivation.choices), index):
                before = document.mark(("calculators", first[embed.id, derivation.settings, derivation.choices], "id"))
                where = "" if before.line == line else f" on line {before.line}"
                rule = f"calculators must differ in id or settings; {embed.id!r} is there{where} with the same settings"
                self.problems.append(document.problem((*keys, "id"), rule))
        self._claims(item)
        if model.table:
            self._table(item, model.table)

    def _section(self, item: Entry[Item]) -> None:
        folder = _folder(item.file)
        issue = self.loader.issues.get(folder)
        if issue is None:
            if self.loader.root / "issues" / folder / _ISSUE_FILE not in self._broken_paths():
                rule = f"folder {folder!r} has no issue.yml"
                self.problems.append(Problem(Mark(item.document.path), rule))
            return
        sections = [section for section in issue.model.sections if section]
        typed = {text for text in _texts_at(issue, "sections") if text not in sections}
        # An entry with a mistake may be the very one that is named here.
        if sections and not typed and item.model.section and item.model.section not in sections:
            rule = f"section must be one of {folder}'s sections, {listed(sections)}; got {item.model.section!r}"
            hint = did_you_mean(item.model.section, sections)
            self.problems.append(item.document.problem(("section",), rule + hint))

    def _broken_paths(self) -> set[Path]:
        return {self.loader.root / file for file in self.loader.broken}

    def _claims(self, item: Entry[Item]) -> None:
        for index, claim in enumerate(item.model.claims):
            keys: Keys = ("claims", index)
            if claim.status is None and not any(at[:2] == keys for at in item.broken):
                rule = (
                    "claim must say how we know: give it a source, a check, a measurement, or say why it is unverified"
                )
                self.problems.append(item.document.problem(keys, rule))
            self._source(item, (*keys, "source"), claim.source)
            if claim.measured and (fault := self._unmeasured(*claim.measured.split("/"))):
                self.problems.append(item.document.problem((*keys, "measured"), f"measured {fault}"))
            if claim.check and not any(at[:3] == (*keys, "check") for at in item.broken):
                self._check(item.document, (*keys, "check"), claim.check)

    def _source(self, item: Entry[Item], keys: Keys, source: Source | None) -> None:
        papers = _ids_of(item, "papers")
        if papers is not None and source and source.paper and source.paper not in papers | {NEWSLETTER}:
            rule = f"paper must be the id of one of this item's papers or {NEWSLETTER!r}; got {source.paper!r}"
            hint = did_you_mean(source.paper, [*sorted(papers), NEWSLETTER])
            self.problems.append(item.document.problem((*keys, "paper"), rule + hint))

    def _table(self, item: Entry[Item], table: Table) -> None:
        """The rules of a structured table: its rows name kinds and rows that are there, and say who says them."""
        document, at = item.document, ("table",)
        for name, parts in (("kinds", table.kinds), ("rows", table.rows)):
            self._unique_parts(item, (*at, name), parts)
        kinds = [*dict.fromkeys(kind.id for kind in table.kinds if kind.id)]
        rows = [row.id for row in table.rows]
        sound = not any(broken[:2] in (("table", "rows"), ("table",)) for broken in item.broken)
        for index, kind in enumerate(table.kinds):
            if sound and kind.id and not any(row.kind == kind.id for row in table.rows):
                rule = f"kind must have at least one row; {kind.id!r} has none"
                self.problems.append(document.problem((*at, "kinds", index, "id"), rule))
        first: dict[str, int] = {}
        for index, row in enumerate(table.rows):
            keys: Keys = (*at, "rows", index)
            if row.kind and kinds and row.kind not in kinds:
                rule = f"kind must be {listed(kinds)}; got {row.kind!r}{did_you_mean(row.kind, kinds)}"
                self.problems.append(document.problem((*keys, "kind"), rule))
            said = " ".join(row.statement.casefold().split())
            before = first.setdefault(said, index)
            if said and before != index:
                line = document.mark((*at, "rows", before, "statement")).line
                rule = f"statement must be said once in rows; line {line} says the same"
                self.problems.append(document.problem((*keys, "statement"), rule))
            if not row.source and not row.unverified and not any(broken[:3] == keys for broken in item.broken):
                rule = "row must say where it comes from: give it a source, or say why it is unverified"
                self.problems.append(document.problem(keys, rule))
            self._source(item, (*keys, "source"), row.source)
            others = [other for other in rows if other != row.id]
            for place, answered in enumerate(row.answers):
                if answered and answered not in others:
                    rule = f"answers must be ids of other rows; got {answered!r}{did_you_mean(answered, others)}"
                    self.problems.append(document.problem((*keys, "answers", place), rule))

    def _check(self, document: Document, keys: Keys, check: Check) -> None:
        calculator_keys = (*keys, "calculator")
        if not self._known(
            document, calculator_keys, "calculator", check.calculator, "calculator", "a calculator's id"
        ):
            return
        settings = tuple(check.settings.items())
        derivation = self._derive(document, keys, check.calculator, settings)
        if derivation is None:
            return
        if fault := _no_output(derivation, check.quantity):
            self.problems.append(document.problem((*keys, "quantity"), f"quantity must be {fault}"))
            return
        try:
            same = CATALOG[check.calculator].same(derivation, check.equals, check.quantity)
        except ExpressionError as error:
            rule = f"equals must be an expression like 4/d or 1/2: {error}"
            self.problems.append(document.problem((*keys, "equals"), rule))
            return
        if not same:
            shown = " ".join(f"{name}={value}" for name, value in settings)
            answer = f"no answer: {derivation.silence}"
            if derivation.result:
                answer = f"'{derivation.result.output(check.quantity).text}'"
            what = f" as {check.quantity}" if check.quantity else ""
            rule = f"equals must be what {check.calculator} gives{what} for {shown}, {answer}"
            self.problems.append(document.problem((*keys, "equals"), f"{rule}; got {check.equals!r}"))
        elif check.quantity is None and derivation.steps[-1].kind == "premise":
            # What a theorem says in its last step is cited, however it was led up to. Further outputs end elsewhere.
            rule = f"check must be of a result that is derived; the last step of {check.calculator} is assumed here"
            self.problems.append(document.problem(keys, rule))

    def _derive(self, document: Document, keys: Keys, calculator: str, settings: Settings) -> Derivation | None:
        """The derivation for settings in the content, or None and its problems."""
        wrong = CATALOG[calculator].problems(dict(settings))
        for error in wrong:
            self.problems.append(document.problem((*keys, "settings", error.parameter), str(error)))
        return None if wrong else self._computed(CATALOG[calculator], settings)

    def _computed(self, calculator: Calculator, settings: Settings) -> Derivation:
        key = (calculator.id, settings)
        if key not in self.derivations:
            derivation = calculator.derive(**dict(settings))
            self.derivations[key] = derivation
            if derivation.result is not None:
                for output in (derivation.result, *derivation.result.quantities):
                    self.formulas[output.latex_inline, False] = None
        return self.derivations[key]

    def _latex(self, value: markup.Value) -> str:
        return self.derivations[value.calculator, value.settings].answer.output(value.quantity).latex_inline

    def _texts(self, entry: Entry[K]) -> None:
        for keys, source, inline in markdown(entry.model):
            text = markup.parse(source, inline=inline)
            self.texts[entry.file, keys] = text
            self._text(entry.document, keys, text)

    def _text(self, document: Document, keys: Keys, text: markup.Text) -> None:
        def problem(offset: int, message: str) -> None:
            self.problems.append(Problem(document.mark_in(keys, text.source, offset), message))

        for fault in text.faults:
            problem(fault.offset, fault.message)
        for link in text.links:
            known = self.known.get(link.scheme) if link.internal else None
            if known is not None and link.target not in known:
                rule = f"{link.scheme}: must lead to a page of this site; got {link.target!r}"
                problem(link.offset, rule + did_you_mean(link.target, known))
        for value in text.values:
            calculator = CATALOG.get(value.calculator)
            if calculator is None:
                rule = f"a value must name a calculator; got {value.calculator!r}"
                problem(value.offset, rule + did_you_mean(value.calculator, CATALOG))
                continue
            wrong = calculator.problems(dict(value.settings))
            for error in wrong:
                problem(value.offset, str(error))
            if wrong:
                continue
            derivation = self._computed(calculator, value.settings)
            result = derivation.result
            if result is None:
                problem(value.offset, f"a value must have an answer; the calculator says: {derivation.silence}")
            elif absent := _no_output(derivation, value.quantity):
                problem(value.offset, f"what is asked for after the slash must be {absent}")
            elif value.form == "decimal" and result.output(value.quantity).decimal is None:
                problem(value.offset, "a value has a decimal form only when every letter in it is set")
        for measured in text.measured:
            if unknown := self._unmeasured(measured.run, measured.metric):
                problem(measured.offset, f"a measured value {unknown}")
        self._formulas(document, keys, text)

    def _unmeasured(self, run: str, metric: str) -> str | None:
        """What is wrong with the name of a metric; None when it is measured, or its run's records are broken."""
        records = self.loader.records
        if run in records.broken:
            return None
        if run not in records.runs:
            return f"must begin with the id of a run that has a record; got {run!r}{did_you_mean(run, records.runs)}"
        metrics = records.runs[run].lead.metrics
        if metric not in metrics:
            return f"must name one of the metrics of {run}; got {metric!r}{did_you_mean(metric, metrics)}"
        return None

    def _formulas(self, document: Document, keys: Keys, text: markup.Text) -> None:
        for formula in text.formulas:
            if not all(self._has(value) for value in formula.values):
                continue  # the value is a problem already; the formula cannot be typeset without it
            line = (markup.expand(formula, self._latex), formula.display)
            self.formulas[line] = None
            self._places.append((line, document, keys, text, formula))

    def _has(self, value: markup.Value) -> bool:
        derivation = self.derivations.get((value.calculator, value.settings))
        return bool(derivation and derivation.result and not _no_output(derivation, value.quantity))

    def _ids(self, entry: Entry[K], keys: Keys, ids: Sequence[str], scheme: str, rule: str) -> None:
        name = next(str(key) for key in reversed(keys) if isinstance(key, str))
        for index, id_ in enumerate(ids):
            at = (*keys, index) if (*keys, index) in entry.document.values else keys
            self._known(entry.document, at, name, id_, scheme, rule)

    def _known(self, document: Document, keys: Keys, name: str, id_: str, scheme: str, rule: str) -> bool:
        known = self.known[scheme]
        if known is None or not id_ or id_ in known:
            return bool(known and id_)
        self.problems.append(document.problem(keys, f"{name} must be {rule}; got {id_!r}{did_you_mean(id_, known)}"))
        return False

    def _once(self, item: Entry[K], name: str, what: str = "id") -> None:
        """A problem for each id of a list that the list has already."""
        ids: Sequence[str] = getattr(item.model, name)
        for index, id_ in enumerate(ids):
            if id_ and id_ in ids[:index]:
                rule = f"{name} must name each {what} once; got {id_!r} again"
                self.problems.append(item.document.problem((name, index), rule))

    def _unique(self, entry: Entry[K], name: str) -> None:
        """A problem for each entry of a list whose id an earlier one has."""
        self._unique_parts(entry, (name,), getattr(entry.model, name))

    def _unique_parts(self, entry: Entry[K], at: Keys, parts: Iterable[Any]) -> None:
        name = at[-1]
        first: dict[str, int] = {}
        for index, part in enumerate(parts):
            keys = (*at, index, "id")
            before = first.setdefault(part.id, index)
            if part.id and before != index:
                line = entry.document.mark((*at, before, "id")).line
                rule = f"id must be unique in {name}; {part.id!r} is already on line {line}"
                self.problems.append(entry.document.problem(keys, rule))

    def _unverified(self, entry: Entry[K], keys: Keys, model: BaseModel, names: Sequence[str]) -> None:
        known = [name for name in type(model).model_fields if name not in ("id", "unverified", "kind")]
        for index, name in enumerate(names):
            if name not in known or not getattr(model, name):
                rule = f"unverified must name keys that are given here; got {name!r}"
                hint = did_you_mean(name, set(known) - {name})
                self.problems.append(entry.document.problem((*keys, "unverified", index), rule + hint))


def _unlisted(calculator: Calculator, settings: Settings) -> Iterator[tuple[str, str]]:
    """(name, what is wrong) for each choice that is an expression: a page has lists, and could not show it again."""
    choices = {choice.id: choice for choice in calculator.choices if choice.free is not None}
    for name, value in settings:
        listed = [option.id for option in choices[name].options()] if name in choices else [str(value)]
        if str(value).strip() not in listed and not calculator.problems({name: value}):
            rule = f"{name} must be in the list that a page shows, one of {', '.join(listed)}"
            yield name, f"{rule}; got {str(value)!r}, which the shell and Python take"
