"""What follows from an attempt: delivered, again after a pause, given up, or the endpoint is disabled.

Gaps double from the first to the longest; each is drawn between a half and the whole of it, so that endpoints that
come back are not hit by everybody at once, and no gap is nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

GONE = 410
"""The answer of an endpoint that wants nothing more (Standard Webhooks)."""
OK = range(200, 300)
MOST_DOUBLINGS = 40


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient deliveries are, in milliseconds."""

    first_gap_ms: int
    longest_gap_ms: int
    give_up_after_ms: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt got: a status, or what went wrong. ``retry_after_ms`` is what the endpoint asked for."""

    status: int | None = None
    error: str | None = None
    retry_after_ms: int | None = None

    @property
    def is_success(self) -> bool:
        """Any 2xx. A redirect is a failure, and never followed."""
        return self.status in OK


class Verdict(StrEnum):
    """What becomes of a delivery."""

    DELIVERED = "delivered"
    AGAIN = "again"
    GIVEN_UP = "given_up"
    DISABLE = "disable"  # the endpoint is disabled, the delivery waits until it recovers


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict; ``after_ms`` is the pause before the next attempt, ``reason`` says why it ends."""

    verdict: Verdict
    after_ms: int = 0
    reason: str = ""


def judge(
    policy: RetryPolicy, answer: Answer, *, number: int, tried_for_ms: int, takes_others: bool, luck: float
) -> Decision:
    """What follows from attempt ``number`` (from 1), ``tried_for_ms`` after the first one.

    ``takes_others``: the endpoint took another delivery meanwhile. ``luck`` is a random number from 0 to 1.
    """
    if answer.is_success:
        return Decision(Verdict.DELIVERED)
    gap_ms = gap(policy, answer, number, luck)
    if answer.status == GONE:
        return Decision(Verdict.DISABLE, gap_ms, "It answered 410 Gone.")
    if tried_for_ms < policy.give_up_after_ms:
        return Decision(Verdict.AGAIN, gap_ms)
    if takes_others:
        return Decision(Verdict.GIVEN_UP)
    return Decision(Verdict.DISABLE, gap_ms, f"Nothing but failures for {tried_for_ms / 3_600_000:.1f} hours.")


def gap(policy: RetryPolicy, answer: Answer, number: int, luck: float) -> int:
    """The pause after attempt ``number`` (ms); what the endpoint asked for is obeyed, up to the longest gap."""
    whole = min(policy.first_gap_ms * 2 ** min(number - 1, MOST_DOUBLINGS), policy.longest_gap_ms)
    drawn = int(whole * (0.5 + luck / 2))
    return min(max(drawn, answer.retry_after_ms or 0), policy.longest_gap_ms)
