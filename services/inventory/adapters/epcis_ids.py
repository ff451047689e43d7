"""By which URIs a plant's things are known in EPCIS documents: serials and lots are its own, and so are these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ids:
    """URIs under a base (`urn:asbuilt`, or `https://id.example.com/plant-7`): `…:unit:SERIAL`, `…:lot:PART:LOT`,
    `…:run:RUN`, `…:location:PLACE`; with slashes under an address.
    """

    base: str

    def epc(self, unit: Row) -> str:
        """Of a serial unit; of a lot, that of its class."""
        if unit["serial"] is not None:
            return self.unit(unit)
        return self._uri("lot", unit["part_number"], unit["lot"] or "untracked")

    def unit(self, unit: Row) -> str:
        """Of a unit itself, as of what others are put into."""
        return self._uri("unit", unit["unit_id"])

    def run(self, run_id: str) -> str:
        """Of a run, which is a production order."""
        return self._uri("run", run_id)

    def location(self, name: str) -> str:
        """Of a place in the plant."""
        return self._uri("location", name)

    def event(self, *seed: str) -> str:
        """Of an event: the same whenever it is told."""
        return f"urn:uuid:{uuid5(NAMESPACE_URL, self._uri('event', ' '.join(seed)))}"

    def _uri(self, *names: str) -> str:
        between = ":" if self.base.startswith("urn:") else "/"
        return between.join([self.base, *(quote(one, safe="") for one in names)])
