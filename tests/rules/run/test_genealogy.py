"""What inventory says of the units around the run's own, and what the run makes of it."""

from services.run.domain import events
from tests.rules.run.examples import R, blockers_of, completed, component, placed, ready, reopen, warnings_of


def test_a_component_that_is_reopened_warns_until_it_is_so_no_more() -> None:
    """Its run was completed again, or it was taken out: inventory says which units are meant."""
    story = ready().when(component()).then(events.ComponentNoted)
    assert warnings_of(story) == [("component-reopened", "ROTOR-1")]
    assert blockers_of(story) == []
    story.when(component()).nothing_happens()
    cleared = story.when(component(run_id=None)).then(events.ComponentNoted)
    assert warnings_of(cleared) == []
    cleared.when(component(run_id=None)).nothing_happens()


def test_a_component_that_was_reopened_after_completion_warns_when_the_run_is_reopened() -> None:
    """It is noted beside the completion record, and shown when somebody has to decide again."""
    story = completed(component(), reopen())
    assert warnings_of(story) == [("component-reopened", "ROTOR-1")]


def test_a_run_knows_what_its_unit_is_installed_in() -> None:
    """Until it is taken out; told again, nothing changes."""
    story = completed().when(placed()).then(events.PlacementNoted)
    assert story.state(R).placement == placed().placement
    story.when(placed()).nothing_happens()
    assert story.when(placed(None)).then(events.PlacementNoted).state(R).placement is None
