"""Inventory decides installs, run decides completion, and they are two databases: what happens when they cross."""

from shared.testing.plant import PlantUnderTest
from tests.flows.floor import Floor

RUN = ("services.run", "serve")
DEAF = ("--only", "http", "--only", "relay")


def test_a_removal_in_flight_contests_the_completion_and_the_run_reopens_itself(plant: PlantUnderTest) -> None:
    """A unit is never released against an as-built nobody reviewed; reviewed again, it is."""
    plant.serve("inventory")
    ears = plant.start("run", *RUN, "--only", "consumer")
    floor = Floor(plant, plant.start("run", *RUN, *DEAF).wait_ready())
    run_id, unit_id, rotor = floor.builds()
    version = floor.is_ready(run_id)
    ears.stop()
    remove = f"/units/{unit_id}/installations/{rotor}/remove"
    assert floor.asks("inventory", "POST", remove, {"reason": "worn"}, roles="operator").status_code == 200
    assert floor.confirms(run_id, version).status_code == 200
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "on_hold")
    plant.start("run", *RUN, "--only", "consumer").wait_ready()
    shown = floor.sees("run", f"/runs/{run_id}", lambda one: one["status"] == "in_progress")
    assert (shown["completions"], shown["installations"]) == (1, [])
    kept = floor.asks("run", "GET", f"/runs/{run_id}/completions").json()["items"]
    assert f"{rotor} removed" in kept[0]["superseded_because"]
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "wip")
    floor.installs(rotor, unit_id)
    review = floor.sees("run", f"/runs/{run_id}/review", lambda one: one["is_ready"])
    assert floor.confirms(run_id, review["version"]).json()["number"] == 2
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "available")


def test_an_edited_requirement_in_flight_contests_the_completion(
    plant: PlantUnderTest,
) -> None:
    """An engineer approves a substitute while the lead confirms: nobody reviewed that, so it is reviewed again."""
    plant.serve("inventory")
    ears = plant.start("run", *RUN, "--only", "consumer")
    floor = Floor(plant, plant.start("run", *RUN, *DEAF).wait_ready())
    run_id, unit_id, _ = floor.builds()
    version = floor.is_ready(run_id)
    ears.stop()
    edit, wanted = f"/units/{unit_id}/requirements/rotor", {"substitutes": ["ROTOR-8"], "reason": "rotors run short"}
    edited = floor.asks("inventory", "PATCH", edit, wanted, roles="engineer")
    assert edited.status_code == 200, edited.text
    assert floor.confirms(run_id, version).status_code == 200
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "on_hold")
    plant.start("run", *RUN, "--only", "consumer").wait_ready()
    floor.sees("run", f"/runs/{run_id}", lambda one: one["status"] == "in_progress")
    (first,) = floor.asks("run", "GET", f"/runs/{run_id}/completions").json()["items"]
    assert "requirement rotor edited" in first["superseded_because"]
    review = floor.sees("run", f"/runs/{run_id}/review", lambda one: one["is_ready"])
    assert floor.confirms(run_id, review["version"]).json()["number"] == 2
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "available")
    _, second = floor.asks("run", "GET", f"/runs/{run_id}/completions").json()["items"]
    assert second["record"]["as_built_version"] > first["record"]["as_built_version"]
