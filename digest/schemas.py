"""The JSON Schemas that editors complete and check content with: `digest/schema/<kind>.schema.json`, committed."""

import json
from pathlib import Path
from typing import Final

from digest.model import KINDS, schema

FOLDER: Final = Path(__file__).with_name("schema")


def texts() -> dict[str, str]:
    """File name -> text of each schema."""
    return {
        f"{name}.schema.json": json.dumps(schema(kind), ensure_ascii=False, indent=2) + "\n"
        for name, kind in KINDS.items()
    }


def write() -> list[Path]:
    """The files that had to be changed."""
    changed = []
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
