"""One event in, one announcement out, on whatever broker there is."""

from shared.testing.plant import PlantUnderTest

ORDER = {
    "run_id": "R-1",
    "part_number": "GEARBOX-7",
    "revision": "C",
    "procedure": {"name": "Assemble gearbox", "version": "12"},
    "target": {"serial": "GB-0001"},
    "steps": [{"step_id": "S1", "name": "Press bearing"}],
}


def test_an_ordered_run_is_created_once_and_inventory_claims_its_unit(plant: PlantUnderTest) -> None:
    """An order takes the whole road: Kafka, run's database, Kafka, inventory's database, Kafka."""
    plant.serve("run", "inventory")
    plant.publish.event("plant.run.ordered.v1", ORDER)
    runs = plant.announced(
        "asbuilt.runs", lambda heard: any(one.type == "asbuilt.run.target-noted.v1" for one in heard)
    )
    assert [(one.type, one.key, one.sequence) for one in runs] == [
        ("asbuilt.run.created.v1", "R-1", 1),
        ("asbuilt.run.target-noted.v1", "R-1", 2),
    ]
    assert plant.database("inventory").rows("select unit_id, status from unit") == [
        {"unit_id": "GB-0001", "status": "wip"}
    ]
