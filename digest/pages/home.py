"""The first page: the newest issue and a calculator from it."""

from calculators import CATALOG
from digest import addresses
from digest.corpus import Entry
from digest.model import Item
from digest.pages.measured import beside
from digest.pages.models import Anchor, HomePage
from digest.pages.site import SITE_NAME, Site, counts
from digest.records import RecordedRun


def page(site: Site) -> HomePage:
    """The first page, with the first calculator that an item of the newest issue has."""
    url = addresses.HOME
    newest = next(issue for issue in site.corpus.issues.values() if not issue.model.stub)
    cards = tuple(site.card(url, item) for item in site.corpus.items_of(newest))
    lead = next((item for item in site.corpus.items_of(newest) if item.model.calculators), None)
    settings = lead.model.calculators[0].settings if lead else {}
    calculator = lead.model.calculators[0].id if lead else next(iter(CATALOG))
    return HomePage(
        url=url,
        title=SITE_NAME,
        description="Research summaries in which every formula is derived and every number can be checked.",
        issue=site.anchor(url, "issue", newest.model.id),
        cards=cards,
        widget=site.corpus.widgets.widget(calculator, settings, here=url),
        counts=counts([claim for item in site.items for claim in item.model.claims], all_statuses=True),
        items=len(site.items),
        runs=len(site.corpus.runs),
        run=next((beside(site, url, run) for run in _runs(site, lead)), None),
        lead=site.anchor(url, "item", lead.model.id) if lead else Anchor("", ""),
    )


def _runs(site: Site, lead: Entry[Item] | None) -> list[RecordedRun]:
    """The runs of the item whose calculator the page begins with."""
    return site.runs_of_item(lead.model) if lead else []
