"""librdkafka's own in-memory broker, in a process of its own.

For the demo and fast tests only: nothing is durable, and there is no admin API, so topics appear on first use.
"""

import signal
import subprocess
import sys
from pathlib import Path

from shared.runtime.embedded import children


class MemoryBroker:
    """An in-memory broker on a loopback port."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._address_file = directory / "memory-broker.address"
        self._address_file.unlink(missing_ok=True)
        self._log = directory / "memory-broker.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`host:port`."""
        return self._address_file.read_text().strip()

    def start(self) -> None:
        """Start; what an earlier one held is gone."""
        arguments = [sys.executable, "-m", "shared.runtime.embedded.memory_broker", self._address_file]
        self._process = children.start(arguments, self._log)
        children.wait_until(self._address_file.exists, self._process, self._log)

    def stop(self) -> None:
        """Stop."""
        if self._process is not None:
            children.stop(self._process)


def main() -> None:
    """Run a broker until SIGTERM; its address is written to the file that is named."""
    from confluent_kafka import Producer  # noqa: PLC0415 - only this process needs it

    broker = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "test.mock.broker.rtt": 0})
    address = next(iter(broker.list_topics(timeout=10).brokers.values()))
    target = Path(sys.argv[1])
    partial = target.with_suffix(".partial")
    partial.write_text(f"{address.host}:{address.port}")
    partial.rename(target)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
