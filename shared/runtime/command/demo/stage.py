"""The stage of a play: who plays, where, and what can be seen from it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.contracts.catalog import COMPLETIONS
from shared.runtime.command.connection import Services, Where
from shared.runtime.command.demo.floor import Floor
from shared.runtime.command.demo.plan import PEOPLE, Plan
from shared.runtime.command.demo.receiver import Receiver
from shared.runtime.command.demo.teller import Teller
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.kafka import kafka_settings
from shared.runtime.embedded.described import Described
from shared.runtime.identity import mint

Document = dict[str, Any]

COMPLETED = "asbuilt.run.completed.v1"
TOKENS_FOR = timedelta(hours=1)
HISTORY_AT_MOST = 1000


@dataclass
class Stage:
    """Everything that the acts need."""

    plan: Plan
    floor: Floor
    receiver: Receiver
    people: dict[str, Services]
    tell: Teller

    @property
    def path(self) -> str:
        """Where the run service keeps the run."""
        return f"/runs/{self.plan.run_id}"

    def read(self, service: str, path: str) -> Document:
        """What anybody may read."""
        return self.people["omar"].get(service, path)

    def run(self) -> Document:
        """The run, as it is now."""
        return self.read("run", self.path)

    def review(self) -> Document:
        """The run's completion review, as it is now."""
        return self.read("run", f"{self.path}/review")

    def unit(self, unit_id: str) -> Document:
        """A unit, as it is now."""
        return self.read("inventory", f"/units/{unit_id}")

    def history(self) -> list[Document]:
        """The run's history, as it is now."""
        return self.people["omar"].items("audit", "/history", HISTORY_AT_MOST, run_id=self.plan.run_id)

    def completions(self) -> int:
        """How often the run's completion was announced to the world."""
        events = self.floor.on_topic(COMPLETIONS.name)
        return sum(one["type"] == COMPLETED and one["subject"] == self.plan.run_id for one in events)

    def deliveries(self) -> int:
        """How often the ERP got the completion, with a good signature."""
        if self.receiver.refused:
            raise CommandFailed(ExitCode.REFUSED, "signature-wrong", self.receiver.refused[0])
        return sum(one["type"] == COMPLETED and one["subject"] == self.plan.run_id for one in self.receiver.verified)

    def rubbish(self) -> Document | None:
        """What the gateway sent, as it stands aside."""
        aside = self.people["ada"].items("run", "/parked", HISTORY_AT_MOST)
        found = next((one for one in aside if one["key"] == self.plan.gateway), None)
        return found and {"record": f"run:{found['parked_id']}", **found}

    def refused_as(self, code: str) -> list[Document]:
        """The run's refusals with a code, as its history tells them."""
        return [one for one in self.history() if (one.get("data") or {}).get("code") == code]


def stage(described: Described, plan: Plan, receiver: Receiver, tell: Teller) -> Stage:
    """The stage of a play in a plant.

    :raises CommandFailed: when the plant's key is not here, so that nobody could play.
    """
    key = described.private_key_file
    if key is None or not key.exists():
        obstacle = f"The key that signs the plant's tokens is not here: {key}."
        raise CommandFailed(ExitCode.USAGE, "no-private-key", obstacle, "Run the demo where the key is.")
    people = {
        name: Services(Where(urls=described.services, token=mint(key, name, roles, TOKENS_FOR)))
        for name, roles in PEOPLE.items()
    }
    kafka = kafka_settings().model_copy(update={"kafka_bootstrap_servers": described.kafka})
    return Stage(plan, Floor(kafka), receiver, people, tell)


def blockers(review: Document) -> set[str]:
    """A review's blockers as `code:subject`."""
    return {f"{one['code']}:{one['subject']}" for one in review["blockers"]}
