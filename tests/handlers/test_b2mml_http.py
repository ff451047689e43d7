"""A completion record as B2MML operations performance, over HTTP, on a real PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from services.run.adapters.b2mml import operations_performance
from services.run.app import build
from shared.testing.databases import Database
from tests.handlers.b2mml_schema import NAMESPACE, check
from tests.handlers.run_records import R
from tests.handlers.served import Served, served
from tests.handlers.test_reading_http import DONE, completed


@pytest.fixture
async def as_(database: Callable[[str], Database], tmp_path: Path) -> AsyncIterator[Served]:
    """The run service, served: `as_("viewer")` is a client."""
    async with served(build, database("run"), tmp_path) as service:
        yield service


async def performance(as_: Served, number: int = 1) -> Element:
    """The document of a completion record, which is as the schema has it."""
    async with as_("viewer") as viewer:
        answer = await viewer.get(f"/runs/{R}/completions/{number}/b2mml")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml"), answer.text
    root = fromstring(answer.content)
    assert check(root) == []
    return root


def texts(root: Element, *path: str) -> list[str | None]:
    """What stands at a path."""
    return [one.text for one in root.findall("/".join(f"{NAMESPACE}{name}" for name in path))]


async def test_a_completed_run_is_told_to_an_erp_system(as_: Served) -> None:
    """What was produced and consumed with serials and lots, who worked, each step with its values and times."""
    await as_.takes(*DONE)
    record = await completed(as_, note="First of its lot.")
    root = await performance(as_)
    assert texts(root, "ID") == [f"{R}/1"]
    assert texts(root, "Description") == ["First of its lot."]
    assert texts(root, "EndTime") == [record["completed_at"]]
    run = ("OperationsResponse", "SegmentResponse")
    assert texts(root, *run, "MaterialActual", "MaterialUse") == ["Produced", "Consumed", "Consumed"]
    assert texts(root, *run, "MaterialActual", "MaterialSubLotID") == [record["serial"], "ROTOR-0001"]
    assert texts(root, *run, "MaterialActual", "MaterialLotID") == ["L-9"]
    assert texts(root, *run, "MaterialActual", "Quantity", "QuantityString") == ["1", "1", "0.50"]
    steps = (*run, "SegmentResponse")
    assert texts(root, *steps, "ID") == ["assemble", "test", "label"]
    assert texts(root, *steps, "SegmentState") == ["Completed", "Completed"]
    assert texts(root, *steps, "SegmentData", "Value", "ValueString") == ["25.0"]
    assert texts(root, *steps, "SegmentData", "Value", "UnitOfMeasure") == ["N·m"]
    assert texts(root, *steps, "PersonnelActual", "PersonID") == ["olga", "omar"]


async def test_a_record_that_there_is_not_has_no_document(as_: Served) -> None:
    """Nor has a run that there is not."""
    await as_.takes(*DONE)
    async with as_("viewer") as viewer:
        for path in (f"{R}/completions/1", "NOTHING/completions/1"):
            answer = await viewer.get(f"/runs/{path}/b2mml")
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


RECORD = {
    "run_id": "RUN-1",
    "number": 2,
    "part_number": "HP-200",
    "revision": "C",
    "lot": "L-1",
    "quantity": "40",
    "unit_of_measure": "each",
    "procedure": {"name": "Build", "version": "3"},
    "place": {"plant": "Graz", "work_center": "cell 4"},
    "completed_at": "2026-03-02T06:00:00Z",
    "note": "a \x07 < b",
    "steps": [
        {
            "step_id": "s",
            "name": "S",
            "state": "complete",
            "signed_by": {"machine": "tester-1"},
            "values": [
                {"field_id": "ok", "name": "OK", "value": True},
                {"field_id": "colors", "name": "Colors", "value": ["red", "blue"]},
            ],
        },
    ],
}


def test_what_xml_has_no_form_for_does_not_break_the_document() -> None:
    """A bell in a note, an ampersand or a bracket; a place without a line; a lot; values that are no text."""
    root = fromstring(operations_performance(RECORD))
    assert check(root) == []
    assert texts(root, "Description") == ["a � < b"]
    assert texts(root, "HierarchyScope", "HierarchyScope", "EquipmentLevel") == ["WorkCell"]
    values = ("OperationsResponse", "SegmentResponse", "SegmentResponse", "SegmentData", "Value", "ValueString")
    assert texts(root, *values) == ["true", "red", "blue"]


def test_what_is_out_of_order_is_found() -> None:
    """The check that the other tests rely on can fail."""
    root = fromstring(operations_performance(RECORD))
    root.append(Element(f"{NAMESPACE}ID"))
    root.append(Element(f"{NAMESPACE}Colour"))
    assert [wrong.split(":")[0] for wrong in check(root)] == ["/OperationsPerformance"]
