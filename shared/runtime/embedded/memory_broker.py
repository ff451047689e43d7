"""librdkafka's own in-memory broker, in a process of its own.

For the demo and fast tests only: nothing is durable, and there is no admin API, so topics appear on first use.
"""

import ctypes
import signal
import subprocess
import sys
from pathlib import Path

from shared.runtime.embedded import children

REBALANCE_DELAY_MS = 100
"""How long a new group waits for more members; of its own accord this broker waits 3 s, with every group of a plant."""


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
    target = Path(sys.argv[1])
    partial = target.with_suffix(".partial")
    partial.write_text(_cluster(REBALANCE_DELAY_MS))
    partial.rename(target)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


def _cluster(rebalance_delay_ms: int) -> str:
    """Start a cluster of one broker in this process; its `host:port`. Python's own binding cannot set the delay."""
    from confluent_kafka import cimpl  # noqa: PLC0415 - only this process needs it

    library, producer, reason = ctypes.CDLL(cimpl.__file__), 0, ctypes.create_string_buffer(512)
    library.rd_kafka_new.restype = library.rd_kafka_mock_cluster_new.restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    client = library.rd_kafka_new(producer, None, reason, ctypes.c_size_t(len(reason)))
    if client is None:
        raise children.DidNotStart(reason.value.decode())
    cluster = ctypes.c_void_p(library.rd_kafka_mock_cluster_new(ctypes.c_void_p(client), 1))
    library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, ctypes.c_int32(rebalance_delay_ms))
    address: bytes = library.rd_kafka_mock_cluster_bootstraps(cluster)
    return address.decode()


if __name__ == "__main__":
    main()
