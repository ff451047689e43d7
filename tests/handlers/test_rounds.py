"""What a service does now and then: at once, again after a failure, and no more once it is stopped."""

import asyncio

from shared.messaging.patience import Patience
from shared.messaging.rounds import Rounds

WITHIN_S = 10


class Round:
    """Done again and again, of which the first ``fails`` fail."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.begun = 0
        self.was_done = asyncio.Event()

    async def __call__(self) -> None:
        """Once."""
        self.begun += 1
        if self.begun <= self.fails:
            raise ConnectionError("the database is away")
        self.was_done.set()


def rounds(do: Round, pause_s: float = 3600) -> Rounds:
    """Rounds with short pauses after failures."""
    return Rounds("rounds", do, Patience(initial_s=0.001, max_s=0.001), pause_s=pause_s)


async def test_the_first_round_is_at_once_and_who_is_stopped_does_not_wait_for_the_next() -> None:
    """Though the next one is an hour away."""
    do = Round()
    going = rounds(do)
    task = asyncio.create_task(going.run())
    await asyncio.wait_for(do.was_done.wait(), WITHIN_S)
    going.stop()
    await asyncio.wait_for(task, WITHIN_S)
    assert do.begun == 1


async def test_a_round_that_fails_is_done_again() -> None:
    """Nobody has to help."""
    do = Round(fails=2)
    going = rounds(do, pause_s=0.001)
    task = asyncio.create_task(going.run())
    await asyncio.wait_for(do.was_done.wait(), WITHIN_S)
    going.stop()
    await asyncio.wait_for(task, WITHIN_S)
    assert do.begun >= 3


async def test_pages_go_on_while_they_are_full() -> None:
    """The one that is not ends the round; so does being stopped."""
    sizes = [5, 5, 2, 5]

    async def page() -> int:
        return sizes.pop(0)

    going = rounds(Round())
    await going.pages(page, full=5)
    assert sizes == [5]
    going.stop()
    sizes.append(5)
    await going.pages(page, full=5)
    assert sizes == [5]
