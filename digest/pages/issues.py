"""The page of an issue, and the list of issues."""

from digest import addresses
from digest.corpus import Entry
from digest.model import Issue
from digest.pages.models import Anchor, IssueLine, IssuePage, IssuesPage, Section
from digest.pages.site import Site, issue_title


def page(site: Site, entry: Entry[Issue]) -> IssuePage:
    """The page of an issue, or of a stub."""
    model = entry.model
    url = addresses.address("issue", model.id)
    items = site.corpus.items_of(entry)
    mentioning = [
        site.anchor(url, "item", item.model.id, mention.about)
        for item in site.items
        for mention in item.model.mentions
        if mention.issue == model.id
    ]
    linking = [site.anchor(url, "item", id_) for id_ in site.users.get(("issue", model.id), ())]
    known = {anchor.href for anchor in mentioning}
    about = site.plain(entry.file, ("summary",)) if model.summary else ""
    return IssuePage(
        url=url,
        title=issue_title(model),
        description=about or f"Alignment Newsletter #{model.number}: a stub, with the items that refer to it.",
        source=entry.file,
        crumbs=(Anchor("Issues", addresses.relative(url, addresses.FOLDERS["issue"])),),
        number=model.number,
        name=model.title,
        date=_date(model),
        original=model.url,
        authors=", ".join(model.authors),
        stub=model.stub,
        unverified=model.unverified,
        summary=site.html(url, entry.file, ("summary",)) if model.summary else None,
        sections=tuple(
            Section(section, tuple(site.card(url, item) for item in items if item.model.section == section))
            for section in model.sections
        ),
        referrers=tuple(mentioning + [anchor for anchor in linking if anchor.href not in known]),
    )


def index(site: Site) -> IssuesPage:
    """The list of issues, stubs apart."""
    url = addresses.FOLDERS["issue"]
    lines = [
        (
            issue.model.stub,
            IssueLine(
                issue.model.number,
                issue.model.title,
                addresses.relative(url, addresses.address("issue", issue.model.id)),
                _date(issue.model),
                len(site.corpus.items_of(issue)),
                issue.model.unverified,
            ),
        )
        for issue in site.corpus.issues.values()
    ]
    return IssuesPage(
        url=url,
        title="Issues",
        description="The issues of the Alignment Newsletter on this site, and those they refer to.",
        issues=tuple(line for stub, line in lines if not stub),
        stubs=tuple(line for stub, line in lines if stub),
    )


def _date(issue: Issue) -> str | None:
    return f"{issue.date.day} {issue.date:%B %Y}" if issue.date else None
