"""Corpus -> page models: everything a template shows, already computed, linked and in order.

A template sees one of these and nothing else. Text that came from contributors is sanitised HTML by now (`Markup`);
everything else is plain text that the template escapes.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from markupsafe import Markup

from calculators import CATALOG
from digest import addresses, markup
from digest.corpus import NEWSLETTER, Corpus, Entry, collection_paused
from digest.model import Claim, Issue, Item, Paper, Status, Term
from digest.source import Keys
from digest.widgets import Widget, page_settings, widget

SITE_NAME: Final = "Theory Digest"
_RELATED: Final = 4  # items named as related to an item
_USERS: Final = 12  # items named under a term; a common one would have hundreds
_LONG_FORMULA: Final = 26  # signs
_LONG_MATHML: Final = 300  # characters; what is shorter holds fewer signs, and is not looked at
_TAG: Final = re.compile(r"<[^>]*>")


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
class ClaimRow:
    """A claim with how we know it. `check` says what the build computed; `where` leads to the item's claim."""

    id: str
    statement: Markup
    kind: str
    status: str
    source: str
    check: Markup | None
    reason: str | None
    where: Anchor


@dataclass(frozen=True)
class NoteBox:
    """A note or an erratum."""

    id: str
    kind: str
    about: str
    text: Markup


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
    widgets: tuple[Widget, ...]
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
    embed: str


@dataclass(frozen=True)
class Embedding:
    """A calculator alone, for a frame in somebody's page: a whole HTML file, outside search and sitemap."""

    file: str
    widget: Widget
    root: str


@dataclass(frozen=True)
class CalculatorLine:
    """A calculator in the list of calculators."""

    title: str
    href: str
    question: str
    result: Markup
    items: tuple[Anchor, ...]


@dataclass(frozen=True, kw_only=True)
class CalculatorsPage(Page):
    """All calculators."""

    template: ClassVar[str] = "calculators.md.j2"
    calculators: tuple[CalculatorLine, ...]


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
    lead: Anchor = field(default=Anchor("", ""))


def pages(corpus: Corpus) -> tuple[Page, ...]:
    """Every generated page of the site."""
    with collection_paused():
        site = _Site(corpus)
        return (
            site.home(),
            *(site.issue(issue) for issue in corpus.issues.values()),
            site.issues(),
            *(site.item(item) for item in corpus.items.values()),
            *site.topics(),
            site.glossary(),
            *site.calculators(),
            *site.ledger(),
        )


def embeddings(corpus: Corpus) -> tuple[Embedding, ...]:
    """A bare page for each calculator."""
    found = []
    for calculator in CATALOG.values():
        url = f"{addresses.EMBED}{addresses.address('calculator', calculator.id)}"
        shown = widget(corpus.blueprints[calculator.id], {}, here=url, mathml=corpus.mathml)
        found.append(Embedding(f"{url}index.html", shown, addresses.relative(url, addresses.HOME)))
    return tuple(found)


def _unique(anchors: Iterable[Anchor]) -> tuple[Anchor, ...]:
    return tuple({anchor.href: anchor for anchor in anchors}.values())


class _Site:
    """Builds the pages of one corpus; looked-up relations are worked out once."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.items = list(corpus.items.values())
        self.titles = {
            **{("item", item.model.id): item.model.title for item in self.items},
            **{("term", term.id): term.term for term in corpus.glossary.model.terms},
            **{("topic", topic.id): topic.title for topic in corpus.topics.model.topics},
            **{("issue", issue.model.id): _issue_title(issue.model) for issue in corpus.issues.values()},
            **{("calculator", calculator.id): calculator.title for calculator in CATALOG.values()},
        }
        # (scheme, id) -> items whose texts link to it, and item id -> what its texts link to
        self.linked: dict[str, list[tuple[str, str]]] = {item.model.id: [] for item in self.items}
        by_file = {item.file: item.model.id for item in self.items}
        for (file, _), text in corpus.texts.items():
            if file in by_file:
                self.linked[by_file[file]] += [(link.scheme, link.target) for link in text.links if link.internal]
        self.place = {item.model.id: place for place, item in enumerate(self.items)}
        self.users: dict[tuple[str, str], list[str]] = {}
        for id_, targets in self.linked.items():
            for target in dict.fromkeys(targets):
                self.users.setdefault(target, []).append(id_)
        # topics -> the items that share most of them; few sets of topics occur, so this is worked out once for each
        self.nearest: dict[frozenset[str], list[str]] = {}
        self.by_topic: dict[str, list[Entry[Item]]] = {}
        for item in self.items:
            for topic in item.model.topics:
                self.by_topic.setdefault(topic, []).append(item)

    # texts

    def anchor(self, here: str, scheme: str, id_: str, note: str = "") -> Anchor:
        href = addresses.relative(here, addresses.address(scheme, id_))
        return Anchor(self.titles[scheme, id_], href, note)

    def html(self, here: str, file: str, keys: Keys) -> Markup:
        """The text at `keys` of a content file, for the page at `here`."""

        def link(link: markup.Link) -> str:
            return addresses.relative(here, addresses.address(link.scheme, link.target))

        return Markup(
            markup.html(
                self.corpus.texts[file, keys],
                link=link,
                value=lambda value: str(self._value(here, value)),
                math=self._formula,
            )
        )

    def _formula(self, formula: markup.Formula) -> str:
        """A formula as MathML; one in a line that can be wider than a phone stands in a box that may scroll."""
        mathml = self.corpus.formula(formula)
        if formula.display or len(mathml) < _LONG_MATHML or len(_TAG.sub("", mathml)) < _LONG_FORMULA:
            return mathml
        return f'<span class="td-long">{mathml}</span>'

    def plain(self, file: str, keys: Keys) -> str:
        """The text at `keys` without any markup, on one line."""

        def value(value: markup.Value) -> str:
            return self.corpus.derivations[value.calculator, value.settings].answer.text

        def math(formula: markup.Formula) -> str:
            return markup.expand(formula, value).replace("\\", "")

        return " ".join(markup.plain(self.corpus.texts[file, keys], value=value, math=math).split())

    def _value(self, here: str, value: markup.Value) -> Markup:
        result = self.corpus.derivations[value.calculator, value.settings].answer
        match value.form:
            case "decimal":
                shown: str | Markup = result.decimal or result.text
            case "text":
                shown = result.text
            case _:
                shown = Markup(self.corpus.mathml[result.latex_inline, False])
        return self._computed(here, value.calculator, dict(value.settings), shown)

    def _computed(self, here: str, calculator: str, settings: Mapping[str, str], shown: str | Markup) -> Markup:
        """A computed value as a link to the calculator, set to what gave it."""
        url = addresses.with_settings(
            addresses.address("calculator", calculator), page_settings(CATALOG[calculator], settings)
        )
        given = ", ".join(f"{name} = {value}" for name, value in settings.items()) or "everything left open"
        title = f"derived: {CATALOG[calculator].title}, {given}"
        return Markup('<a class="td-value" href="{}" title="{}">{}</a>').format(
            addresses.relative(here, url), title, shown
        )

    # parts

    def card(self, here: str, item: Entry[Item]) -> Card:
        model = item.model
        return Card(
            model.id,
            model.title,
            addresses.relative(here, addresses.address("item", model.id)),
            self.html(here, item.file, ("takeaway",)),
            model.section,
            _counts(model.claims),
            len(model.calculators),
            len(model.runs),
        )

    def claim(self, here: str, item: Entry[Item], index: int) -> ClaimRow:
        claim = item.model.claims[index]
        check = None
        if claim.check:
            derivation = self.corpus.derivation(claim.check.calculator, claim.check.settings)
            shown = Markup(self.corpus.mathml[derivation.answer.latex_inline, False])
            check = self._computed(here, claim.check.calculator, claim.check.settings, shown)
        where = addresses.address("item", item.model.id) + f"#{claim.id}"
        status = claim.status or Status.UNVERIFIED
        return ClaimRow(
            claim.id,
            self.html(here, item.file, ("claims", index, "statement")),
            claim.kind,
            status,
            self._source(item.model, claim),
            check,
            claim.unverified,
            Anchor(item.model.title, addresses.relative(here, where)),
        )

    def _source(self, item: Item, claim: Claim) -> str:
        if claim.source is None:
            return "this site"
        if claim.source.paper == NEWSLETTER:
            return f"the newsletter, {claim.source.place}"
        paper = next(paper for paper in item.papers if paper.id == claim.source.paper)
        return f"{_short_authors(paper.authors)} ({paper.year}), {claim.source.place}"

    # pages

    def home(self) -> HomePage:
        url = addresses.HOME
        newest = next(issue for issue in self.corpus.issues.values() if not issue.model.stub)
        cards = tuple(self.card(url, item) for item in self.corpus.items_of(newest))
        lead = next((item for item in self.corpus.items_of(newest) if item.model.calculators), None)
        settings = lead.model.calculators[0].settings if lead else {}
        calculator = lead.model.calculators[0].id if lead else next(iter(CATALOG))
        return HomePage(
            url=url,
            title=SITE_NAME,
            description="Research summaries in which every formula is derived and every number can be checked.",
            issue=self.anchor(url, "issue", newest.model.id),
            cards=cards,
            widget=widget(self.corpus.blueprints[calculator], settings, here=url, mathml=self.corpus.mathml),
            counts=_counts([claim for item in self.items for claim in item.model.claims], all_statuses=True),
            items=len(self.items),
            lead=self.anchor(url, "item", lead.model.id) if lead else Anchor("", ""),
        )

    def item(self, item: Entry[Item]) -> ItemPage:
        model, issue = item.model, self.corpus.issue_of(item)
        url = addresses.address("item", model.id)
        siblings = self.corpus.items_of(issue)
        place = siblings.index(item)
        linked = dict.fromkeys(self.linked[model.id])
        papers = tuple(_citation(paper) for paper in model.papers)
        return ItemPage(
            url=url,
            title=model.title,
            description=self.plain(item.file, ("takeaway",)),
            source=item.file,
            crumbs=(self._issue_crumb(url, issue.model), Anchor(model.section, self._section_href(url, issue, model))),
            issue=self.anchor(url, "issue", issue.model.id),
            section=model.section,
            summarizer=model.summarizer,
            papers=papers,
            topics=tuple(self.anchor(url, "topic", topic) for topic in model.topics),
            takeaway=self.html(url, item.file, ("takeaway",)),
            summary=self.html(url, item.file, ("summary",)),
            opinion=self.html(url, item.file, ("opinion",)) if model.opinion else None,
            widgets=tuple(self._widgets(url, item)),
            claims=tuple(self.claim(url, item, index) for index in range(len(model.claims))),
            counts=_counts(model.claims),
            notes=tuple(
                NoteBox(note.id, note.kind, note.about, self.html(url, item.file, ("notes", index, "text")))
                for index, note in enumerate(model.notes)
            ),
            mentions=tuple(self.anchor(url, "issue", m.issue, m.about) for m in model.mentions),
            related=self._related(url, item),
            referrers=tuple(self.anchor(url, "item", user) for user in self.users.get(("item", model.id), ())),
            terms=_unique(self.anchor(url, scheme, id_) for scheme, id_ in linked if scheme == "term"),
            read_more=tuple(Anchor(more.title, more.url, more.about or "") for more in model.read_more),
            previous=self._neighbour(url, siblings, place - 1),
            following=self._neighbour(url, siblings, place + 1),
            cite=f"{SITE_NAME} contributors. “{model.title}”. {SITE_NAME}, on {_issue_title(issue.model)}.",
            bibtex="\n\n".join(paper.bibtex for paper in papers),
        )

    def issue(self, issue: Entry[Issue]) -> IssuePage:
        model = issue.model
        url = addresses.address("issue", model.id)
        items = self.corpus.items_of(issue)
        mentioning = [
            self.anchor(url, "item", item.model.id, mention.about)
            for item in self.items
            for mention in item.model.mentions
            if mention.issue == model.id
        ]
        linking = [self.anchor(url, "item", id_) for id_ in self.users.get(("issue", model.id), ())]
        known = {anchor.href for anchor in mentioning}
        about = self.plain(issue.file, ("summary",)) if model.summary else ""
        return IssuePage(
            url=url,
            title=_issue_title(model),
            description=about or f"Alignment Newsletter #{model.number}: a stub, with the items that refer to it.",
            source=issue.file,
            crumbs=(Anchor("Issues", addresses.relative(url, addresses.FOLDERS["issue"])),),
            number=model.number,
            name=model.title,
            date=_date(model),
            original=model.url,
            authors=", ".join(model.authors),
            stub=model.stub,
            unverified=model.unverified,
            summary=self.html(url, issue.file, ("summary",)) if model.summary else None,
            sections=tuple(
                Section(section, tuple(self.card(url, item) for item in items if item.model.section == section))
                for section in model.sections
            ),
            referrers=tuple(mentioning + [anchor for anchor in linking if anchor.href not in known]),
        )

    def issues(self) -> IssuesPage:
        url = addresses.FOLDERS["issue"]
        lines = [
            (
                issue.model.stub,
                IssueLine(
                    issue.model.number,
                    issue.model.title,
                    addresses.relative(url, addresses.address("issue", issue.model.id)),
                    _date(issue.model),
                    len(self.corpus.items_of(issue)),
                    issue.model.unverified,
                ),
            )
            for issue in self.corpus.issues.values()
        ]
        return IssuesPage(
            url=url,
            title="Issues",
            description="The issues of the Alignment Newsletter on this site, and those they refer to.",
            issues=tuple(line for stub, line in lines if not stub),
            stubs=tuple(line for stub, line in lines if stub),
        )

    def topics(self) -> Iterator[Page]:
        index, topics = addresses.FOLDERS["topic"], self.corpus.topics
        lines = []
        for place, topic in enumerate(topics.model.topics):
            url = addresses.address("topic", topic.id)
            keys: Keys = ("topics", place, "description")
            items = self.by_topic.get(topic.id, [])
            yield TopicPage(
                url=url,
                title=topic.title,
                description=self.plain(topics.file, keys),
                source=topics.file,
                crumbs=(Anchor("Topics", addresses.relative(url, index)),),
                intro=self.html(url, topics.file, keys),
                cards=tuple(self.card(url, item) for item in items),
            )
            href = addresses.relative(index, url)
            lines.append(TopicLine(topic.title, href, self.html(index, topics.file, keys), len(items)))
        yield TopicsPage(
            url=index,
            title="Topics",
            description="What the digest covers, and its items by topic.",
            source=topics.file,
            topics=tuple(lines),
        )

    def glossary(self) -> GlossaryPage:
        url, glossary = addresses.GLOSSARY, self.corpus.glossary
        terms = sorted(enumerate(glossary.model.terms), key=lambda pair: pair[1].term.casefold())
        boxes = tuple(self._term(url, index, term) for index, term in terms)
        return GlossaryPage(
            url=url,
            title="Glossary",
            description="Every term and symbol used here, with who uses it for what.",
            source=glossary.file,
            letters=tuple(
                Letter(box.symbol, Anchor(box.term, f"#{box.id}"), box.uses) for box in boxes if box.symbol is not None
            ),
            terms=boxes,
        )

    def calculators(self) -> Iterator[Page]:
        index, lines = addresses.FOLDERS["calculator"], []
        for calculator in CATALOG.values():
            url = addresses.address("calculator", calculator.id)
            users = [
                i.model.id
                for i in self.items
                if i.model.id in calculator.belongs or any(e.id == calculator.id for e in i.model.calculators)
            ]
            general = self.corpus.blueprints[calculator.id].general
            yield CalculatorPage(
                url=url,
                title=calculator.title,
                description=calculator.question,
                crumbs=(Anchor("Calculators", addresses.relative(url, index)),),
                id=calculator.id,
                widget=widget(self.corpus.blueprints[calculator.id], {}, here=url, mathml=self.corpus.mathml),
                items=tuple(self.anchor(url, "item", user) for user in users),
                embed=addresses.relative(url, f"{addresses.EMBED}{url}"),
            )
            lines.append(
                CalculatorLine(
                    calculator.title,
                    addresses.relative(index, url),
                    calculator.question,
                    Markup(self.corpus.mathml[general, False] if general else ""),
                    tuple(self.anchor(index, "item", user) for user in users),
                )
            )
        yield CalculatorsPage(
            url=index,
            title="Calculators",
            description="Every formula of the digest, derived step by step, for your own numbers.",
            calculators=tuple(lines),
        )

    def ledger(self) -> Iterator[LedgerPage]:
        """A page for each issue, since one of all claims would be too long; the first page has the newest issue's."""
        index, lines = addresses.LEDGER, []
        issues = [issue for issue in self.corpus.issues.values() if not issue.model.stub]
        for issue in issues:
            url = f"{index}{issue.model.id}/"
            claims = [claim for item in self.corpus.items_of(issue) for claim in item.model.claims]
            name = f"AN #{issue.model.number}: {issue.model.title}"
            lines.append(LedgerLine(Anchor(name, addresses.relative(index, url)), _counts(claims, all_statuses=True)))
            yield LedgerPage(
                url=url,
                title=f"Claims of AN #{issue.model.number}",
                description=f"Every claim in the items of {_issue_title(issue.model)}, and how we know it.",
                crumbs=(Anchor("Ledger", addresses.relative(url, index)),),
                issue=self.anchor(url, "issue", issue.model.id),
                groups=self._groups(url, issue),
            )
        yield LedgerPage(
            url=index,
            title="Ledger of claims",
            description="Every claim on this site and how we know it: derived, measured, cited or unverified.",
            issue=self.anchor(index, "issue", issues[0].model.id),
            groups=self._groups(index, issues[0]),
            issues=tuple(lines),
            counts=_counts([claim for item in self.items for claim in item.model.claims], all_statuses=True),
        )

    def _groups(self, here: str, issue: Entry[Issue]) -> tuple[tuple[Count, tuple[ClaimRow, ...]], ...]:
        """The claims of an issue's items by status."""
        items = self.corpus.items_of(issue)
        rows = [self.claim(here, item, index) for item in items for index in range(len(item.model.claims))]
        by_status = {status: tuple(row for row in rows if row.status == status) for status in Status}
        return tuple((Count(status, len(of_status)), of_status) for status, of_status in by_status.items())

    def _term(self, here: str, index: int, term: Term) -> TermBox:
        file = self.corpus.glossary.file
        symbol = Markup(self.corpus.mathml[term.symbol, False]) if term.symbol else None
        users = self.users.get(("term", term.id), [])
        return TermBox(
            term.id,
            term.term,
            symbol,
            self.html(here, file, ("terms", index, "definition")),
            tuple(
                (use.who, self.html(here, file, ("terms", index, "uses", place, "meaning")))
                for place, use in enumerate(term.uses)
            ),
            tuple(Anchor(self.titles["term", see], f"#{see}") for see in term.see),
            tuple(self.anchor(here, "item", user) for user in users[:_USERS]),
            max(0, len(users) - _USERS),
        )

    def _widgets(self, here: str, item: Entry[Item]) -> Iterator[Widget]:
        for index, embed in enumerate(item.model.calculators):
            keys: Keys = ("calculators", index, "caption")
            caption = self.html(here, item.file, keys) if embed.caption else None
            plan = self.corpus.blueprints[embed.id]
            yield widget(plan, embed.settings, here=here, mathml=self.corpus.mathml, caption=caption, place=index)

    def _related(self, here: str, item: Entry[Item]) -> tuple[Anchor, ...]:
        """Up to four items that share topics or are linked to, most shared first, then newest first."""
        topics = frozenset(item.model.topics)
        if topics not in self.nearest:
            counts = Counter(other.model.id for topic in topics for other in self.by_topic[topic])
            self.nearest[topics] = sorted(counts, key=lambda id_: (-counts[id_], self.place[id_]))[: _RELATED + 1]
        linked = [id_ for scheme, id_ in self.linked[item.model.id] if scheme == "item"]
        shared = Counter(linked)
        for id_ in {*self.nearest[topics], *linked} - {item.model.id}:
            shared[id_] += len(topics.intersection(self.corpus.items[id_].model.topics))
        del shared[item.model.id]
        nearest = sorted(shared, key=lambda id_: (-shared[id_], self.place[id_]))[:_RELATED]
        return tuple(self.anchor(here, "item", id_) for id_ in nearest)

    def _neighbour(self, here: str, siblings: Sequence[Entry[Item]], place: int) -> Anchor | None:
        return self.anchor(here, "item", siblings[place].model.id) if 0 <= place < len(siblings) else None

    def _issue_crumb(self, here: str, issue: Issue) -> Anchor:
        return Anchor(f"AN #{issue.number}", addresses.relative(here, addresses.address("issue", issue.id)))

    def _section_href(self, here: str, issue: Entry[Issue], item: Item) -> str:
        place = issue.model.sections.index(item.section) + 1
        return addresses.relative(here, addresses.address("issue", issue.model.id) + f"#section-{place}")


def _issue_title(issue: Issue) -> str:
    plain = f"Alignment Newsletter #{issue.number}"
    return plain if issue.title == plain else f"{plain}: {issue.title}"


def _date(issue: Issue) -> str | None:
    return f"{issue.date.day} {issue.date:%B %Y}" if issue.date else None


def _counts(claims: Iterable[Claim], *, all_statuses: bool = False) -> tuple[Count, ...]:
    found = Counter(claim.status for claim in claims)
    return tuple(Count(status, found[status]) for status in Status if all_statuses or found[status])


def _short_authors(authors: Sequence[str]) -> str:
    names = [author.split()[-1] for author in authors]
    return names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."


def _citation(paper: Paper) -> Citation:
    links = []
    if paper.arxiv:
        links.append(Anchor(f"arXiv:{paper.arxiv}", f"https://arxiv.org/abs/{paper.arxiv}"))
    if paper.doi:
        links.append(Anchor(f"doi:{paper.doi}", f"https://doi.org/{paper.doi}"))
    if paper.url and not any(paper.url == link.href for link in links):
        links.append(Anchor(paper.url.split("/")[2].removeprefix("www."), paper.url))
    venue = paper.venue or ""
    year = str(paper.year)
    if re.search(r"\b(19|20)\d\d\b", venue):  # a later year of print: the year of the preprint goes first
        where = venue if year in venue else f"{year}; {venue}"
    else:
        where = ", ".join(filter(None, [venue, year]))
    return Citation(
        paper.kind, paper.title, ", ".join(paper.authors), where, tuple(links), paper.unverified, _bibtex(paper)
    )


def _bibtex(paper: Paper) -> str:
    """A BibTeX entry; braces around the title keep its capitals."""
    fields = {
        "title": f"{{{paper.title}}}",
        "author": " and ".join(paper.authors),
        "year": str(paper.year),
        "howpublished": paper.venue,
        "eprint": paper.arxiv,
        "archivePrefix": "arXiv" if paper.arxiv else None,
        "doi": paper.doi,
        "url": paper.url,
    }
    key = paper.id or f"{paper.authors[0].split()[-1].lower()}-{paper.year}"
    rows = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{rows}}}"
