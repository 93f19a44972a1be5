"""JSON Schemas of the rule files, for editors that underline while a clerk writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from xmreport.rulebook.county import CountyFile, OfficeFile
from xmreport.rulebook.files.words import Rules
from xmreport.rulebook.form import FormFile

SCHEMAS: dict[str, type[Rules]] = {"county": CountyFile, "form": FormFile, "office": OfficeFile}


def schema_text(name: str) -> str:
    """One schema as it is shipped."""
    schema = SCHEMAS[name].model_json_schema(by_alias=True, mode="validation")
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def write_schemas(folder: Path) -> Iterator[Path]:
    """Write every schema into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCHEMAS:
        path = folder / f"{name}.schema.json"
        path.write_text(schema_text(name), encoding="utf-8", newline="\n")
        yield path
