"""Golden samples: events as they were released, one file each, for every type. They are never changed.

``DIGESTS`` lists them in the order in which they tell their story: three runs (a serial, a lot, and one that says
no more than it must), a contested completion and a canceled order. Its lines fit ``sha256sum --check``.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from shared.contracts.catalog import CATALOG, Entry

FOLDER = Path(__file__).parent
DIGESTS = FOLDER / "DIGESTS"


@dataclass(frozen=True, slots=True)
class Sample:
    """One event as it was released: ``value`` is a record's value, in structured mode."""

    name: str
    type: str
    value: bytes

    @property
    def entry(self) -> Entry:
        """Its line in the catalog."""
        return CATALOG[self.type]

    @property
    def key(self) -> str:
        """The record's key."""
        key: str = json.loads(self.value)["data"][self.entry.key]
        return key


def told() -> tuple[Sample, ...]:
    """Every sample, in the order of the story."""
    return tuple(_sample(name) for name in released())


def released() -> dict[str, str]:
    """The digest (SHA-256, hex) of each sample by file name, in the order of the story."""
    lines = (line.split() for line in DIGESTS.read_text().splitlines())
    return {name: digest for digest, name in lines}


def unreleased() -> tuple[str, ...]:
    """File names of samples that ``DIGESTS`` does not list yet."""
    listed = released()
    return tuple(sorted(path.name for path in FOLDER.glob("*.json") if path.name not in listed))


def release() -> tuple[str, ...]:
    """List new samples behind the others; what was listed before stays as it is. Returns the names added."""
    new = unreleased()
    with DIGESTS.open("a") as digests:
        digests.writelines(f"{sha256((FOLDER / name).read_bytes()).hexdigest()}  {name}\n" for name in new)
    return new


def _sample(name: str) -> Sample:
    return Sample(name, name.rsplit(".", 2)[0], (FOLDER / name).read_bytes())
