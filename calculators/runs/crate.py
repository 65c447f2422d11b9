"""A record as a Process Run Crate: who made which files with what, in the vocabulary of RO-Crate 1.1.

Source: RO-Crate 1.1; Process Run Crate 0.5 (a profile of the Workflow Run RO-Crate working group).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from calculators.runs.record import Record

METADATA = "ro-crate-metadata.json"
"""The name that the metadata file must have in a crate."""
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_CONTEXT = ("https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context")
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_AGENT = "#contributors"
_SOFTWARE = "#theory-digest"


def metadata(record: Record, record_file: str, sizes: Mapping[str, int], *, homepage: str | None = None) -> str:
    """The text of the crate's metadata file.

    Args:
        record: what was run.
        record_file: the record's file name in the crate.
        sizes: file name -> bytes, of the record and of each of its files.
        homepage: the address of the project, where it has one.
    """
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        _root(record, record_file),
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {"@id": _LICENCE, "@type": "CreativeWork", "name": "Creative Commons Attribution 4.0", "identifier": _LICENCE},
        _action(record, record_file),
        _software(record, homepage),
        {"@id": _AGENT, "@type": "Organization", "name": "Theory Digest contributors"}
        | ({"url": homepage} if homepage else {}),
        *_settings(record),
        *_files(record, record_file, sizes),
    ]
    return json.dumps({"@context": list(_CONTEXT), "@graph": graph}, indent=2, ensure_ascii=False) + "\n"


def _root(record: Record, record_file: str) -> dict[str, Any]:
    return {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": PROFILE},
        "name": f"{record.title} ({record.preset})",
        "description": record.question,
        "datePublished": record.ended,
        "license": {"@id": _LICENCE},
        "author": {"@id": _AGENT},
        "publisher": {"@id": _AGENT},
        "hasPart": [{"@id": name} for name in _names(record, record_file)],
        "mentions": {"@id": _action_id(record)},
    }


def _names(record: Record, record_file: str) -> list[str]:
    return [record_file, *(file.name for file in record.files)]


def _action_id(record: Record) -> str:
    return f"#{record.run}-{record.preset}-{record.configuration_sha256[:12]}"


def _action(record: Record, record_file: str) -> dict[str, Any]:
    machine = record.machine
    seeds = " ".join(str(seed) for seed in record.seeds)
    versions = [f"Python {machine.python}", f"numpy {machine.numpy}"]
    versions += [f"jax {machine.jax}"] if machine.jax else []
    versions += [f"CUDA {machine.cuda}"] if machine.cuda else []
    versions += [f"driver {machine.driver}"] if machine.driver else []
    return {
        "@id": _action_id(record),
        "@type": "CreateAction",
        "name": record.title,
        "description": f"python -m calculators.runs run {record.run} --preset {record.preset} (seeds {seeds}), on "
        f"{machine.count} x {machine.device}, {machine.system}, {', '.join(versions)}, {machine.precision}",
        "startTime": record.started,
        "endTime": record.ended,
        "instrument": {"@id": _SOFTWARE},
        "agent": {"@id": _AGENT},
        "object": [{"@id": setting["@id"]} for setting in _settings(record)],
        "result": [{"@id": name} for name in _names(record, record_file)],
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }


def _software(record: Record, homepage: str | None) -> dict[str, Any]:
    code = record.code
    version = "unknown" if code.commit is None else f"{code.commit}{'-dirty' if code.dirty else ''}"
    software = {
        "@id": _SOFTWARE,
        "@type": ["SoftwareApplication", "SoftwareSourceCode"],
        "name": f"Theory Digest, {record.module}",
        "version": version,
        "identifier": f"sha256:{code.sha256}",
        "programmingLanguage": "Python",
    }
    return software | ({"url": homepage} if homepage else {})


def _settings(record: Record) -> list[dict[str, Any]]:
    """The configuration, a value for each key."""
    return [
        {
            "@id": f"#configuration-{key}",
            "@type": "PropertyValue",
            "name": key,
            "value": list(value) if isinstance(value, tuple) else value,
        }
        for key, value in {**record.configuration, "seeds": record.seeds}.items()
    ]


def _files(record: Record, record_file: str, sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    described = [
        {
            "@id": record_file,
            "@type": "File",
            "name": "The record: provenance, metrics, limits",
            "encodingFormat": "application/yaml",
            "contentSize": str(sizes[record_file]),
        }
    ]
    described += [
        {
            "@id": file.name,
            "@type": "File",
            "name": f"{file.rows} rows of measurements",
            "encodingFormat": "text/csv",
            "contentSize": str(sizes[file.name]),
            "sha256": file.sha256,
        }
        for file in record.files
    ]
    return described
