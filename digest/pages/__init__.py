"""Corpus -> page models. `models` has what templates see, `site` what pages share; the others each build one kind."""

from collections.abc import Iterator

from digest.corpus import Corpus, collection_paused
from digest.figures import Drawings
from digest.pages import calculators, checked, home, issues, items, ledger, runs, vocabulary
from digest.pages.calculators import embeddings
from digest.pages.models import Embedding, HomePage, IssuePage, ItemPage, Kept, Page, RunPage, RunsPage
from digest.pages.site import Site

__all__ = [
    "Embedding",
    "HomePage",
    "IssuePage",
    "ItemPage",
    "Kept",
    "Page",
    "RunPage",
    "RunsPage",
    "embeddings",
    "files",
    "pages",
]


def files(corpus: Corpus, drawings: Drawings, homepage: str | None = None) -> Iterator[Kept]:
    """What the pages offer beside themselves: records with their data and figures, and the tests.

    Args:
        corpus: the content.
        drawings: what draws the figures.
        homepage: the address of the project, if it is known.
    """
    yield from runs.files(corpus, drawings, homepage)
    yield from checked.files()


def pages(
    corpus: Corpus,
    repository: str | None = None,
    *,
    commits: str | None = None,
    drawings: Drawings | None = None,
) -> tuple[Page, ...]:
    """Every generated page of the site.

    Args:
        corpus: the content.
        repository: the address below which the repository's files are shown, with a slash at its end, if it is known.
        commits: the address below which it shows its commits, if it is known.
        drawings: what draws the figures, and may have drawn them before.
    """
    with collection_paused():
        site = Site(corpus, repository, commits, drawings)
        return (
            home.page(site),
            *(issues.page(site, issue) for issue in corpus.issues.values()),
            issues.index(site),
            *(items.page(site, item) for item in corpus.items.values()),
            *vocabulary.topics(site),
            vocabulary.glossary(site),
            *calculators.pages(site),
            *runs.pages(site),
            checked.page(site),
            *ledger.pages(site),
        )
