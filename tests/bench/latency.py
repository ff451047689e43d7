"""The part `latency`: from a confirmation over HTTP to `run.completed` on its topic and to the first webhook
attempt, at 50 confirmations a second, beside the bare round trip through the same broker at the same time.
"""

import asyncio
import json
import statistics
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from time import perf_counter
from typing import Any

import httpx
import uvicorn
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from fastapi import FastAPI, Request, Response

from shared.runtime.embedded import children
from shared.runtime.identity import mint
from tests.bench import load
from tests.bench.ground import Ground, until

PER_S = 50
WARM_UP = 100
CONFIRMED = 1_000
TOPIC = "asbuilt.completions"
ECHO = "bench.echo"

Times = dict[str, float]
"""Moments by run id (seconds)."""


def latency(ground: Ground) -> dict[str, dict[str, float]]:
    """Serve run and notification, confirm runs, and say how long each way took (ms)."""
    plant = ground.plant
    plant.migrate(["run", "notification"])
    ground.make_topic(ECHO)
    networks = {"ASBUILT_WEBHOOK_ALLOW_HTTP": "true", "ASBUILT_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.0/8"]'}
    plant.serve(["run", "notification"], {"notification": networks})
    runs = [load.run_id(number) for number in range(WARM_UP + CONFIRMED)]
    ground.publish(load.order(run, steps=1, required=False) for run in runs)
    until(lambda: ground.on_topic("asbuilt.runs") >= 2 * len(runs), 60, "the runs are ordered and ready")
    token = mint(plant.private_key_file, "lead", ["lead", "admin"], timedelta(hours=1))
    return {"latency": asyncio.run(_measured(ground, runs, token))}


async def _measured(ground: Ground, runs: list[str], token: str) -> dict[str, float]:
    began: Times = {}
    on_topic: Times = {}
    at_webhook: Times = {}
    echoes: list[float] = []
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=30)
        )
        await _receive_webhooks(stack, client, ground.plant.url("notification"), at_webhook)
        consumer = await _consumer(stack, ground.plant.broker.address)
        producer = AIOKafkaProducer(bootstrap_servers=ground.plant.broker.address, acks="all", linger_ms=0)
        await producer.start()
        stack.push_async_callback(producer.stop)
        stack.callback(asyncio.create_task(_listen(consumer, on_topic, echoes)).cancel)
        confirmations = await _confirmations(client, ground.plant.url("run"), runs, began)
        await _at_a_steady_rate(confirmations, producer)
        await _all_arrived(runs, on_topic, at_webhook)
    counted = runs[WARM_UP:]
    return {
        **_percentiles("echo", echoes[WARM_UP:]),
        **_percentiles("to_topic", (on_topic[run] - began[run] for run in counted)),
        **_percentiles("to_webhook", (at_webhook[run] - began[run] for run in counted)),
        "per_s": PER_S,
        "confirmed": len(counted),
    }


async def _receive_webhooks(stack: AsyncExitStack, client: httpx.AsyncClient, service: str, arrived: Times) -> None:
    app = FastAPI()

    @app.post("/")
    async def receive(request: Request) -> Response:
        event: dict[str, Any] = await request.json()
        arrived.setdefault(event["subject"], perf_counter())
        return Response(status_code=204)

    port = children.free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    stack.push_async_callback(lambda: serving)
    stack.callback(setattr, server, "should_exit", True)
    endpoint = {"url": f"http://127.0.0.1:{port}/", "description": "bench", "events": ["run.completed"]}
    (await client.post(f"{service}/endpoints", json=endpoint)).raise_for_status()


async def _consumer(stack: AsyncExitStack, address: str) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(TOPIC, ECHO, bootstrap_servers=address, auto_offset_reset="latest", group_id=None)
    await consumer.start()
    stack.push_async_callback(consumer.stop)
    await consumer.seek_to_end()
    return consumer


async def _listen(consumer: AIOKafkaConsumer, on_topic: Times, echoes: list[float]) -> None:
    async for record in consumer:
        now = perf_counter()
        if record.topic == ECHO:
            echoes.append(now - float(record.value))
        else:
            on_topic.setdefault(record.key.decode(), now)


async def _confirmations(
    client: httpx.AsyncClient, service: str, runs: Iterable[str], began: Times
) -> list[Callable[[], Awaitable[None]]]:
    """One call for each run, with the version of its review at hand: the lead has looked at it."""

    async def reviewed(run: str) -> Callable[[], Awaitable[None]]:
        answer = await client.get(f"{service}/runs/{run}/review")
        body = json.dumps({"review_version": answer.raise_for_status().json()["version"]})

        async def confirm() -> None:
            began[run] = perf_counter()
            answer = await client.post(
                f"{service}/runs/{run}/complete", content=body, headers={"content-type": "application/json"}
            )
            answer.raise_for_status()

        return confirm

    return [await reviewed(run) for run in runs]


async def _at_a_steady_rate(calls: list[Callable[[], Awaitable[None]]], producer: AIOKafkaProducer) -> None:
    """Every call at its time, whether the ones before have ended or not; an echo beside each."""
    start = perf_counter()
    running = []
    for number, call in enumerate(calls):
        await asyncio.sleep(max(0.0, start + number / PER_S - perf_counter()))
        running.append(asyncio.ensure_future(call()))
        await asyncio.sleep(max(0.0, start + (number + 0.5) / PER_S - perf_counter()))
        running.append(asyncio.ensure_future(producer.send_and_wait(ECHO, repr(perf_counter()).encode())))
    await asyncio.gather(*running)


async def _all_arrived(runs: list[str], on_topic: Times, at_webhook: Times) -> None:
    async with asyncio.timeout(60):
        while len(on_topic) < len(runs) or len(at_webhook) < len(runs):  # noqa: ASYNC110 - a bench may poll
            await asyncio.sleep(0.05)


def _percentiles(name: str, times_s: Iterable[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times_s, n=100, method="inclusive")
    return {f"{name}_p50_ms": cuts[49] * 1000, f"{name}_p99_ms": cuts[98] * 1000}
