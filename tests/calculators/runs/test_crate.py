"""The crate's metadata against what RO-Crate 1.1 and the Process Run Crate profile require."""

import json
from pathlib import Path
from typing import Any

import pytest

from calculators.runs import RUNS, provenance
from calculators.runs.crate import METADATA, metadata
from calculators.runs.record import load

RECORDS = sorted(provenance.RECORDS.glob("*/run-*.yml"))


_ROOT = ("name", "description", "datePublished", "license", "author", "publisher")


def breaches(crate: dict[str, Any]) -> list[str]:
    """What the two specifications require (MUST) or recommend (SHOULD) and the crate lacks."""
    found = []
    graph = {entity["@id"]: entity for entity in crate["@graph"]}
    if len(graph) != len(crate["@graph"]):
        found.append("two entities have one @id")
    found += [f"{name} has no @type" for name, entity in graph.items() if "@type" not in entity]
    if "https://w3id.org/ro/crate/1.1/context" not in crate["@context"]:
        found.append("the context is not RO-Crate's")
    descriptor = graph.get("ro-crate-metadata.json", {})
    if descriptor.get("@type") != "CreativeWork" or descriptor.get("about") != {"@id": "./"}:
        found.append("the descriptor is not about ./")
    if descriptor.get("conformsTo") != {"@id": "https://w3id.org/ro/crate/1.1"}:
        found.append("the descriptor does not name the specification")
    root = graph.get("./", {})
    found += [f"./ has no {key}" for key in _ROOT if not root.get(key)]
    profile = root.get("conformsTo", {}).get("@id", "")
    if not profile.startswith("https://w3id.org/ro/wfrun/process/") or graph.get(profile, {}).get("@type") != (
        "CreativeWork"
    ):
        found.append("./ does not conform to the profile")
    parts = {part["@id"] for part in root.get("hasPart", [])}
    files = {name for name, entity in graph.items() if entity["@type"] == "File"}
    if parts != files:
        found.append("hasPart is not the files")
    actions = [entity for entity in graph.values() if entity["@type"] == "CreateAction"]
    if not actions:
        found.append("there is no CreateAction")
    for action in actions:
        if {"@id": action["@id"]} != root.get("mentions"):
            found.append(f"{action['@id']} is not mentioned")
        for key in ("instrument", "agent", "name", "description", "endTime", "result"):
            if not action.get(key):
                found.append(f"{action['@id']} has no {key}")
        types = graph.get(action.get("instrument", {}).get("@id", ""), {}).get("@type", [])
        if not {"SoftwareApplication", "SoftwareSourceCode"} & set(types):
            found.append("the instrument is no software")
    found += sorted(f"{name} is referred to and missing" for name in references(crate["@graph"]) - set(graph))
    return found


def references(value: Any) -> set[str]:
    """Every @id that is referred to, but for terms of the vocabulary and the specification itself."""
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            known = ("http://schema.org/", "https://w3id.org/ro/crate/")
            return set() if value["@id"].startswith(known) else {value["@id"]}
        return set().union(*(references(one) for one in value.values()))
    return set().union(*(references(one) for one in value)) if isinstance(value, list) else set()


def crate_of(path: Path) -> dict[str, Any]:
    record = load(path, path.name)
    sizes = {file.name: (path.parent / file.name).stat().st_size for file in record.files}
    loaded = json.loads(metadata(record, path.name, sizes | {path.name: path.stat().st_size}))
    assert isinstance(loaded, dict)
    return loaded


def test_there_are_records() -> None:
    assert {path.parent.name for path in RECORDS} <= {run.id for run in RUNS} and RECORDS


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_record_is_a_process_run_crate(path: Path) -> None:
    crate = crate_of(path)
    assert breaches(crate) == []
    record = load(path, path.name)
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    (action,) = [entity for entity in crate["@graph"] if entity["@type"] == "CreateAction"]
    assert (action["startTime"], action["endTime"]) == (record.started, record.ended)
    assert record.machine.device in action["description"]
    for file in record.files:
        assert entities[file.name]["sha256"] == file.sha256
        assert entities[file.name]["contentSize"] == str((path.parent / file.name).stat().st_size)


@pytest.mark.parametrize(
    ("entity", "key", "expected"),
    [
        ("./", "conformsTo", "./ does not conform to the profile"),
        ("./", "license", "./ has no license"),
        ("./", "mentions", " is not mentioned"),
        ("action", "instrument", " has no instrument"),
        (METADATA, "conformsTo", "the descriptor does not name the specification"),
    ],
)
def test_what_is_left_out_is_seen(entity: str, key: str, expected: str) -> None:
    crate = crate_of(RECORDS[0])
    for one in crate["@graph"]:
        if one["@id"] == entity or (entity == "action" and one["@type"] == "CreateAction"):
            del one[key]
    assert any(expected in breach for breach in breaches(crate))
