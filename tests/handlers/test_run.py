"""The run service on its road: records in, announcements out."""

from dataclasses import replace
from typing import Any

import pytest

from services.run.adapters.views import completion_view
from services.run.app import SERVICE
from services.run.domain.commands import CompleteRun
from services.run.domain.review import review
from services.run.domain.run import Placement, RunStatus
from services.run.handlers import HANDLERS
from shared.contracts.base import PlantEvent
from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import contract_of, read
from shared.kernel import Actor
from shared.messaging.road import KeyReused
from shared.runtime.permissions import PERMISSIONS
from shared.testing.topics import event
from tests.handlers.bench import BY, EARLY_FOR, Bench
from tests.handlers.run_records import R, claimed, ordered, recorded, signed


@pytest.fixture
def bench() -> Bench:
    """The run service."""
    return Bench(SERVICE)


async def test_a_batch_is_decided_in_the_order_in_which_it_came(bench: Bench) -> None:
    """Later records of a batch see what earlier ones did, and sequence numbers tell their order."""
    assert await bench.takes(ordered(), recorded(), signed(), signed("test")) == {"done": 4, "seen": 0}
    assert bench.types == [
        "run.created",
        "step.started",
        "step.value-recorded",
        "step.signed-off",
        "step.started",
        "step.signed-off",
        "run.ready",
    ]
    assert [one["sequence"] for one in bench.told] == ["1", "2", "3", "4", "5", "6", "7"]
    assert {one["partitionkey"] for one in bench.told} == {R}


async def test_a_plant_event_acts_in_the_name_of_its_operator(bench: Bench) -> None:
    """Person and machine are both named; the station is the source where none is given."""
    await bench.takes(ordered(), recorded(), signed())
    assert bench.said("step.value-recorded")[0]["by"] == {"person": "olga", "machine": "urn:plant:station-1"}
    assert bench.said("step.signed-off")[0]["by"] == {"person": "olga", "machine": "scanner-4"}


async def test_a_target_with_its_tolerance_becomes_limits(bench: Bench) -> None:
    """25 ± 1: 26 is in range, 26.01 is not; digits stay as they were sent."""
    await bench.takes(ordered(), recorded("26"), recorded("26.010"))
    assert [(one["value"], one["verdict"]) for one in bench.said("step.value-recorded")] == [
        ("26", "in-range"),
        ("26.010", "out-of-range"),
    ]


@pytest.mark.parametrize(
    "limits", [{"target": "25"}, {"tolerance": "1"}, {"target": "25", "tolerance": "1", "min": "2"}]
)
async def test_half_a_tolerance_is_refused(bench: Bench, limits: dict[str, str]) -> None:
    """A target needs its tolerance, and no limits besides: else nobody knows what was meant."""
    step = {"step_id": "a", "name": "A", "fields": [{"field_id": "f", "name": "F", "kind": "number"} | limits]}
    await bench.takes(ordered(steps=[step]))
    assert bench.refusals == ["order-invalid"]


async def test_a_doubled_record_has_no_effect_and_no_second_announcement(bench: Bench) -> None:
    """In one batch and in two: by CloudEvents source and id."""
    order, value = ordered(id_="o-1"), recorded(id_="v-1")
    await bench.takes(order, order, value, value)
    told = len(bench.told)
    assert await bench.takes(order, value) == {"seen": 2}
    assert len(bench.told) == told == 3


async def test_the_same_order_under_another_id_is_fine(bench: Bench) -> None:
    """Planning may send again; other content under the same run id is refused."""
    await bench.takes(ordered(), ordered(), ordered(revision="C"))
    assert bench.types == ["run.created", "run.change-refused", "run.evidence-refused"]
    assert bench.refusals == ["run-exists"]


async def test_a_refusal_names_the_event_that_was_refused(bench: Bench) -> None:
    """So that the sender can react: code, obstacle, way out, and id, source and type of what it sent."""
    await bench.takes(ordered(), signed(id_="s-1"))
    refused = bench.said("run.change-refused")[0]
    assert (refused["refused_id"], refused["refused_source"]) == ("s-1", "urn:plant:station-1")
    assert (refused["refused_type"], refused["code"]) == ("plant.step.signed-off.v1", "fields-missing")
    assert (refused["run_id"], refused["subject_id"]) == (R, R)
    assert "torque" in refused["obstacle"]
    assert "torque" in refused["resolve"]
    assert ["sequence" in one for one in bench.told] == [True, False, True]


async def test_a_refused_record_holds_up_nobody(bench: Bench) -> None:
    """What follows it in the batch is done."""
    assert await bench.takes(ordered(), signed("weld"), recorded(), signed()) == {"done": 3, "refused": 1, "seen": 0}


async def test_a_record_with_a_wrong_key_is_refused(bench: Bench) -> None:
    """Its order cannot be promised."""
    await bench.takes(ordered(), recorded(key="run-2"), replace(recorded(), key=None))
    assert bench.refusals == ["wrong-key", "wrong-key"]
    assert R in bench.said("run.change-refused")[0]["resolve"]


async def test_an_early_event_waits_for_its_run_and_what_follows_waits_behind_it(bench: Bench) -> None:
    """Topics have no order among each other: taken up in order as soon as the run is there."""
    assert (await bench.takes(recorded(), signed()))["parked"] == 2
    assert [one.parking for one in bench.aside] == ["early", "behind"]
    await bench.takes(ordered())
    assert bench.types[-4:] == ["run.created", "step.started", "step.value-recorded", "step.signed-off"]
    assert not bench.aside


async def test_an_early_event_holds_up_no_other_run(bench: Bench) -> None:
    """Another run of the same batch goes on."""
    assert await bench.takes(signed("test", "run-2"), ordered(), recorded()) == {"parked": 1, "done": 2, "seen": 0}


async def test_an_early_event_whose_time_is_up_is_refused(bench: Bench) -> None:
    """Ten minutes by default; the refusal names the event that waited."""
    await bench.takes(recorded(id_="v-1"))
    await bench.waits(EARLY_FOR.total_seconds() / 60 - 1)
    assert bench.refusals == []
    await bench.waits(1)
    assert bench.refusals == ["unknown-run"]
    assert bench.said("run.change-refused")[0]["refused_id"] == "v-1"


async def test_a_machine_does_only_what_its_role_may() -> None:
    """A site that takes `step:work` from machines gets refusals, not silence."""
    bench = Bench(SERVICE, permissions={**PERMISSIONS, "step:work": frozenset({"operator"})})
    await bench.takes(ordered(), recorded())
    assert bench.refusals == ["permission-missing"]
    assert "step:work" in bench.said("run.change-refused")[0]["obstacle"]


def test_plant_events_need_a_permission_and_facts_need_none() -> None:
    """A handler that is new is covered unasked."""
    for contract, handler in HANDLERS.items():
        assert (handler.permission in PERMISSIONS) is issubclass(contract, PlantEvent), contract


async def test_planning_cancels_a_run(bench: Bench) -> None:
    """With its reason; inventory hears which unit is free."""
    canceled = event("plant.run.canceled.v1", {"run_id": R, "reason": "customer order withdrawn"})
    await bench.takes(ordered(), canceled)
    said = bench.said("run.canceled")[0]
    assert (said["unit_id"], said["reason"]) == ("PUMP-1", "customer order withdrawn")


async def test_a_run_is_canceled_when_inventory_refuses_its_target(bench: Bench) -> None:
    """By the refusal of the run's own creation, and by no other refusal."""
    refused = {
        "subject_id": "PUMP-1",
        "refused_id": "x",
        "refused_source": "urn:asbuilt:run",
        "refused_type": "asbuilt.run.created.v1",
        "code": "target-not-available",
        "obstacle": "It is scrapped.",
        "resolve": "Order another.",
        "run_id": R,
    }
    other = refused | {"refused_type": "plant.unit.installed.v1", "code": "requirement-full"}
    await bench.takes(ordered(), event("asbuilt.unit.change-refused.v1", BY | other))
    assert bench.state(R).status is RunStatus.TODO
    await bench.takes(event("asbuilt.unit.change-refused.v1", BY | refused))
    assert bench.said("run.canceled")[0]["reason"] == "target-not-available: It is scrapped."


async def test_what_inventory_installs_and_removes_is_noted(bench: Bench) -> None:
    """With serial, revision and designator, and the version of the as-built."""
    one = {
        "parent_unit_id": "PUMP-1",
        "unit_id": "ROTOR-1",
        "installation_id": "i-1",
        "requirement_id": "rotor",
        "run_id": R,
    }
    what = {"part_number": "ROTOR-7", "revision": "A", "serial": "ROTOR-1", "quantity": "1", "designator": "U7"}
    installed = event("asbuilt.unit.installed.v1", BY | one | what | {"as_built_version": 2})
    removed = event("asbuilt.unit.removed.v1", BY | one | {"reason": "worn", "as_built_version": 3})
    await bench.takes(ordered(), claimed(), installed, removed)
    assert bench.types == ["run.created", "run.target-noted", "run.installation-noted", "run.removal-noted"]
    noted = bench.said("run.installation-noted")[0]
    assert (noted["serial"], noted["revision"], noted["designator"]) == ("ROTOR-1", "A", "U7")
    assert bench.state(R).as_built_version == 3


async def test_only_issues_of_runs_are_noted(bench: Bench) -> None:
    """An issue of a unit alone is none of run's business; exceptions for one requirement add up."""
    issue = BY | {"issue_id": "issue-1", "title": "Scratch", "state": "pending"}
    excepted = [{"requirement_id": "rotor", "quantity": "1"}, {"requirement_id": "rotor", "quantity": "2"}]
    of_the_run = issue | {"run_id": R, "approved": True, "exceptions": excepted}
    await bench.takes(ordered(), event("asbuilt.issue.opened.v1", issue), event("asbuilt.issue.opened.v1", of_the_run))
    assert bench.types == ["run.created", "run.issue-noted"]
    (noted,) = bench.said("run.issue-noted")
    assert noted["exceptions"] == [{"requirement_id": "rotor", "quantity": "3"}]
    assert (noted["unit_id"], noted["part_numbers"]) == ("PUMP-1", ["PUMP-100"])


async def confirmed(bench: Bench, key: str = "key-1", body: str = "body") -> Any:
    """Lena confirms the review as it is now."""
    version = review(bench.state(R)).version
    return await bench.asked(CompleteRun(R, Actor("lena"), bench.now, version, frozenset(), ""), R, key=key, body=body)


async def test_a_completion_goes_to_both_topics_under_one_id(bench: Bench) -> None:
    """`asbuilt.runs` for everybody, `asbuilt.completions` for the ERP."""
    await bench.takes(ordered(), claimed(), recorded(), signed(), signed("test"))
    assert (await confirmed(bench)).status == 200
    outbox = [one for one in bench.work.tables.outbox if b"run.completed" in one.body]
    assert [one.topic for one in outbox] == ["asbuilt.runs", "asbuilt.completions"]
    assert len({(one.event_id, one.key, one.body) for one in outbox}) == 1


async def test_a_repeated_confirmation_gets_the_first_answer(bench: Bench) -> None:
    """The same key, the same answer, one completion; the same key with another body is refused."""
    await bench.takes(ordered(), claimed(), recorded(), signed(), signed("test"))
    first = await confirmed(bench)
    again = await confirmed(bench)
    assert (again.status, again.document, again.is_repeated) == (first.status, first.document, True)
    with pytest.raises(KeyReused):
        await confirmed(bench, body="another note")
    assert (await confirmed(bench, key="key-2")).document == {"code": "run-locked"}
    assert len(bench.said("run.completed")) == 2  # one event on two topics


async def test_a_contested_completion_reopens_the_run(bench: Bench) -> None:
    """With the difference as its reason, and once; a long difference is cut short."""
    await bench.takes(ordered(), claimed(), recorded(), signed(), signed("test"))
    await confirmed(bench)
    gone = [{"change": "removed", "requirement_id": "r", "unit_id": f"ROTOR-{n}" + "x" * 190} for n in range(30)]
    contested = {"unit_id": "PUMP-1", "run_id": R, "number": 1, "relied_on_version": 1, "as_built_version": 2}
    said = BY | contested | {"differences": gone}
    await bench.takes(event("asbuilt.completion.contested.v1", said), event("asbuilt.completion.contested.v1", said))
    assert bench.types.count("run.reopened") == 2  # one event on two topics
    reason = bench.said("run.reopened")[0]["reason"]
    assert reason.startswith("completion contested: the as-built is version 2, not 1 (ROTOR-0")
    assert reason.endswith("and 20 more)")
    assert (bench.state(R).status, bench.refusals) == (RunStatus.IN_PROGRESS, [])


async def test_a_contested_quantity_is_told_in_words(bench: Bench) -> None:
    """Of what is installed, and of what is built."""
    await bench.takes(ordered(), claimed(), recorded(), signed(), signed("test"))
    await confirmed(bench)
    screws = {"change": "quantity", "requirement_id": "r", "unit_id": "SCREW-4:L1~a", "was": "10", "now": "6"}
    pumps = {"change": "quantity", "unit_id": "PUMP-100:L9", "was": "10", "now": "8"}
    edited = [
        {"change": "requirement", "requirement_id": "shim", "unit_id": "PUMP-1"} | wanted
        for wanted in ({"was": "1", "now": "2"}, {"now": "2"}, {"was": "1"}, {"was": "1", "now": "1"})
    ]
    contested = {"unit_id": "PUMP-1", "run_id": R, "number": 1, "relied_on_version": 1, "as_built_version": 2}
    await bench.takes(
        event("asbuilt.completion.contested.v1", BY | contested | {"differences": [screws, pumps, *edited]})
    )
    reason = bench.said("run.reopened")[0]["reason"]
    installed = "6 of SCREW-4:L1~a, not 10, 8 of PUMP-100:L9, not 10"
    wanted = (
        "requirement shim wants 2, not 1, requirement shim added, requirement shim removed, requirement shim edited"
    )
    assert reason.endswith(f"({installed}, {wanted})")


async def test_an_issue_that_changes_after_completion_is_noted_beside_the_record(bench: Bench) -> None:
    """The record stays as it was confirmed, and whoever reads it sees what was learned since."""
    issue = BY | {"issue_id": "issue-1", "title": "Scratch", "state": "in_progress", "run_id": R, "approved": True}
    await bench.takes(ordered(), claimed(), recorded(), signed(), signed("test"))
    await bench.takes(event("asbuilt.issue.dispositioned.v1", issue | {"disposition": "use-as-is"}))
    await confirmed(bench)
    kept = {"number": 1, "record": bench.said("run.completed")[0]["record"]}
    assert completion_view(bench.state(R), kept) == kept | {"issues_since": []}
    await bench.takes(
        event("asbuilt.issue.resolved.v1", issue | {"disposition": "use-as-is", "state": "resolved"}),
        event("asbuilt.issue.opened.v1", issue | {"issue_id": "issue-2", "state": "pending", "approved": False}),
    )
    shown = completion_view(bench.state(R), kept)
    assert shown["record"] == kept["record"]
    assert [(one["issue_id"], one["state"]) for one in shown["issues_since"]] == [
        ("issue-1", "resolved"),
        ("issue-2", "pending"),
    ]


async def test_everything_that_is_announced_can_be_read_by_its_contract(bench: Bench) -> None:
    """Announcements are built quickly, without checks: here they are checked."""
    await bench.takes(ordered(), claimed(), recorded(), signed(), signed("weld"), signed("test"))
    await confirmed(bench)
    for one in bench.work.tables.outbox:
        entry, contract = contract_of(read(one.body, []))
        assert entry == CATALOG[entry.type]
        assert getattr(contract, entry.key) == one.key


async def test_what_inventory_says_of_the_units_around_is_noted(bench: Bench) -> None:
    """A component that is reopened and is so no more, and what the pump went into; units without a run say nothing."""
    of_the_run = {"unit_id": "PUMP-1", "run_id": R, "component_id": "ROTOR-1"}
    placed = {"unit_id": "PUMP-1", "parent_unit_id": "SKID-1", "parent_run_id": "run-2"}
    await bench.takes(
        ordered(),
        event("asbuilt.component.reopened.v1", BY | of_the_run | {"component_run_id": "run-7"}),
        event("asbuilt.unit.placed.v1", BY | placed | {"run_id": R}),
        event("asbuilt.unit.placed.v1", BY | placed),
    )
    assert bench.state(R).reopened_components == {"ROTOR-1": "run-7"}
    assert bench.state(R).placement == Placement("SKID-1", "run-2")
    del of_the_run["run_id"]
    cleared = event("asbuilt.component.cleared.v1", BY | of_the_run)
    await bench.takes(cleared, event("asbuilt.component.cleared.v1", BY | of_the_run | {"run_id": R}))
    assert bench.state(R).reopened_components == {}
    assert bench.types.count("run.component-noted") == 2
    assert len(bench.said("run.placement-noted")) == 1
