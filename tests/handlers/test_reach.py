"""Why Kafka cannot be reached, whatever it is that answers in its place."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
from asyncpg.exceptions import ConnectionDoesNotExistError

from shared.runtime import reach, settings
from shared.runtime.embedded.children import free_port
from shared.runtime.settings import Settings

DID_NOT_BOOTSTRAP = KafkaConnectionError("Unable to bootstrap")

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def at(*servers: str, **more: object) -> Settings:
    """Settings that name these servers."""
    named = ",".join(servers)
    return settings.load(database_url="postgresql+asyncpg:///none", kafka_bootstrap_servers=named, **more)


@asynccontextmanager
async def answered_by(answer: Answering) -> AsyncIterator[str]:
    """Something that is no Kafka, on a loopback port."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A port that is open, and nothing behind it."""
    writer.close()


async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A web server."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


async def say_an_empty_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Something that understands the frame, and nothing in it."""
    await reader.read(1)
    writer.write(b"\0\0\0\x04\0\0\0\x01")
    writer.close()


async def test_an_error_that_says_nothing_is_named() -> None:
    """Rather than a colon with nothing behind it."""
    assert (await reach.why_not_kafka(at("kafka:9092"), TimeoutError())).said == "Kafka at kafka:9092: TimeoutError"


@pytest.mark.parametrize("answer", [close, speak_http, say_an_empty_answer])
async def test_what_is_no_kafka_is_said_to_be_none_and_nobody_dies_of_it(answer: Answering) -> None:
    """Whoever waits goes on waiting; the address is named."""
    async with answered_by(answer) as address:
        reason = await reach.why_not_kafka(at(address), DID_NOT_BOOTSTRAP)
    assert f"Kafka at {address}" in reason.said
    assert not reason.is_settled


async def test_every_server_that_is_away_is_named() -> None:
    """An operator sees which."""
    servers = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    said = await reach.because(at(*servers), DID_NOT_BOOTSTRAP)
    assert all(f"Kafka at {one}: " in said for one in servers)


async def test_a_server_that_says_nothing_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is asked for within a bound."""
    monkeypatch.setattr(reach, "ASK_WITHIN_S", 0.1)
    end = asyncio.Event()

    async def be_silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await end.wait()
        writer.close()

    async with answered_by(be_silent) as address:
        reason = await reach.why_not_kafka(at(address), DID_NOT_BOOTSTRAP)
        end.set()
    assert "does not answer within 0.1 s" in reason.said


async def test_an_error_that_tells_is_told_as_it_is() -> None:
    """Nobody is asked again."""
    refused = TopicAuthorizationFailedError("plant.orders")
    assert "plant.orders" in (await reach.why_not_kafka(at("127.0.0.1:1"), refused)).said
    assert await reach.because(at("127.0.0.1:1"), OSError("gone")) == "OSError: gone"
    cut = await reach.because(at("127.0.0.1:1"), ConnectionDoesNotExistError("closed"))
    assert cut == "ConnectionDoesNotExistError: closed"
