"""Corpus -> page models. `models` has what templates see, `site` what pages share; the others each build one kind."""

from digest.corpus import Corpus, collection_paused
from digest.pages import calculators, checked, home, issues, items, ledger, vocabulary
from digest.pages.calculators import embeddings
from digest.pages.models import Embedding, HomePage, IssuePage, ItemPage, Page
from digest.pages.site import Site

__all__ = ["Embedding", "HomePage", "IssuePage", "ItemPage", "Page", "embeddings", "pages"]


def pages(corpus: Corpus, repository: str | None = None) -> tuple[Page, ...]:
    """Every generated page of the site.

    Args:
        corpus: the content.
        repository: the address below which the repository's files are shown, with a slash at its end, if it is known.
    """
    with collection_paused():
        site = Site(corpus, repository)
        return (
            home.page(site),
            *(issues.page(site, issue) for issue in corpus.issues.values()),
            issues.index(site),
            *(items.page(site, item) for item in corpus.items.values()),
            *vocabulary.topics(site),
            vocabulary.glossary(site),
            *calculators.pages(site),
            checked.page(site),
            *ledger.pages(site),
        )
