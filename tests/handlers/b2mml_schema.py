"""B2MML V0700 (ANSI/ISA-95) operations performance, as MESA publishes it, for the types that Asbuilt writes."""

from pathlib import Path

from xmlschema import XMLSchema

NAMESPACE = "{http://www.mesa.org/xml/B2MML}"
_SCHEMA = XMLSchema(Path(__file__).parent / "schemas" / "b2mml-v0700.xsd")


def check(document: bytes) -> list[str]:
    """What is wrong with a document, by its path; nothing when it is valid."""
    return [f"{error.path}: {error.reason}" for error in _SCHEMA.iter_errors(document.decode())]
