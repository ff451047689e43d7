"""EPCIS 2.0 as GS1 publishes it: its JSON Schema, with the forms of times and URIs checked too."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "epcis-2.0.schema.json").read_text())
_VALIDATOR = Draft7Validator(SCHEMA, format_checker=Draft7Validator.FORMAT_CHECKER)


def check(document: Any) -> list[str]:
    """What is wrong with a document, by its path; nothing when it is valid."""
    return [f"{error.json_path}: {error.message}" for error in _VALIDATOR.iter_errors(document)]
