"""The pages of the calculators: each on its own, alone for a frame, and all in a list."""

from collections.abc import Iterator

from markupsafe import Markup

from calculators import CATALOG
from digest import addresses, scores
from digest.corpus import Corpus
from digest.pages.measured import beside
from digest.pages.models import Anchor, CalculatorLine, CalculatorPage, CalculatorsPage, Embedding, Page
from digest.pages.site import Site
from digest.scores import ScoreTable, score_table


def pages(site: Site) -> Iterator[Page]:
    """A page for each calculator, then their list."""
    index, lines = addresses.FOLDERS["calculator"], []
    for calculator in CATALOG.values():
        url = addresses.address("calculator", calculator.id)
        users = [
            i.model.id
            for i in site.items
            if i.model.id in calculator.belongs or any(e.id == calculator.id for e in i.model.calculators)
        ]
        testing = [run for run in site.corpus.runs.values() if calculator.id in run.run.tests]
        general = site.corpus.blueprints[calculator.id].general
        yield CalculatorPage(
            url=url,
            title=calculator.title,
            description=calculator.question,
            crumbs=(Anchor("Calculators", addresses.relative(url, index)),),
            id=calculator.id,
            widget=site.corpus.widgets.widget(calculator.id, {}, here=url),
            items=tuple(site.anchor(url, "item", user) for user in users),
            runs=tuple(beside(site, url, run) for run in testing),
            embed=addresses.relative(url, f"{addresses.EMBED}{url}"),
            against=calculator.against,
            checked=addresses.relative(url, f"{addresses.CHECKED}#{calculator.id}"),
            scores=_scores(calculator.id, url),
        )
        lines.append(
            CalculatorLine(
                calculator.title,
                addresses.relative(index, url),
                calculator.question,
                Markup(site.corpus.mathml[general, False] if general else ""),
                tuple(site.anchor(index, "item", user) for user in users),
                tuple(site.anchor(index, "run", run.run.id) for run in testing),
            )
        )
    yield CalculatorsPage(
        url=index,
        title="Calculators",
        description="Every formula of the digest, derived step by step, for your own numbers.",
        calculators=tuple(lines),
        checked=addresses.relative(index, addresses.CHECKED),
    )


def embeddings(corpus: Corpus) -> tuple[Embedding, ...]:
    """A bare page for each calculator."""
    found = []
    for calculator in CATALOG.values():
        url = f"{addresses.EMBED}{addresses.address('calculator', calculator.id)}"
        shown = corpus.widgets.widget(calculator.id, {}, here=url)
        root = addresses.relative(url, addresses.HOME)
        found.append(Embedding(f"{url}index.html", shown, root, _scores(calculator.id, url)))
    return tuple(found)


def _scores(calculator: str, here: str) -> ScoreTable | None:
    """The table of games, for the one calculator that has it."""
    return score_table(here) if calculator == scores.CALCULATOR else None
