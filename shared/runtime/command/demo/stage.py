"""The stage of a play: who plays, where, and what can be seen from it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid4

from shared.contracts.catalog import COMPLETIONS
from shared.runtime.command import shown
from shared.runtime.command.connection import Services, Where
from shared.runtime.command.demo import said
from shared.runtime.command.demo.floor import Floor
from shared.runtime.command.demo.plan import PEOPLE, Plan, Shift
from shared.runtime.command.demo.receiver import Receiver
from shared.runtime.command.demo.teller import Teller
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.kafka import kafka_settings
from shared.runtime.command.pasted import asbuilt
from shared.runtime.embedded.described import Described
from shared.runtime.identity import mint

Document = dict[str, Any]

TOKENS_FOR = timedelta(hours=1)
HISTORY_AT_MOST = 1000


@dataclass
class Stage:
    """Everything that the acts need."""

    plant: Path
    """Its directory, or its plant.json."""
    shift: Shift
    plan: Plan
    floor: Floor
    receiver: Receiver
    people: dict[str, Services]
    tell: Teller
    before: Document = field(default_factory=dict)
    """The policies of the plant before the play."""

    def of(self, plan: Plan) -> Self:
        """The same stage, with another run in the light."""
        return replace(self, plan=plan)

    def act(self, title: str, *arguments: str) -> None:
        """A new part of the story, which this call of `asbuilt` shows at any time."""
        self.tell.act(title)
        self.tell.command(asbuilt(*arguments, plant=self.plant))

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

    def unit(self, unit_id: str = "") -> Document:
        """A unit, as it is now; without a name, the one that the run builds."""
        return self.read("inventory", f"/units/{quote(unit_id or self.plan.serial, safe='')}")

    def history(self) -> list[Document]:
        """The run's history, as it is now."""
        return self.people["omar"].items("audit", "/history", HISTORY_AT_MOST, run_id=self.plan.run_id)

    def announced(self) -> list[str]:
        """What the ERP's topic holds about the run, in order."""
        events = self.floor.on_topic(COMPLETIONS.name)
        return [shown.short_type(one) for one in events if one["subject"] == self.plan.run_id]

    def deliveries(self) -> list[Document]:
        """What the ERP got about the run, with a good signature."""
        if self.receiver.refused:
            raise CommandFailed(ExitCode.REFUSED, "signature-wrong", self.receiver.refused[0])
        return [one for one in self.receiver.verified if one["subject"] == self.plan.run_id]

    def delivered(self) -> list[str]:
        """The same, by its type."""
        return [shown.short_type(one) for one in self.deliveries()]

    def ready(self) -> Document | None:
        """The review, when nothing blocks the run and nothing warns."""
        review = self.review()
        return review if review["is_ready"] and not review["warnings"] else None

    def is_clear(self) -> bool:
        """Nothing blocks the run."""
        return bool(self.review()["is_ready"])

    def assemble(self) -> None:
        """Motor and bearings go in, the final check is signed, quality approves the gate."""
        self.floor.say("scanner-2", *said.assembled(self.plan))
        step = f"{self.path}/steps/final-check"
        self.people["omar"].put("run", f"{step}/fields/looks", {"value": "good"})
        self.people["omar"].post("run", f"{step}/sign-off")
        self.approve("quinn")

    def approve(self, person: str) -> Document:
        """Approve the run's gate."""
        return self.people[person].post("run", f"{self.path}/gates/release/approve")

    def reopen(self, person: str, reason: str) -> Document:
        """Open the completed run again."""
        return self.people[person].post("run", f"{self.path}/reopen", {"reason": reason})

    def disposition(self, issue_id: str, disposition: str, justification: str) -> None:
        """Quality decides what becomes of what was found."""
        decided = {"disposition": disposition, "justification": justification}
        self.people["quinn"].post("issue", f"/issues/{issue_id}/disposition", decided)

    def rubbish(self) -> Document | None:
        """What the gateway sent, as it stands aside."""
        aside = self.people["ada"].items("run", "/parked", HISTORY_AT_MOST)
        found = next((one for one in aside if one["key"] == self.shift.gateway), None)
        return found and {"record": f"run:{found['parked_id']}", **found}

    def refused_as(self, code: str) -> list[Document]:
        """The run's refusals with a code, as its history tells them."""
        return [one for one in self.history() if (one.get("data") or {}).get("code") == code]


def stage(described: Described, plant: Path, shift: Shift, receiver: Receiver, tell: Teller) -> Stage:
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
    return Stage(plant, shift, shift.blocked, Floor(kafka), receiver, people, tell)


def step_of(run: Document, step_id: str) -> Document:
    """A step of a run."""
    found: Document = next(one for one in run["steps"] if one["step_id"] == step_id)
    return found


def blockers(review: Document) -> set[str]:
    """A review's blockers as `code:subject`."""
    return {f"{one['code']}:{one['subject']}" for one in review["blockers"]}


def confirm(on: Stage, review: Document, note: str, key: str | None = None) -> Document:
    """The lead confirms a review; the completion record."""
    confirmation = {"review_version": review["version"], "note": note}
    return on.people["lena"].post("run", f"{on.path}/complete", confirmation, key or str(uuid4()))
