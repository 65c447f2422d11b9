"""Tests of the built site."""

from pathlib import Path

PROJECT = Path(__file__).parents[2]

# One page of each kind: what is tested on kinds of pages is tested on these.
KINDS = {
    "home": "",
    "issue": "issues/an-140/",
    "stub": "issues/an-22/",
    "issues": "issues/",
    "item": "items/explaining-neural-scaling-laws/",
    "item without calculator": "items/dreamerv2/",
    "calculator": "calculators/scaling-exponent/",
    "calculator with switches": "calculators/universal-rates/",
    "calculators": "calculators/",
    "checked": "calculators/checked/",
    "run": "runs/nearest-neighbour/",
    "runs": "runs/",
    "topic": "topics/scaling-laws/",
    "topics": "topics/",
    "glossary": "glossary/",
    "ledger": "ledger/",
    "ledger of an issue": "ledger/an-140/",
    "about": "about/",
    "contributing": "contributing/",
    "404": "404.html",
}
