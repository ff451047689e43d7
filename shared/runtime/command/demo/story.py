"""The story: a shift builds three pumps, side by side. Every sentence that says that something happened was checked."""

from shared.runtime.command.demo import blocked, closing, morning, recalled, reopened, reworked
from shared.runtime.command.demo.plan import PUMP
from shared.runtime.command.demo.stage import Document, Stage

EVENTS = ["run.completed", "run.reopened"]
"""What the ERP wants to hear of."""

BLOCKS = "out-of-range-without-issue"


def play(on: Stage) -> None:
    """Play all of it.

    :raises CommandFailed: naming the first thing that did not happen.
    """
    prepare(on)
    morning.play(on)
    blocked.play(on.of(on.shift.blocked))
    reworked.play(on.of(on.shift.reworked))
    recalled.play(on)
    reopened.play(on.of(on.shift.reopened))
    closing.play(on)


def prepare(on: Stage) -> None:
    """The ERP's receiver is registered before anything happens, and quality says what it does not let pass."""
    on.tell.act("Before the shift")
    wanted = {"url": on.receiver.url, "description": "the ERP", "events": EVENTS}
    registered = on.people["ada"].post("notification", "/endpoints", wanted)
    on.receiver.secret, on.receiver.endpoint_id = registered["secret"], registered["endpoint_id"]
    on.tell.happens(
        f"ada registers the ERP's webhook for {' and '.join(EVENTS)}: {on.receiver.url}",
        lambda: on.receiver.endpoint_id,
    )
    on.before = on.read("run", "/policies")
    pumps = {"part_number": PUMP, "blocking": [BLOCKS]}
    others = [one for one in _policies(on.before) if one["part_number"] != PUMP]
    _configure(on, [*others, pumps], "A value out of range needs an issue before a pump goes out.")
    on.tell.happens(
        f"quinn makes a warning a blocker for {PUMP}: {BLOCKS}", lambda: pumps in _policies(on.read("run", "/policies"))
    )


def leave(on: Stage) -> None:
    """In a plant that stays, the receiver is sent nothing more, and policies are what they were."""
    ended = {"reason": "The demo ended."}
    on.people["ada"].post("notification", f"/endpoints/{on.receiver.endpoint_id}/disable", ended)
    _configure(on, _policies(on.before), "The demo ended.")


def _policies(shown: Document) -> list[Document]:
    return [{name: one[name] for name in ("part_number", "blocking")} for one in shown["policies"]]


def _configure(on: Stage, policies: list[Document], reason: str) -> None:
    version = on.read("run", "/policies")["version"]
    on.people["quinn"].put("run", "/policies", {"version": version, "policies": policies, "reason": reason})
