"""What happens around run and inventory: plant systems publish, people call and look."""

from collections.abc import Callable
from itertools import count
from typing import Any

import httpx

from shared.testing.conditions import eventually
from shared.testing.plant import PlantUnderTest, ServiceProcess
from shared.testing.topics import Heard

Document = dict[str, Any]
WITHIN_S = 60

STEPS = [
    {
        "step_id": "assemble",
        "name": "Assemble",
        "fields": [
            {
                "field_id": "torque",
                "name": "Torque",
                "kind": "number",
                "unit": "N·m",
                "target": "25.0",
                "tolerance": "0.5",
            }
        ],
    },
    {"step_id": "test", "name": "Leak test", "after": ["assemble"]},
]
ROTOR = {"requirement_id": "rotor", "part_number": "ROTOR-7", "revision": "A", "quantity": 1}
RELEASE = {"gate_id": "release", "name": "Quality release", "role": "Quality"}


class Floor:
    """What happens around run and inventory."""

    def __init__(self, plant: PlantUnderTest, run: ServiceProcess | None = None) -> None:
        """``run``: the process of the run service that answers, where there are several."""
        self.plant = plant
        self._at = {one.service: one for one in plant.processes} | ({} if run is None else {"run": run})
        self._numbers = count(1)

    def orders(self, **changed: Any) -> tuple[str, str]:
        """Planning orders a pump; the ids of run and unit."""
        number = next(self._numbers)
        order = self.order(f"run-{number}", f"PUMP-{number}") | changed
        self.plant.publish.event("plant.run.ordered.v1", order)
        return order["run_id"], order["target"]["serial"]

    def order(self, run_id: str, serial: str) -> Document:
        """The order of a pump."""
        return {
            "run_id": run_id,
            "part_number": "PUMP-100",
            "revision": "B",
            "procedure": {"name": "Build a pump", "version": "3"},
            "target": {"serial": serial},
            "steps": STEPS,
            "requirements": [ROTOR],
            "gates": [RELEASE],
        }

    def receives(self, serial: str, part_number: str = "ROTOR-7") -> str:
        """The warehouse receives a component."""
        what = {"unit_id": serial, "part_number": part_number, "revision": "A", "serial": serial}
        self.plant.publish.event("plant.unit.received.v1", what)
        return serial

    def installs(self, component: str, unit_id: str) -> None:
        """A scanner says that a component was put into the pump."""
        what = {"parent_unit_id": unit_id, "requirement_id": "rotor", "unit_id": component, "operator": "olga"}
        self.plant.publish.event("plant.unit.installed.v1", what)

    def works(self, run_id: str, torque: str = "25.10") -> None:
        """Stations record and sign off everything."""
        one = {"run_id": run_id, "operator": "olga", "station": "torque-2"}
        value = one | {"step_id": "assemble", "field_id": "torque", "value": torque}
        self.plant.publish.event("plant.step.value-recorded.v1", value)
        for step in ("assemble", "test"):
            self.plant.publish.event("plant.step.signed-off.v1", one | {"step_id": step})

    def asks(
        self,
        service: str,
        method: str,
        path: str,
        body: Document | None = None,
        *,
        roles: str = "viewer",
        key: str = "",
    ) -> httpx.Response:
        """A person with these roles calls."""
        headers = {"authorization": f"Bearer {self.plant.token(*roles.split(), person=roles.split(maxsplit=1)[0])}"}
        headers |= {"idempotency-key": key} if key else {}
        return httpx.request(method, self._at[service].url + path, json=body, headers=headers, timeout=30)

    def sees(self, service: str, path: str, is_so: Callable[[Document], object]) -> Document:
        """What a viewer sees as soon as it is so."""

        def look() -> Document | None:
            answer = self.asks(service, "GET", path)
            assert answer.is_success, answer.text
            document: Document = answer.json()
            assert is_so(document), f"{document}"
            return document

        seen = eventually(look, WITHIN_S, f"{service} {path}")
        assert seen is not None
        return seen

    def hears(self, type_: str, key: str, times: int = 1, topic: str = "asbuilt.runs") -> list[Heard]:
        """What is announced of one type about one thing, as soon as it was so often."""

        def of_it(heard: list[Heard]) -> list[Heard]:
            return [one for one in heard if (one.type, one.key) == (type_, key)]

        what = f"{type_} of {key}, {times} times"
        heard = self.plant.announced(topic, lambda all_: len(of_it(all_)) >= times, WITHIN_S, what)
        assert len(of_it(heard)) == times
        return of_it(heard)

    def builds(self, torque: str = "25.10", **changed: Any) -> tuple[str, str, str]:
        """Everything that a pump needs but the gate; the ids of run, unit and rotor."""
        run_id, unit_id = self.orders(**changed)
        rotor = self.receives(f"ROTOR-of-{run_id}")
        self.installs(rotor, unit_id)
        self.works(run_id, torque)
        self.sees("run", f"/runs/{run_id}/review", lambda one: [b["code"] for b in one["blockers"]] == ["gate-open"])
        return run_id, unit_id, rotor

    def is_ready(self, run_id: str) -> str:
        """The gate is approved, and nothing blocks; the version of the review."""
        approved = self.asks("run", "POST", f"/runs/{run_id}/gates/release/approve", roles="quality Quality")
        assert approved.status_code == 200, approved.text
        version: str = self.sees("run", f"/runs/{run_id}/review", lambda one: one["is_ready"])["version"]
        return version

    def confirms(
        self, run_id: str, version: str, *acknowledged: Document, key: str = "", note: str = ""
    ) -> httpx.Response:
        """The lead confirms, and acknowledges these warnings."""
        known = [{"code": one["code"], "subject": one["subject"]} for one in acknowledged]
        body = {"review_version": version, "note": note, "acknowledged": known}
        return self.asks("run", "POST", f"/runs/{run_id}/complete", body, roles="lead", key=key)
