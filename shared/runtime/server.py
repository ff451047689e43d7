"""A service process: HTTP on uvicorn, stopped by SIGTERM within its time, with exit code 0."""

import asyncio
import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

GRACE_S = 2
"""How long open connections may finish; the batch in hand has its own time after that."""


class _Server(uvicorn.Server):
    """uvicorn raises a caught signal again at the end, which would make the exit code -15."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `serve`."""
        yield


def run(app: FastAPI, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; a second signal changes nothing, since stopping is bounded in time."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="on",
    )
    server = _Server(config)
    _calm_collector()
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(server))
    if not server.started:
        raise SystemExit(3)


def _calm_collector() -> None:
    """From here on it works. A batch makes some fifty thousand objects that live until its end, while the next one is
    read; counting keeps cycles rare, and what a batch leaves is freed without the cycle collector. It need not walk
    through living batches, 50 ms each time: it comes when far more has gathered than batches explain.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000, 20, 100)
    gc.enable()


async def _serve(server: _Server) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await server.serve()
