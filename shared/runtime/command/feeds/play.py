"""Plays a feed: publishes it, listens to what is answered meanwhile, and waits until everything has its answer."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from shlex import quote
from time import monotonic

from aiokafka.errors import KafkaError

from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.feeds.answers import READERS, Answers
from shared.runtime.command.feeds.cluster import VARIABLE
from shared.runtime.command.feeds.endings import Endings
from shared.runtime.command.feeds.publisher import Publisher, TopicMissing
from shared.runtime.command.feeds.sending import Sending
from shared.runtime.command.kafka import kafka_failed
from shared.runtime.command.pasted import asbuilt
from shared.runtime.settings import Settings

SILENCE_S = 2.0
"""Once a record was read, its answer is in the outbox and on its way; after so long a silence it has come. Longer
than the relay takes to look into the outbox unasked."""

LOOK_EVERY_S = 0.1

Shown = Callable[[int, int], None]
"""Shows how far it is: records that the brokers have, records that have ended."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a feed, and how long it took (s)."""

    endings: Endings
    is_read: bool
    published: int
    publishing_s: float
    answering_s: float


def play(
    settings: Settings, feeds: Sequence[Iterable[Sending]], topics: Collection[str], patience_s: float, show: Shown
) -> Played:
    """Publish feeds to these plant topics, each when the one before it was answered, and wait for the answers until
    none comes for ``patience_s``. Ctrl-C ends the publishing, a second one the waiting.

    :raises CommandFailed: when Kafka is away, or has not our topics.
    """
    try:
        return asyncio.run(_play(settings, feeds, topics, patience_s, show))
    except TopicMissing as missing:
        there = f"{VARIABLE}={quote(settings.kafka_bootstrap_servers)}"
        resolve = f"Create the topics: `{there} {asbuilt('topics', 'apply')}`."
        raise CommandFailed(ExitCode.AWAY, "topic-missing", f"Kafka has no topic {missing}.", resolve) from None
    except (KafkaError, OSError, TimeoutError) as error:
        raise kafka_failed(settings, error) from None


async def _play(
    settings: Settings, feeds: Sequence[Iterable[Sending]], topics: Collection[str], patience_s: float, show: Shown
) -> Played:
    endings, is_read, publishing_s, answering_s = Endings(), True, 0.0, 0.0
    async with _connected(settings, topics, endings, show) as (publisher, answers):
        for feed in feeds:
            began = monotonic()
            await publisher.publish(feed, lambda one: endings.send(one.id, one.kind))
            published_at = monotonic()
            is_read = is_read and await _answered(publisher, answers, endings, patience_s)
            publishing_s += published_at - began
            answering_s += monotonic() - published_at
        endings.settle(is_read=is_read)
        show(publisher.confirmed, endings.ended)
        return Played(endings, is_read, publisher.confirmed, publishing_s, answering_s)


@asynccontextmanager
async def _connected(
    settings: Settings, topics: Collection[str], endings: Endings, show: Shown
) -> AsyncIterator[tuple[Publisher, Answers]]:
    """Kafka, with answers coming in and being shown."""
    async with AsyncExitStack() as after:
        publisher = Publisher(settings)
        after.push_async_callback(publisher.stop)
        await publisher.start()
        for name in topics:
            await publisher.find(name)
        partitions = [at for name in {READERS[name][1] for name in topics} for at in await publisher.find(name)]
        answers = Answers(settings, endings.hear)
        after.push_async_callback(answers.stop)
        await answers.start(partitions)
        for work in (answers.listen(), _show(publisher, endings, show)):
            after.push_async_callback(_end, asyncio.create_task(work))
        _stop_on_ctrl_c(publisher)
        yield publisher, answers


async def _answered(publisher: Publisher, answers: Answers, endings: Endings, patience_s: float) -> bool:
    """Wait until nothing is open, or everything was read and Asbuilt has fallen silent; False when something is
    unread and nothing moves for ``patience_s``.
    """
    unread, moved_at = None, monotonic()
    while endings.waiting:
        before, unread = unread, await answers.unread(publisher.ends)
        if unread != before:
            moved_at = monotonic()
        silent_s = monotonic() - max(answers.last_heard, moved_at)
        if unread == 0 and silent_s > SILENCE_S:
            return True
        if silent_s > max(patience_s, SILENCE_S):
            return False
        await asyncio.sleep(LOOK_EVERY_S)
    return True


def _stop_on_ctrl_c(publisher: Publisher) -> None:
    """The first Ctrl-C ends the feed, so that it is told what became of it; the second ends everything."""
    loop = asyncio.get_running_loop()

    def enough() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        publisher.enough()

    loop.add_signal_handler(signal.SIGINT, enough)


async def _show(publisher: Publisher, endings: Endings, show: Shown) -> None:
    while True:
        show(publisher.confirmed, endings.ended)
        await asyncio.sleep(LOOK_EVERY_S)


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
