"""Page models: what the templates see, already computed, linked and in order.

A template sees one of these and nothing else. Text that came from contributors is sanitised HTML by now (`Markup`);
everything else is plain text that the template escapes.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from markupsafe import Markup

from calculators.runs.run import Sheet
from digest import addresses
from digest.scores import ScoreTable
from digest.widgets import Widget


@dataclass(frozen=True)
class Anchor:
    """A link: its text and its address relative to the page that shows it."""

    title: str
    href: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What every page has. `source` is its content file, None for pages that several files make."""

    template: ClassVar[str]
    url: str
    title: str
    description: str
    source: str | None = None
    crumbs: tuple[Anchor, ...] = ()

    @property
    def file(self) -> str:
        """The path of the page's Markdown file."""
        return addresses.file(self.url)

    def link(self, url: str) -> str:
        """The link from this page to another."""
        return addresses.relative(self.url, url)


@dataclass(frozen=True)
class Count:
    """How many claims have a status."""

    status: str
    number: int


@dataclass(frozen=True)
class Card:
    """An item in a list of items."""

    id: str
    title: str
    href: str
    takeaway: Markup
    section: str
    counts: tuple[Count, ...]
    calculators: int
    runs: int


@dataclass(frozen=True)
class Citation:
    """A paper as the page cites it, with its identifiers as links and those that we could not check."""

    kind: str
    title: str
    authors: str
    where: str
    links: tuple[Anchor, ...]
    unverified: tuple[str, ...]
    bibtex: str


@dataclass(frozen=True)
class Kept:
    """A file that the site offers for download."""

    path: str
    content: bytes


@dataclass(frozen=True)
class MetricRow:
    """A measured number beside what theory predicts. `interval` and `note` are empty where there is none;
    `rounded`: the prediction is shown as a decimal, which is not all of it.
    """

    id: str
    title: str
    symbol: str
    measured: str
    interval: str
    predicted: Markup | None
    rounded: bool
    decimal: str
    bound: bool
    verdict: str
    seeds: int
    note: str
    href: str


@dataclass(frozen=True)
class PointRow:
    """A point of a figure."""

    series: str
    x: str
    y: str
    interval: str
    left_out: str


@dataclass(frozen=True)
class FigureView:
    """A figure: its drawing for a column and for a phone, and its numbers.

    `hollow`: what its hollow points are; `left_out`: their kinds, and which points.
    """

    id: str
    title: str
    alt: str
    x_title: str
    y_title: str
    wide: Markup
    narrow: Markup
    hollow: str
    left_out: tuple[tuple[str, str], ...]
    points: tuple[PointRow, ...]
    download: Anchor


@dataclass(frozen=True)
class Tally:
    """How many measured numbers have a verdict."""

    verdict: str
    number: int


@dataclass(frozen=True)
class Fact:
    """A line of a record: what, and its value, with a link where it leads somewhere."""

    name: str
    value: str
    href: str = ""
    code: bool = False


@dataclass(frozen=True)
class FileLine:
    """A file of a record."""

    name: str
    href: str
    note: str
    sha256: str


@dataclass(frozen=True)
class RecordView:
    """A record: what came out, and what it was measured with. `made` says on what, in words. `unchanged`: the code is
    that which measured; `replayed`: it is not, and its replay agreed within `tolerance`, in words.
    """

    kind: str
    made: str
    answer: str
    figures: tuple[FigureView, ...]
    metrics: tuple[MetricRow, ...]
    tallies: tuple[Tally, ...]
    downloads: tuple[Anchor, ...]
    facts: tuple[Fact, ...]
    configuration: tuple[Fact, ...]
    files: tuple[FileLine, ...]
    unchanged: bool
    replayed: bool
    tolerance: str
    limits: tuple[str, ...]
    sheets: tuple[Sheet, ...] = ()


@dataclass(frozen=True)
class Beside:
    """The small version of a run, for the pages of what it tests. `more`: numbers that only the run's page shows."""

    title: str
    question: str
    answer: str
    href: str
    kind: str
    made: str
    figure: FigureView | None
    metrics: tuple[MetricRow, ...]
    tallies: tuple[Tally, ...]
    more: int


@dataclass(frozen=True)
class ClaimRow:
    """A claim with how we know it. `check` says what the build computed, `measured` what a run gave; `where` leads to
    the item's claim.
    """

    id: str
    statement: Markup
    kind: str
    status: str
    source: str
    check: Markup | None
    measured: MetricRow | None
    reason: str | None
    where: Anchor


@dataclass(frozen=True)
class NoteBox:
    """A note or an erratum."""

    id: str
    kind: str
    about: str
    text: Markup


@dataclass(frozen=True)
class TableLine:
    """A row of a structured table. `status`: cited, or unverified with its reason."""

    id: str
    kind: str
    kind_title: str
    statement: Markup
    answers: tuple[Anchor, ...]
    source: str
    status: str
    reason: str | None


@dataclass(frozen=True)
class TableBox:
    """A structured table; `kinds` has the id, the title and the number of rows of each."""

    title: str
    about: Markup | None
    kinds: tuple[tuple[str, str, int], ...]
    rows: tuple[TableLine, ...]

    @property
    def answering(self) -> bool:
        """Whether any row answers another."""
        return any(row.answers for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class ItemPage(Page):
    """One item."""

    template: ClassVar[str] = "item.md.j2"
    issue: Anchor
    section: str
    summarizer: str
    papers: tuple[Citation, ...]
    topics: tuple[Anchor, ...]
    takeaway: Markup
    summary: Markup
    opinion: Markup | None
    table: TableBox | None
    widgets: tuple[Widget, ...]
    runs: tuple[Beside, ...]
    claims: tuple[ClaimRow, ...]
    counts: tuple[Count, ...]
    notes: tuple[NoteBox, ...]
    mentions: tuple[Anchor, ...]
    related: tuple[Anchor, ...]
    referrers: tuple[Anchor, ...]
    terms: tuple[Anchor, ...]
    read_more: tuple[Anchor, ...]
    previous: Anchor | None
    following: Anchor | None
    cite: str
    bibtex: str


@dataclass(frozen=True)
class Section:
    """A section of an issue with its items."""

    title: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, kw_only=True)
class IssuePage(Page):
    """One issue, or a stub with those who refer to it."""

    template: ClassVar[str] = "issue.md.j2"
    number: int
    name: str
    date: str | None
    original: str | None
    authors: str
    stub: bool
    unverified: tuple[str, ...]
    summary: Markup | None
    sections: tuple[Section, ...]
    referrers: tuple[Anchor, ...]


@dataclass(frozen=True, kw_only=True)
class IssuesPage(Page):
    """All issues."""

    template: ClassVar[str] = "issues.md.j2"
    issues: tuple["IssueLine", ...]
    stubs: tuple["IssueLine", ...]


@dataclass(frozen=True)
class IssueLine:
    """An issue in a list."""

    number: int
    title: str
    href: str
    date: str | None
    items: int
    unverified: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TopicPage(Page):
    """One topic with its items."""

    template: ClassVar[str] = "topic.md.j2"
    intro: Markup
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class TopicLine:
    """A topic in the list of topics."""

    title: str
    href: str
    description: Markup
    items: int


@dataclass(frozen=True, kw_only=True)
class TopicsPage(Page):
    """All topics."""

    template: ClassVar[str] = "topics.md.j2"
    topics: tuple[TopicLine, ...]


@dataclass(frozen=True)
class TermBox:
    """A glossary entry. `users`: the newest items whose text links to it; `more`: how many others do."""

    id: str
    term: str
    symbol: Markup | None
    definition: Markup
    uses: tuple[tuple[str, Markup], ...]
    see: tuple[Anchor, ...]
    users: tuple[Anchor, ...]
    more: int


@dataclass(frozen=True)
class Letter:
    """A row of the table of symbols."""

    symbol: Markup
    term: Anchor
    uses: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True, kw_only=True)
class GlossaryPage(Page):
    """All terms and symbols."""

    template: ClassVar[str] = "glossary.md.j2"
    letters: tuple[Letter, ...]
    terms: tuple[TermBox, ...]


@dataclass(frozen=True, kw_only=True)
class CalculatorPage(Page):
    """One calculator."""

    template: ClassVar[str] = "calculator.md.j2"
    id: str
    widget: Widget
    items: tuple[Anchor, ...]
    runs: tuple[Beside, ...]
    embed: str
    against: tuple[str, ...]
    checked: str
    """The link to the page on checking, at this calculator."""
    scores: ScoreTable | None = None


@dataclass(frozen=True)
class Embedding:
    """A calculator alone, for a frame in somebody's page: a whole HTML file, outside search and sitemap."""

    file: str
    widget: Widget
    root: str
    scores: ScoreTable | None = None


@dataclass(frozen=True)
class CalculatorLine:
    """A calculator in the list of calculators."""

    title: str
    href: str
    question: str
    result: Markup
    items: tuple[Anchor, ...]
    runs: tuple[Anchor, ...]


@dataclass(frozen=True)
class NamedTest:
    """A test in the repository. `href` leads there or, where no repository is known, to a copy on the site; None where
    the site is made without the tests.
    """

    name: str
    file: str
    href: str | None


@dataclass(frozen=True)
class CheckBox:
    """Something that is checked, and the tests that do it. `number`: how many there are, where that is counted."""

    title: str
    text: str
    tests: tuple[NamedTest, ...]
    number: int | None = None


@dataclass(frozen=True)
class CheckedCalculator:
    """What stands behind one calculator, counted from its plan."""

    calculator: Anchor
    id: str
    statuses: tuple[str, ...]
    kinds: tuple[tuple[str, int], ...]
    """How a kind of step is told, and how many steps of it there are, counting each reading once."""
    combinations: int
    silent: int
    """Combinations of the switches, and how many of them have no answer."""
    tests: tuple[CheckBox, ...]
    oracles: tuple[CheckBox, ...]
    against: tuple[str, ...]
    measured: tuple[Anchor, ...]
    """Runs of ours that measured what it predicts."""


@dataclass(frozen=True, kw_only=True)
class CheckedPage(Page):
    """How the calculators are checked."""

    template: ClassVar[str] = "checked.md.j2"
    folder: str
    folder_href: str | None
    kinds: tuple[CheckBox, ...]
    common: tuple[CheckBox, ...]
    unchecked: tuple[str, ...]
    statuses: tuple[tuple[str, str], ...]
    calculators: tuple[CheckedCalculator, ...]


@dataclass(frozen=True, kw_only=True)
class CalculatorsPage(Page):
    """All calculators."""

    template: ClassVar[str] = "calculators.md.j2"
    calculators: tuple[CalculatorLine, ...]
    checked: str


@dataclass(frozen=True, kw_only=True)
class RunPage(Page):
    """One run: its leading record, then the others. `missing`: which record there is not, in words."""

    template: ClassVar[str] = "run.md.j2"
    id: str
    question: str
    method: tuple[str, ...]
    """What was done, paragraph by paragraph."""
    rule: str
    """How verdicts come about."""
    lead: RecordView
    others: tuple[RecordView, ...]
    missing: str
    calculators: tuple[Anchor, ...]
    items: tuple[Anchor, ...]
    commands: tuple[str, ...]
    expect: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """A run in the overview."""

    id: str
    title: str
    href: str
    question: str
    answer: str
    kind: str
    made: str
    missing: str
    metrics: tuple[MetricRow, ...]
    tallies: tuple[Tally, ...]


@dataclass(frozen=True, kw_only=True)
class RunsPage(Page):
    """All runs. `figure`: all of their exponents. `waiting`: title and question of those that have no record yet."""

    template: ClassVar[str] = "runs.md.j2"
    rule: str
    """How verdicts come about."""
    figure: FigureView | None
    runs: tuple[RunLine, ...]
    waiting: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LedgerLine:
    """An issue in the ledger."""

    issue: Anchor
    counts: tuple[Count, ...]


@dataclass(frozen=True, kw_only=True)
class LedgerPage(Page):
    """The claims of one issue, by how we know them. `issues`: how many each issue has, on the ledger's first page."""

    template: ClassVar[str] = "ledger.md.j2"
    issue: Anchor
    groups: tuple[tuple[Count, tuple[ClaimRow, ...]], ...]
    issues: tuple[LedgerLine, ...] = ()
    counts: tuple[Count, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HomePage(Page):
    """The first page."""

    template: ClassVar[str] = "home.md.j2"
    issue: Anchor
    cards: tuple[Card, ...]
    widget: Widget
    counts: tuple[Count, ...]
    items: int
    runs: int
    run: Beside | None = None
    lead: Anchor = field(default=Anchor("", ""))
