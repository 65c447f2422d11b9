"""The pages of the controlled vocabulary: topics and the glossary."""

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from digest import addresses
from digest.model import Term
from digest.pages.models import Anchor, GlossaryPage, Letter, Page, TermBox, TopicLine, TopicPage, TopicsPage
from digest.pages.site import Site
from digest.source import Keys

_USERS: Final = 12  # items named under a term; a common one would have hundreds


def topics(site: Site) -> Iterator[Page]:
    """A page for each topic, then their list."""
    index, topics = addresses.FOLDERS["topic"], site.corpus.topics
    lines = []
    for place, topic in enumerate(topics.model.topics):
        url = addresses.address("topic", topic.id)
        keys: Keys = ("topics", place, "description")
        items = site.by_topic.get(topic.id, [])
        yield TopicPage(
            url=url,
            title=topic.title,
            description=site.plain(topics.file, keys),
            source=topics.file,
            crumbs=(Anchor("Topics", addresses.relative(url, index)),),
            intro=site.html(url, topics.file, keys),
            cards=tuple(site.card(url, item) for item in items),
        )
        href = addresses.relative(index, url)
        lines.append(TopicLine(topic.title, href, site.html(index, topics.file, keys), len(items)))
    yield TopicsPage(
        url=index,
        title="Topics",
        description="What the digest covers, and its items by topic.",
        source=topics.file,
        topics=tuple(lines),
    )


def glossary(site: Site) -> GlossaryPage:
    """All terms and symbols, by their names."""
    url, glossary = addresses.GLOSSARY, site.corpus.glossary
    terms = sorted(enumerate(glossary.model.terms), key=lambda pair: pair[1].term.casefold())
    boxes = tuple(_term(site, url, index, term) for index, term in terms)
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


def _term(site: Site, here: str, index: int, term: Term) -> TermBox:
    file = site.corpus.glossary.file
    symbol = Markup(site.corpus.mathml[term.symbol, False]) if term.symbol else None
    users = site.users.get(("term", term.id), [])
    return TermBox(
        term.id,
        term.term,
        symbol,
        site.html(here, file, ("terms", index, "definition")),
        tuple(
            (use.who, site.html(here, file, ("terms", index, "uses", place, "meaning")))
            for place, use in enumerate(term.uses)
        ),
        tuple(Anchor(site.titles["term", see], f"#{see}") for see in term.see),
        tuple(site.anchor(here, "item", user) for user in users[:_USERS]),
        max(0, len(users) - _USERS),
    )
