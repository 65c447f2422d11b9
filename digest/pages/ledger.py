"""The ledger: every claim and how we know it."""

from collections.abc import Iterator

from digest import addresses
from digest.corpus import Entry
from digest.model import Issue, Status
from digest.pages.models import Anchor, ClaimRow, Count, LedgerLine, LedgerPage
from digest.pages.site import Site, counts, issue_title


def pages(site: Site) -> Iterator[LedgerPage]:
    """A page for each issue, since one of all claims would be too long; the first page has the newest issue's."""
    index, lines = addresses.LEDGER, []
    issues = [issue for issue in site.corpus.issues.values() if not issue.model.stub]
    for issue in issues:
        url = f"{index}{issue.model.id}/"
        claims = [claim for item in site.corpus.items_of(issue) for claim in item.model.claims]
        name = f"AN #{issue.model.number}: {issue.model.title}"
        lines.append(LedgerLine(Anchor(name, addresses.relative(index, url)), counts(claims, all_statuses=True)))
        yield LedgerPage(
            url=url,
            title=f"Claims of AN #{issue.model.number}",
            description=f"Every claim in the items of {issue_title(issue.model)}, and how we know it.",
            crumbs=(Anchor("Ledger", addresses.relative(url, index)),),
            issue=site.anchor(url, "issue", issue.model.id),
            groups=_groups(site, url, issue),
        )
    yield LedgerPage(
        url=index,
        title="Ledger of claims",
        description="Every claim on this site and how we know it: derived, measured, cited or unverified.",
        issue=site.anchor(index, "issue", issues[0].model.id),
        groups=_groups(site, index, issues[0]),
        issues=tuple(lines),
        counts=counts([claim for item in site.items for claim in item.model.claims], all_statuses=True),
    )


def _groups(site: Site, here: str, issue: Entry[Issue]) -> tuple[tuple[Count, tuple[ClaimRow, ...]], ...]:
    """The claims of an issue's items by status."""
    items = site.corpus.items_of(issue)
    rows = [site.claim(here, item, index) for item in items for index in range(len(item.model.claims))]
    by_status = {status: tuple(row for row in rows if row.status == status) for status in Status}
    return tuple((Count(status, len(of_status)), of_status) for status, of_status in by_status.items())
