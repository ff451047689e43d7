"""A completion record as B2MML operations performance, over HTTP, on a real PostgreSQL."""

from xml.etree.ElementTree import Element, fromstring, tostring

import pytest

from services.run.adapters.b2mml import operations_performance
from tests.handlers.b2mml_schema import NAMESPACE, check
from tests.handlers.pump_records import DONE, completed
from tests.handlers.run_records import R
from tests.handlers.served import Served

SERVICE = "run"


async def performance(as_: Served, number: int = 1) -> Element:
    """The document of a completion record, which is as the schema has it."""
    async with as_("viewer") as viewer:
        answer = await viewer.get(f"/runs/{R}/completions/{number}/b2mml")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml"), answer.text
    assert check(answer.content) == []
    return fromstring(answer.content)


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
    assert texts(root, "Endtime") == [record["completed_at"]]
    run = ("OperationsResponse", "SegmentResponse")
    assert texts(root, *run, "MaterialActual", "MaterialUse") == ["Produced", "Consumed", "Consumed"]
    assert texts(root, *run, "MaterialActual", "MaterialSubLotID") == [record["serial"], "ROTOR-0001"]
    assert texts(root, *run, "MaterialActual", "MaterialLotID") == ["L-9"]
    assert texts(root, *run, "MaterialActual", "Quantity", "QuantityString") == ["1", "1", "0.50"]
    assert texts(root, *run, "MaterialActual", "Quantity", "UnitOfMeasure") == ["each"]
    steps = (*run, "SegmentResponseChild")
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
    "unit_id": "HP-200:L-1",
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


def of_run(*path: str) -> tuple[str, ...]:
    """Where it stands what came of the run itself."""
    return ("OperationsResponse", "SegmentResponse", *path)


def test_what_xml_has_no_form_for_does_not_break_the_document() -> None:
    """A bell in a note, an ampersand or a bracket; a place without a line; a lot; values that are no text."""
    document = operations_performance(RECORD)
    assert check(document) == []
    root = fromstring(document)
    assert texts(root, "Description") == ["a � < b"]
    assert texts(root, "HierarchyScope", "HierarchyScopeChild", "EquipmentLevel") == ["WorkCell"]
    values = of_run("SegmentResponseChild", "SegmentData", "Value", "ValueString")
    assert texts(root, *values) == ["true", "red", "blue"]


def test_what_is_scrapped_of_a_lot_is_not_produced() -> None:
    """An ERP system books what is good, and what is not by itself."""
    document = operations_performance(RECORD | {"scrapped_quantity": "2"})
    assert check(document) == []
    root = fromstring(document)
    assert texts(root, *of_run("MaterialActual", "MaterialUse")) == ["Produced", "Other"]
    assert texts(root, *of_run("MaterialActual", "Quantity", "QuantityString")) == ["38", "2"]
    other = root.findall("/".join(f"{NAMESPACE}{one}" for one in of_run("MaterialActual", "MaterialUse")))[1]
    assert other.get("OtherValue") == "Scrapped"


def test_a_lot_of_which_nothing_is_good_is_only_scrapped() -> None:
    """Nothing of it is produced, not even nought."""
    root = fromstring(operations_performance(RECORD | {"scrapped_quantity": "40.0"}))
    assert texts(root, *of_run("MaterialActual", "MaterialUse")) == ["Other"]


@pytest.mark.parametrize("state", ["todo", "in_progress", "complete", "failed", "hold", "redline", "canceled"])
def test_a_step_is_told_in_every_state(state: str) -> None:
    """Also one that was never started or signed, and one without a value."""
    step = {"step_id": "s", "name": "S", "state": state, "values": [{"field_id": "f", "name": "F", "value": ""}]}
    assert check(operations_performance(RECORD | {"steps": [step]})) == []


def test_what_is_out_of_order_is_found() -> None:
    """The check that the other tests rely on can fail: an element twice, one that there is not, a time that is none."""
    root = fromstring(operations_performance(RECORD))
    root.append(Element(f"{NAMESPACE}ID"))
    assert check(tostring(root)) != []
    root = fromstring(operations_performance(RECORD))
    root[0].tag = f"{NAMESPACE}Colour"
    assert check(tostring(root)) != []
    assert check(operations_performance(RECORD | {"completed_at": "yesterday"})) != []
