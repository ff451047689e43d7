"""Guarantee 3: SIGKILL at every seam, then a restart: same final rows, same announced ids, order per key kept."""

from collections.abc import Callable

import pytest

from shared.messaging.watch import Seam
from shared.testing import feed
from shared.testing.conditions import eventually
from shared.testing.feed import waves_for
from shared.testing.plant import PlantUnderTest, ServiceProcess
from shared.testing.record import Left, difference, left_in
from shared.testing.topics import Offsets

pytestmark = [pytest.mark.real_kafka, pytest.mark.timeout(400)]  # a new process for each seam

TAKING = (Seam.CLAIMED, Seam.SAVED, Seam.ANNOUNCED, Seam.COMMITTED)
"""After inbox, after save, after outbox, after commit before offsets."""

SENDING = (Seam.SENT, Seam.DELETED)
"""After send before delete, and after it."""


class Doomed:
    """A service that dies at one seam after the other, a new process each time."""

    def __init__(self, plant: PlantUnderTest, service: str, seams: tuple[Seam, ...]) -> None:
        self._plant = plant
        self._service = service
        self._seams = list(seams)
        self.died_at: list[Seam] = []
        self._process = self._start()

    def give(self, published: Offsets) -> None:
        """Wait until what was published is done, dying at the next seam on the way."""
        self._armed.touch()
        eventually(lambda: not self._process.is_alive or self._is_done(published), 30, "dead, or done")
        if not self._process.is_alive:
            self._bury()
            if self._seams == [Seam.DELETED]:  # the outbox still holds what was sent: the next one deletes it, and dies
                self._process = self._start(is_armed=True)
                self._bury()
            self._process = self._start()
        self._plant.wait_done(self._service, published)

    def _bury(self) -> None:
        assert self._process.died() == -9, self._process.log.read_text()[-2000:]
        self.died_at.append(self._seams.pop(0))
        self._plant.leave_the_dead(self._service)

    def _is_done(self, published: Offsets) -> bool:
        return self._plant.has_done(self._service, published)

    def _start(self, *, is_armed: bool = False) -> ServiceProcess:
        self._armed = self._plant.directory / f"armed-{len(self.died_at)}"
        seam = self._seams[0] if self._seams else Seam.POLLED
        if not self._seams:
            self._armed = self._plant.directory / "never" / "armed"
            self._armed.parent.mkdir()
            return self._plant.start(self._service).wait_ready()
        command = ("shared.testing.doomed", self._service, seam.value, str(self._armed))
        if is_armed:
            self._armed.touch()
            return self._plant.start(self._service, *command)
        return self._plant.start(self._service, *command).wait_ready()


@pytest.mark.parametrize("service", feed.listening())
def test_a_service_killed_at_every_seam_leaves_the_same_record(
    service: str, undisturbed: Callable[[str], Left], fresh: Callable[[str], PlantUnderTest]
) -> None:
    """Whatever it was doing when it died, the next process brings to the same end."""
    expected = undisturbed(service)
    seams = (*TAKING, *SENDING) if expected.told else TAKING
    plant = fresh(service)
    doomed = Doomed(plant, service, seams)
    for wave in waves_for(service):
        doomed.give(plant.publish.all(wave.records))
    unlike = difference(left_in(plant, service), expected)
    assert not unlike, "\n".join(unlike)
    assert tuple(doomed.died_at) == seams
