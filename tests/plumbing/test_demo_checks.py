"""What the demo tells, it checked: a check that fails ends it, with the name of what did not happen."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from io import StringIO
from itertools import count

import httpx
import pytest
from rich.console import Console
from standardwebhooks import Webhook

from shared.runtime.command.completions import differences
from shared.runtime.command.demo.receiver import Receiver
from shared.runtime.command.demo.teller import Teller
from shared.runtime.command.errors import CommandFailed, ExitCode

SECRET = "whsec_" + b64encode(b"a key of the plant and the ERP").decode()


@pytest.fixture
def told() -> StringIO:
    """What the demo printed."""
    return StringIO()


@pytest.fixture
def tell(told: StringIO) -> Teller:
    """A teller on paper."""
    return Teller(Console(file=told, width=100))


def refuse(code: str = "run-locked") -> None:
    """An attempt that is refused."""
    raise CommandFailed(ExitCode.REFUSED, code, "It is locked.", "Reopen it.")


def test_what_happens_in_time_is_told(tell: Teller, told: StringIO) -> None:
    """A few looks may be needed, and refusals on the way mean: not yet."""
    looks = count(1)
    assert tell.happens("the run appears", lambda: refuse("not-found") if next(looks) < 3 else "RUN-1") == "RUN-1"
    assert "✔ the run appears" in told.getvalue()
    assert tell.checked == 1


def test_what_does_not_happen_ends_the_demo_with_its_name(tell: Teller, told: StringIO) -> None:
    """The exit code is not 0, and the last answer is told."""
    with pytest.raises(CommandFailed) as failed:
        tell.happens("the unit is released", refuse, within_s=0.1)
    assert failed.value.exit_code == 1
    assert "the unit is released: run-locked: It is locked." in failed.value.obstacle
    assert "✘ the unit is released" in told.getvalue()
    assert tell.checked == 0


def test_a_change_that_is_not_refused_ends_the_demo(tell: Teller) -> None:
    """So does one that is refused for another reason."""
    with pytest.raises(CommandFailed, match="it was not refused"):
        tell.is_refused("somebody changes the record", "run-locked", lambda: None)
    with pytest.raises(CommandFailed, match="role-not-held"):
        tell.is_refused("somebody changes the record", "run-locked", lambda: refuse("role-not-held"))


def test_a_doubled_completion_ends_the_demo(tell: Teller) -> None:
    """Exactly once is one, neither none nor two."""
    for found in (0, 2):
        with pytest.raises(CommandFailed, match="exactly once"):
            tell.holds("it is announced exactly once", found, expected=1)


def test_the_difference_of_two_records_shows_what_was_and_what_is(told: StringIO) -> None:
    """One below the other; what was not there before is said so, and what somebody typed is text."""
    changed = {"about": "value", "subject": "leak-test/leak", "was": "0.12 mL/min", "now": "0.21 mL/min"}
    new = {"about": "note", "subject": "RUN-1", "was": None, "now": "Put [right]."}
    compared = {"run_id": "RUN-1", "from": {"number": 1}, "to": {"number": 2}, "differences": [changed, new]}
    Console(file=told, width=100).print(differences(compared))
    lines = [" ".join(line.split()) for line in told.getvalue().splitlines()]
    assert "RUN-1: what changed from record 1 to record 2" in lines
    at = lines.index("value - 0.12 mL/min")
    assert lines[at + 1] == "leak-test/leak + 0.21 mL/min"
    assert lines[at + 2 : at + 4] == ["note - nothing", "RUN-1 + Put [right]."]


def test_the_receiver_keeps_what_is_signed_with_its_secret_only() -> None:
    """Signed with another secret, a delivery is refused and kept apart."""
    body = json.dumps({"type": "asbuilt.run.completed.v1"})
    now = datetime.now(UTC)
    with Receiver() as receiver:
        receiver.secret = SECRET
        for secret, status in ((SECRET, 204), ("whsec_" + b64encode(b"somebody else's key").decode(), 401)):
            headers = {
                "webhook-id": "d-1",
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(secret).sign("d-1", now, body),
            }
            assert httpx.post(receiver.url, content=body, headers=headers).status_code == status
        assert httpx.post(receiver.url, content=body).status_code == 401
    assert [one["webhook-id"] for one in receiver.verified] == ["d-1"]
    assert len(receiver.refused) == 2
