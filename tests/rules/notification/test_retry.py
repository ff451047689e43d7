"""When a delivery is tried again, given up, and when its endpoint is disabled."""

from datetime import timedelta

import pytest

from services.notification.domain.retry import Answer, Decision, RetryPolicy, Verdict, judge

DAY_MS = int(timedelta(days=1).total_seconds() * 1000)
POLICY = RetryPolicy(first_gap_ms=5_000, longest_gap_ms=21_600_000, give_up_after_ms=3 * DAY_MS)
FAILED = Answer(status=500)


def after(answer: Answer, number: int = 1, tried_for_ms: int = 0, *, others: bool = False, luck: float = 1) -> Decision:
    """What follows from an attempt."""
    return judge(POLICY, answer, number=number, tried_for_ms=tried_for_ms, takes_others=others, luck=luck)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    """Whatever the endpoint says besides."""
    assert after(Answer(status=status)) == Decision(Verdict.DELIVERED)


@pytest.mark.parametrize(
    "answer", [Answer(status=s) for s in (301, 307, 400, 404, 429, 500)] + [Answer(error="refused")]
)
def test_everything_else_is_tried_again(answer: Answer) -> None:
    """A redirect too: it is never followed."""
    assert after(answer).verdict is Verdict.AGAIN


def test_gaps_double_up_to_the_longest() -> None:
    """5 s, 10 s, 20 s, … at most 6 h."""
    gaps = [after(FAILED, number).after_ms for number in range(1, 16)]
    assert gaps[:4] == [5_000, 10_000, 20_000, 40_000]
    assert gaps[12:] == [20_480_000, 21_600_000, 21_600_000]
    assert after(FAILED, 100_000).after_ms == 21_600_000


@pytest.mark.parametrize(("luck", "gap_ms"), [(0, 10_000), (0.5, 15_000), (1, 20_000)])
def test_a_gap_is_drawn_from_its_upper_half(luck: float, gap_ms: int) -> None:
    """Many deliveries that failed together do not come back together."""
    assert after(FAILED, 3, luck=luck).after_ms == gap_ms


def test_what_the_endpoint_asks_for_is_obeyed_within_the_longest_gap() -> None:
    """A shorter wish than the gap changes nothing; a longer one than the longest is not followed."""
    assert after(Answer(status=429, retry_after_ms=120_000)).after_ms == 120_000
    assert after(Answer(status=503, retry_after_ms=1)).after_ms == 5_000
    assert after(Answer(status=503, retry_after_ms=10 * DAY_MS)).after_ms == 21_600_000


def test_a_delivery_is_given_up_after_three_days_when_the_endpoint_takes_others() -> None:
    """The endpoint works, so it is this one event that it cannot take."""
    assert after(FAILED, 20, 3 * DAY_MS - 1, others=True).verdict is Verdict.AGAIN
    assert after(FAILED, 20, 3 * DAY_MS, others=True).verdict is Verdict.GIVEN_UP


def test_an_endpoint_that_took_nothing_for_three_days_is_disabled() -> None:
    """The delivery is not given up: it waits until the endpoint is enabled again."""
    decision = after(FAILED, 20, 3 * DAY_MS)
    assert decision.verdict is Verdict.DISABLE
    assert decision.reason == "Nothing but failures for 72.0 hours."


def test_an_endpoint_that_says_gone_is_disabled_at_once() -> None:
    """410 means: nothing more, please."""
    assert after(Answer(status=410), others=True) == Decision(Verdict.DISABLE, 5_000, "It answered 410 Gone.")
