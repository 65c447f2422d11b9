"""What several kinds of page share: links, texts, cards and claims, each as seen from the page that shows it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from calculators import CATALOG
from digest import addresses, markup
from digest.corpus import NEWSLETTER, Corpus, Entry
from digest.model import Claim, Issue, Item, Status
from digest.pages.models import Anchor, Card, ClaimRow, Count
from digest.source import Keys
from digest.widgets import page_settings

SITE_NAME: Final = "Theory Digest"
_LONG_FORMULA: Final = 26  # signs
_LONG_MATHML: Final = 300  # characters; what is shorter holds fewer signs, and is not looked at
_TAG: Final = re.compile(r"<[^>]*>")


class Site:
    """One corpus with what several kinds of page show of it; looked-up relations are worked out once."""

    def __init__(self, corpus: Corpus, repository: str | None = None) -> None:
        self.corpus = corpus
        self.repository = repository
        self.items = list(corpus.items.values())
        self.titles = {
            **{("item", item.model.id): item.model.title for item in self.items},
            **{("term", term.id): term.term for term in corpus.glossary.model.terms},
            **{("topic", topic.id): topic.title for topic in corpus.topics.model.topics},
            **{("issue", issue.model.id): issue_title(issue.model) for issue in corpus.issues.values()},
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
            counts(model.claims),
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


def issue_title(issue: Issue) -> str:
    """The issue's number with its title, where that says more."""
    plain = f"Alignment Newsletter #{issue.number}"
    return plain if issue.title == plain else f"{plain}: {issue.title}"


def counts(claims: Iterable[Claim], *, all_statuses: bool = False) -> tuple[Count, ...]:
    """How many claims have each status that occurs, or each that there is."""
    found = Counter(claim.status for claim in claims)
    return tuple(Count(status, found[status]) for status in Status if all_statuses or found[status])


def _short_authors(authors: Sequence[str]) -> str:
    names = [author.split()[-1] for author in authors]
    return names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
