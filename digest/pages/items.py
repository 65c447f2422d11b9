"""The page of an item: its papers, texts, calculators and claims, and what to read beside it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from digest import addresses
from digest.corpus import Entry
from digest.model import Issue, Item, Paper, Status, Table
from digest.pages.measured import beside
from digest.pages.models import Anchor, Citation, ItemPage, NoteBox, TableBox, TableLine
from digest.pages.site import SITE_NAME, Site, counts, family_name, issue_title
from digest.source import Keys
from digest.widgets import Widget

_RELATED: Final = 4  # items named as related to an item


def page(site: Site, entry: Entry[Item]) -> ItemPage:
    """The page of an item."""
    model, issue = entry.model, site.corpus.issue_of(entry)
    url = addresses.address("item", model.id)
    siblings = site.corpus.items_of(issue)
    place = siblings.index(entry)
    linked = dict.fromkeys(site.linked[model.id])
    papers = tuple(_citation(paper) for paper in model.papers)
    return ItemPage(
        url=url,
        title=model.title,
        description=site.plain(entry.file, ("takeaway",)),
        source=entry.file,
        crumbs=(_issue_crumb(site, url, issue.model), Anchor(model.section, _section_href(site, url, issue, model))),
        issue=site.anchor(url, "issue", issue.model.id),
        section=model.section,
        summarizer=model.summarizer,
        papers=papers,
        topics=tuple(site.anchor(url, "topic", topic) for topic in model.topics),
        takeaway=site.html(url, entry.file, ("takeaway",)),
        summary=site.html(url, entry.file, ("summary",)),
        opinion=site.html(url, entry.file, ("opinion",)) if model.opinion else None,
        table=_table(site, url, entry, model.table) if model.table else None,
        widgets=tuple(_widgets(site, url, entry)),
        runs=tuple(beside(site, url, run) for run in site.runs_of_item(model)),
        claims=tuple(site.claim(url, entry, index) for index in range(len(model.claims))),
        counts=counts(model.claims),
        notes=tuple(
            NoteBox(note.id, note.kind, note.about, site.html(url, entry.file, ("notes", index, "text")))
            for index, note in enumerate(model.notes)
        ),
        mentions=tuple(site.anchor(url, "issue", m.issue, m.about) for m in model.mentions),
        related=_related(site, url, entry),
        referrers=tuple(site.anchor(url, "item", user) for user in site.users.get(("item", model.id), ())),
        terms=_unique(site.anchor(url, scheme, id_) for scheme, id_ in linked if scheme == "term"),
        read_more=tuple(Anchor(more.title, more.url, more.about or "") for more in model.read_more),
        previous=_neighbour(site, url, siblings, place - 1),
        following=_neighbour(site, url, siblings, place + 1),
        cite=f"{SITE_NAME} contributors. “{model.title}”. {SITE_NAME}, on {issue_title(issue.model)}.",
        bibtex="\n\n".join(paper.bibtex for paper in papers),
    )


def _table(site: Site, here: str, entry: Entry[Item], table: Table) -> TableBox:
    titles = {kind.id: kind.title for kind in table.kinds}
    statements = {
        row.id: site.plain(entry.file, ("table", "rows", index, "statement")) for index, row in enumerate(table.rows)
    }
    rows = tuple(
        TableLine(
            row.id,
            row.kind,
            titles[row.kind],
            site.html(here, entry.file, ("table", "rows", index, "statement")),
            tuple(Anchor(answered, f"#table-{answered}", statements[answered]) for answered in row.answers),
            site.source(entry.model, row.source),
            Status.UNVERIFIED if row.unverified else Status.CITED,
            row.unverified,
        )
        for index, row in enumerate(table.rows)
    )
    count = Counter(row.kind for row in table.rows)
    return TableBox(
        table.title,
        site.html(here, entry.file, ("table", "about")) if table.about else None,
        tuple((kind.id, kind.title, count[kind.id]) for kind in table.kinds),
        rows,
    )


def _widgets(site: Site, here: str, item: Entry[Item]) -> Iterator[Widget]:
    for index, embed in enumerate(item.model.calculators):
        keys: Keys = ("calculators", index, "caption")
        caption = site.html(here, item.file, keys) if embed.caption else None
        yield site.corpus.widgets.widget(embed.id, embed.settings, here=here, caption=caption, place=index)


def _related(site: Site, here: str, item: Entry[Item]) -> tuple[Anchor, ...]:
    """Up to four items that share topics or are linked to, most shared first, then newest first."""
    topics = frozenset(item.model.topics)
    if topics not in site.nearest:
        counts = Counter(other.model.id for topic in topics for other in site.by_topic[topic])
        site.nearest[topics] = sorted(counts, key=lambda id_: (-counts[id_], site.place[id_]))[: _RELATED + 1]
    linked = [id_ for scheme, id_ in site.linked[item.model.id] if scheme == "item"]
    shared = Counter(linked)
    for id_ in {*site.nearest[topics], *linked} - {item.model.id}:
        shared[id_] += len(topics.intersection(site.corpus.items[id_].model.topics))
    del shared[item.model.id]
    nearest = sorted(shared, key=lambda id_: (-shared[id_], site.place[id_]))[:_RELATED]
    return tuple(site.anchor(here, "item", id_) for id_ in nearest)


def _neighbour(site: Site, here: str, siblings: Sequence[Entry[Item]], place: int) -> Anchor | None:
    return site.anchor(here, "item", siblings[place].model.id) if 0 <= place < len(siblings) else None


def _issue_crumb(site: Site, here: str, issue: Issue) -> Anchor:
    return Anchor(f"AN #{issue.number}", addresses.relative(here, addresses.address("issue", issue.id)))


def _section_href(site: Site, here: str, issue: Entry[Issue], item: Item) -> str:
    place = issue.model.sections.index(item.section) + 1
    return addresses.relative(here, addresses.address("issue", issue.model.id) + f"#section-{place}")


def _unique(anchors: Iterable[Anchor]) -> tuple[Anchor, ...]:
    return tuple({anchor.href: anchor for anchor in anchors}.values())


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
    key = paper.id or f"{family_name(paper.authors[0]).lower()}-{paper.year}"
    rows = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{rows}}}"
