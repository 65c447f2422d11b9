"""Replays that agreed, remembered: a page can tell how one ended, and need not measure to know."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from calculators.runs import provenance
from calculators.runs.code_hash import code_hash
from calculators.runs.record import Record
from calculators.runs.run import Run

FOLDER: Path = provenance.ROOT / ".cache" / "replays"
"""An empty file for each replay that agreed; it may be emptied at any time."""


def remember(run: Run, record: Record) -> None:
    """Nothing; that today's code gave what the record's replay says is kept, in a copy of the repository that can be
    written.

    Args:
        run: with the code as it is now.
        record: of it.
    """
    if not provenance.RECORDS.parent.is_dir():
        return  # an installed package has no pages to make
    with suppress(OSError):
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / _name(run, record)).touch()


def remembered(run: Run, record: Record) -> bool:
    """Whether today's code was seen to give what the record's replay says.

    Args:
        run: with the code as it is now.
        record: of it.
    """
    return (FOLDER / _name(run, record)).is_file()


def _name(run: Run, record: Record) -> str:
    """One for each code and replay: a change of either has to be replayed again."""
    return hashlib.sha256(f"{run.id} {code_hash(run.module)} {record.replay.sha256}".encode()).hexdigest()[:32]
