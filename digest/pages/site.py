"""What several kinds of page share: links, texts, cards and claims, each as seen from the page that shows it."""

import html
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from markupsafe import Markup

from calculators import CATALOG
from calculators.runs.record import RecordedMetric
from calculators.runs.run import Run
from digest import addresses, figures, markup, opaque
from digest.corpus import NEWSLETTER, Corpus, Entry
from digest.model import Claim, Issue, Item, Source, Status
from digest.pages import numbers
from digest.pages.models import Anchor, Card, ClaimRow, Count, MetricRow
from digest.records import Recorded, RecordedRun
from digest.source import Keys
from digest.widgets import page_settings

SITE_NAME: Final = "Theory Digest"
_LONG_FORMULA: Final = 26  # signs
_LONG_MATHML: Final = 300  # characters; what is shorter holds fewer signs, and is not looked at
_LONGEST_EXACT: Final = 12  # signs of an exact prediction in a table
_GENERATIONS: Final = frozenset({"Jr", "Sr", "II", "III", "IV"})
_TAG: Final = re.compile(r"<[^>]*>")


class Site:
    """One corpus with what several kinds of page show of it; looked-up relations are worked out once."""

    def __init__(
        self,
        corpus: Corpus,
        repository: str | None = None,
        commits: str | None = None,
        drawings: figures.Drawings | None = None,
    ) -> None:
        self.corpus = corpus
        self.repository = repository
        self.commits = commits
        self.drawings = drawings or figures.Drawings()
        self.items = list(corpus.items.values())
        self.titles = {
            **{("item", item.model.id): item.model.title for item in self.items},
            **{("term", term.id): term.term for term in corpus.glossary.model.terms},
            **{("topic", topic.id): topic.title for topic in corpus.topics.model.topics},
            **{("issue", issue.model.id): issue_title(issue.model) for issue in corpus.issues.values()},
            **{("calculator", calculator.id): calculator.title for calculator in CATALOG.values()},
            **{("run", run.run.id): run.run.title for run in corpus.runs.values()},
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

        def number(value: markup.Value) -> str:
            return self.corpus.derivations[value.calculator, value.settings].answer.output(value.quantity).text

        def value(value: markup.Asked) -> str:
            return self._measured(value)[0] if isinstance(value, markup.Measured) else number(value)

        def math(formula: markup.Formula) -> str:
            return html.unescape(opaque.words(self.corpus.formula(formula)))

        return " ".join(markup.plain(self.corpus.texts[file, keys], value=value, math=math).split())

    def _value(self, here: str, value: markup.Asked) -> Markup:
        if isinstance(value, markup.Measured):
            number, title = self._measured(value)
            href = addresses.relative(here, addresses.metric(value.run, value.metric))
            link = Markup('<a class="td-value td-value--measured" href="{}" title="{}">{}</a>')
            return link.format(href, title, number)
        result = self.corpus.derivations[value.calculator, value.settings].answer.output(value.quantity)
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

    # runs

    def _measured(self, asked: markup.Measured) -> tuple[str, str]:
        """A measured value as text, and where it comes from."""
        recorded = self.corpus.runs[asked.run].lead
        metric = recorded.metrics[asked.metric]
        row = self.metric("", recorded, metric)
        shown = {"value": row.measured, "interval": f"{row.measured} ({row.interval})", "verdict": row.verdict}
        if not row.interval:
            shown["interval"] = row.measured
        on = "a GPU" if recorded.kind == "gpu" else "a processor"
        return shown[asked.form], f"measured on {on}: {recorded.run.title}, {metric.title}"

    def metric(self, here: str, recorded: Recorded, metric: RecordedMetric) -> MetricRow:
        """A measured number beside what is predicted, as the page at `here` shows it."""
        places = numbers.decimals(metric.value, metric.interval)
        unit = f" {metric.unit}" if metric.unit else ""
        predicted, decimal, rounded = None, "", False
        if (prediction := metric.prediction) is not None:
            decimal = numbers.plain(prediction.value, max(2, places))
            # A setting with a decimal point was measured or rounded: a fraction of it would claim to be exact.
            settled = not any("." in value for value in prediction.settings.values())
            rounded = len(prediction.text) > _LONGEST_EXACT or not settled
            exact = decimal if rounded else prediction.text
            predicted = self._computed(here, prediction.calculator, prediction.settings, exact.replace("-", "−"))
            decimal = "" if rounded or exact.isdecimal() else decimal
            if decimal and _same(exact, decimal):
                decimal = f"= {numbers.short(decimal)}"
            elif decimal:
                decimal = f"≈ {decimal}"
        return MetricRow(
            id=metric.id,
            title=metric.title,
            symbol=metric.symbol,
            measured=numbers.plain(metric.value, places) + unit,
            interval=numbers.between(metric.interval, places) if metric.interval else "",
            predicted=predicted,
            rounded=rounded,
            decimal=decimal,
            bound=metric.bound,
            verdict=metric.verdict,
            seeds=metric.seeds,
            note=metric.note,
            href=addresses.relative(here, addresses.metric(recorded.run.id, metric.id)),
        )

    def items_of_run(self, run: Run) -> list[str]:
        """The ids of the items that show a run: those that it names, and those that name it."""
        return [item.model.id for item in self.items if item.model.id in run.items or run.id in item.model.runs]

    def runs_of_item(self, item: Item) -> list[RecordedRun]:
        """The runs that an item shows: first those that it names, then those that name it."""
        known = self.corpus.runs
        named = [*item.runs, *(id_ for id_, run in known.items() if item.id in run.run.items)]
        return [known[id_] for id_ in dict.fromkeys(named)]

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
            len(self.runs_of_item(model)),
        )

    def claim(self, here: str, item: Entry[Item], index: int) -> ClaimRow:
        claim = item.model.claims[index]
        check = None
        if claim.check:
            derivation = self.corpus.derivation(claim.check.calculator, claim.check.settings)
            output = derivation.answer.output(claim.check.quantity)
            shown = Markup(self.corpus.mathml[output.latex_inline, False])
            check = self._computed(here, claim.check.calculator, claim.check.settings, shown)
        measured = None
        if claim.measured:
            run, _, metric = claim.measured.partition("/")
            recorded = self.corpus.runs[run].lead
            measured = self.metric(here, recorded, recorded.metrics[metric])
        where = addresses.address("item", item.model.id) + f"#{claim.id}"
        status = claim.status or Status.UNVERIFIED
        return ClaimRow(
            claim.id,
            self.html(here, item.file, ("claims", index, "statement")),
            claim.kind,
            status,
            self.source(item.model, claim.source),
            check,
            measured,
            claim.unverified,
            Anchor(item.model.title, addresses.relative(here, where)),
        )

    def source(self, item: Item, source: Source | None) -> str:
        """Who says something in an item, and where."""
        if source is None:
            return "this site"
        if source.paper == NEWSLETTER:
            return f"the newsletter, {source.place}"
        paper = next(paper for paper in item.papers if paper.id == source.paper)
        return f"{_short_authors(paper.authors)} ({paper.year}), {source.place}"


def _same(exact: str, decimal: str) -> bool:
    """Whether a decimal is all of an exact number; false for what is no fraction."""
    try:
        return Fraction(exact) == Fraction(decimal.replace(",", "").replace("−", "-"))
    except ValueError:
        return False


def issue_title(issue: Issue) -> str:
    """The issue's number with its title, where that says more."""
    plain = f"Alignment Newsletter #{issue.number}"
    return plain if issue.title == plain else f"{plain}: {issue.title}"


def counts(claims: Iterable[Claim], *, all_statuses: bool = False) -> tuple[Count, ...]:
    """How many claims have each status that occurs, or each that there is."""
    found = Counter(claim.status for claim in claims)
    return tuple(Count(status, found[status]) for status in Status if all_statuses or found[status])


def family_name(author: str) -> str:
    """The last word of a name that is no generation: Worley, of G Gordon Worley III."""
    words = [word for word in author.split() if word.rstrip(".") not in _GENERATIONS]
    return (words or author.split())[-1].rstrip(",")


def _short_authors(authors: Sequence[str]) -> str:
    names = [family_name(author) for author in authors]
    return names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
