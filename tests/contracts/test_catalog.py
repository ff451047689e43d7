"""The catalog: one line for each type, and what architecture promises about names, keys and topics."""

import re

import pytest

from shared.contracts.base import ChangeRefused, Notice, PlantEvent, RecordParked, RecordSettled
from shared.contracts.catalog import (
    BY_CONTRACT,
    CATALOG,
    COMPLETIONS,
    FOR_EVER,
    PARKINGS,
    REFUSALS,
    RUNS,
    SETTLINGS,
    TOPICS,
    Entry,
)

SERVICES = {"run", "inventory", "issue", "audit", "notification"}
# architecture.md section 4: topic, its key, and who writes it
PROMISED = {
    "plant.orders": ("run_id", "plant"),
    "plant.units": ("unit_id", "plant"),
    "plant.steps": ("run_id", "plant"),
    "plant.installs": ("parent_unit_id", "plant"),
    "asbuilt.runs": ("run_id", "run"),
    "asbuilt.completions": ("run_id", "run"),
    "asbuilt.inventory": ("unit_id", "inventory"),
    "asbuilt.issues": ("issue_id", "issue"),
    "asbuilt.audit": ("", "audit"),
    "asbuilt.notifications": ("endpoint_id", "notification"),
}
FOR_THE_SITE = {"policies_id", "dispositions_id", "location"}
"""Keys of what is configured for all runs, for all issues, or for a place."""


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.type)
def test_a_type_is_named_for_what_happened(entry: Entry) -> None:
    """Prefix, what it is about, what happened to it, version: `asbuilt.run.completed.v1`."""
    prefix = "plant" if entry.owner == "plant" else "asbuilt"
    assert re.fullmatch(rf"{prefix}\.[a-z]+\.[a-z]+(-[a-z]+)*\.v[1-9]", entry.type)


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.type)
def test_the_key_of_a_record_is_an_attribute_of_its_data(entry: Entry) -> None:
    """The key is the id of what the event is about, so its data must always name it."""
    assert entry.contract.model_fields[entry.key].is_required()


def test_a_contract_has_one_type() -> None:
    """One declaration per contract: type and class lead to each other."""
    assert len(BY_CONTRACT) == len(CATALOG)
    assert all(BY_CONTRACT[entry.contract] is entry for entry in CATALOG.values())


def test_the_topics_are_those_of_the_architecture() -> None:
    """Nobody needs to look anywhere else for a topic, its key and who writes it."""
    assert {topic.name: topic.owner for topic in TOPICS} == {name: owner for name, (_, owner) in PROMISED.items()}
    for entry in CATALOG.values():
        if entry.is_fact or entry.owner == "plant":
            keys = {PROMISED[topic.name][0] for topic in entry.topics}
            assert entry.key in keys | {"parent_unit_id", *FOR_THE_SITE}


def test_completions_are_kept_for_ever() -> None:
    """An ERP system that comes late still reads every completion; the same ids are on the topic of all run events."""
    assert COMPLETIONS.retention_ms == FOR_EVER
    assert [entry.type for entry in CATALOG.values() if COMPLETIONS in entry.topics] == [
        "asbuilt.run.completed.v1",
        "asbuilt.run.reopened.v1",
    ]
    assert all(RUNS in entry.topics for entry in CATALOG.values() if COMPLETIONS in entry.topics)


def test_every_service_can_say_no_and_set_aside() -> None:
    """A refusal, a parked record and what became of it are announced by its service; none counts in the sequence."""
    assert set(REFUSALS) == set(PARKINGS) == set(SETTLINGS) == SERVICES
    for entry in CATALOG.values():
        if issubclass(entry.contract, ChangeRefused | RecordParked | RecordSettled):
            assert not entry.is_fact


def test_a_notice_counts_in_no_sequence() -> None:
    """What became of a delivery leaves no gap between two facts of its endpoint, nor one about a unit to come."""
    notices = [entry for entry in CATALOG.values() if issubclass(entry.contract, Notice)]
    assert {entry.key for entry in notices} == {"endpoint_id", "unit_id"}
    assert not any(entry.is_fact for entry in notices)


def test_what_plant_systems_say_names_the_person() -> None:
    """Each plant event can name the operator in whose name the machine acts."""
    said = [entry.contract for entry in CATALOG.values() if entry.owner == "plant"]
    assert said
    assert all(issubclass(contract, PlantEvent) for contract in said)
