"""Writes what others build on: ``python -m shared.contracts.publish``.

JSON Schemas and AsyncAPI documents are made again from the contracts; golden samples that are new are added to the
list of those that never change.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.contracts import asyncapi, samples, schemas
from shared.contracts.catalog import CATALOG


def published() -> Mapping[Path, str]:
    """Every file that is published, with its text."""
    documents = {schemas.FOLDER / f"{entry.type}.json": schemas.schema_of(entry) for entry in CATALOG.values()}
    documents |= {asyncapi.FOLDER / f"{owner}.json": asyncapi.document_of(owner) for owner in asyncapi.OWNERS}
    return {path: _text(document) for path, document in documents.items()}


def left_over() -> tuple[Path, ...]:
    """Files that nothing publishes any more."""
    there = {*schemas.FOLDER.glob("*.json"), *asyncapi.FOLDER.glob("*.json")}
    return tuple(sorted(there - set(published())))


def main() -> None:
    """Publish; says what changed."""
    said = [f"new sample: {name}" for name in samples.release()]
    for path, text in published().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            said.append(f"written: {path.name}")
    for path in left_over():
        path.unlink()
        said.append(f"removed: {path.name}")
    sys.stdout.write("\n".join(said or ["Nothing changed."]) + "\n")


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
