"""The parts `naive`, `ceiling`, `asbuilt` and `growth`: the same step events, four ways."""

import asyncio
import sys
from time import perf_counter

from shared.runtime.embedded import children
from tests.bench import load
from tests.bench.ground import Ground, until
from tests.bench.naive import OUT

RUNS = 4_000
EVENTS = RUNS * load.EVENTS_PER_RUN
NAIVE_S = 20
REPLICAS = 2
"""One for each core that the machine of the reference figures has; they share the consumer group, one relays."""

GROWN_EVENTS = 1_000_000
GROWN_RUNS = -(-GROWN_EVENTS // load.EVENTS_PER_RUN) // load.STATIONS * load.STATIONS + load.STATIONS


def order_runs(ground: Ground, first: int, runs: int) -> None:
    """Order runs and wait until the run service has them all."""
    before = ground.on_topic("asbuilt.runs")
    ground.publish(load.order(load.run_id(first + number)) for number in range(runs))
    ground.plant.serve(["run"])
    until(lambda: ground.on_topic("asbuilt.runs") >= before + runs, 300, "the orders are taken")
    ground.plant.stop_services()


def throughput(ground: Ground) -> dict[str, dict[str, float]]:
    """`naive`, `ceiling` and `asbuilt`, one after another, on the same records."""
    ground.plant.migrate(["run"])
    order_runs(ground, 0, RUNS)
    asyncio.run(ground.copy_database("run", "naive"))
    asyncio.run(ground.copy_database("run", "ceiling"))
    ground.publish(load.steps(0, RUNS))
    ground.make_topic(OUT)
    url = ground.plant.environment("run")["ASBUILT_DATABASE_URL"]
    owner = ground.plant.environment("run")["ASBUILT_MIGRATION_DATABASE_URL"]
    naive = ground.process("tests.bench.naive", NAIVE_S, ASBUILT_DATABASE_URL=url.rpartition("/")[0] + "/naive")
    parts = {"naive": naive.figures(NAIVE_S + 60)}
    asyncio.run(ground.settle())
    ceiling = ground.process(
        "tests.bench.ceiling", EVENTS, ASBUILT_MIGRATION_DATABASE_URL=owner.rpartition("/")[0] + "/ceiling"
    )
    parts["ceiling"] = ceiling.figures(180)
    asyncio.run(ground.settle())
    alone = _asbuilt(ground, EVENTS)
    order_runs(ground, 100_000, REPLICAS * RUNS)
    ground.publish(load.steps(100_000, REPLICAS * RUNS))
    asyncio.run(ground.settle())
    together = _replicas(ground, REPLICAS * EVENTS)
    one = alone.pop("events_per_s")
    parts["asbuilt"] = {
        "processes": REPLICAS,
        "events_per_s": together,
        "times_naive": together / parts["naive"]["events_per_s"],
        "of_ceiling": together / parts["ceiling"]["events_per_s"],
        "one_process_events_per_s": one,
        "one_process_times_naive": one / parts["naive"]["events_per_s"],
        **alone,
    }
    return parts


def growth(ground: Ground) -> dict[str, dict[str, float]]:
    """`asbuilt` again, when its tables hold a million events: the first stretch of one stream against the last."""
    ground.plant.migrate(["run"])
    order_runs(ground, 100_000, RUNS)
    ground.publish(load.steps(100_000, RUNS))
    asyncio.run(ground.settle())
    empty = _asbuilt(ground, EVENTS)["events_per_s"]
    order_runs(ground, 200_000, GROWN_RUNS)
    ground.publish(load.steps(200_000, GROWN_RUNS))
    _asbuilt(ground, GROWN_RUNS * load.EVENTS_PER_RUN)
    order_runs(ground, 300_000, RUNS)
    ground.publish(load.steps(300_000, RUNS))
    asyncio.run(ground.settle())
    grown = _asbuilt(ground, EVENTS)["events_per_s"]
    return {"growth": {"empty_events_per_s": empty, "grown_events_per_s": grown, "grown_of_empty": grown / empty}}


def _replicas(ground: Ground, events: int) -> float:
    """Events a second that two replicas take, as they are served; from when both have their partitions to the last
    announcement on the topic.
    """
    before = ground.on_topic("asbuilt.runs")
    logs = [ground.plant.directory / f"replica-{number}.log" for number in range(REPLICAS)]
    replicas = [
        children.start(
            [sys.executable, "-m", "services.run", "serve"],
            log,
            environment=ground.plant.environment("run", ASBUILT_HTTP_PORT="0"),
        )
        for log in logs
    ]
    try:
        until(lambda: ground.members("run") == REPLICAS, 60, "each replica has its partitions")
        began, first = perf_counter(), ground.on_topic("asbuilt.runs") - before
        until(lambda: ground.on_topic("asbuilt.runs") >= before + events, 300, "all announcements")
        return (events - first) / (perf_counter() - began)
    finally:
        for replica in replicas:
            children.stop(replica)


def _asbuilt(ground: Ground, events: int) -> dict[str, float]:
    figures = ground.process("tests.bench.road", events).figures(900)
    figures.pop("marks")
    return figures
