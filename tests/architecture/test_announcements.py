"""Every event is said, in a contract of its owner; every setting has a meaning that a person can read."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from shared.contracts.base import Contract, Notice
from shared.contracts.catalog import BY_CONTRACT, CATALOG, Entry
from shared.runtime.settings import PREFIX, Settings, as_markdown

ROOT = Path(__file__).parents[2]
SPEAKING = sorted(path.parent.name for path in ROOT.glob("services/*/announcements.py"))


def _said(service: str) -> Iterator[type[Contract]]:
    """The contracts that a service's announcements name."""
    announcements = import_module(f"services.{service}.announcements")
    text = "".join(path.read_text() for path in (ROOT / "services" / service).glob("*announcements.py"))
    modules = [announcements.contracts] if hasattr(announcements, "contracts") else []
    for module in modules:
        for name, contract in vars(module).items():
            if isinstance(contract, type) and contract in BY_CONTRACT and f"contracts.{name}" in text:
                yield contract


@pytest.mark.parametrize("service", SPEAKING)
def test_a_service_says_everything_it_owns(service: str) -> None:
    """Each fact and notice is announced by its owner, and by nobody else; what nobody says is no type."""
    entries = [entry for entry in CATALOG.values() if entry.owner == service]
    owned = {entry.contract for entry in entries if entry.is_fact or issubclass(entry.contract, Notice)}
    assert set(_said(service)) == owned


@pytest.mark.parametrize("service", SPEAKING)
def test_every_event_of_a_service_is_an_event(service: str) -> None:
    """Each names what it is about, who did it and when; there are as many as there are facts of the service."""
    announcements = import_module(f"services.{service}.announcements")
    kinds = get_args(get_type_hints(announcements.announce)["event"])
    owned = [entry for entry in CATALOG.values() if entry.owner == service and entry.is_fact]
    assert len(kinds) >= len(owned)
    for kind in kinds:
        hints = get_type_hints(kind)
        assert {"by", "at"} <= set(hints), kind.__name__


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.type)
def test_a_contract_stands_in_its_owners_file(entry: Entry) -> None:
    """One file per owner; whoever looks for a type knows where."""
    assert entry.contract.__module__ == f"shared.contracts.{entry.owner}"
    assert entry.contract.__doc__


@pytest.mark.parametrize("entry", [one for one in CATALOG.values() if one.is_fact], ids=lambda entry: entry.type)
def test_a_type_is_named_like_its_contract(entry: Entry) -> None:
    """`asbuilt.step.signed-off.v1` is StepSignedOff; where the class says less, the type says what it is about."""
    _, about, happened, _ = entry.type.split(".")
    words = "".join(word.title() for word in f"{about}-{happened}".split("-"))
    assert words.endswith(entry.contract.__name__) or words == entry.contract.__name__


@pytest.mark.parametrize(
    ("name", "field"), Settings.model_fields.items(), ids=lambda one: one if isinstance(one, str) else ""
)
def test_every_setting_has_a_meaning(name: str, field: Any) -> None:
    """A setting is described; one that is a time or a size has its unit in its name and in its description."""
    assert field.description
    for unit, word in (("_ms", "(ms)"), ("_s", "(s)"), ("_days", "(days)")):
        if name.endswith(unit) and field.annotation is int:
            assert word in field.description
    assert f"| `{PREFIX}{name.upper()}` |" in as_markdown()
