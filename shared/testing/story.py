"""Stories about rules: given what happened, when somebody asks, then these events follow, or this refusal.

No I/O: thousands of them run in a second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared.kernel import Refused

A = TypeVar("A")
R = TypeVar("R", bound=Refused)

Decide = Callable[[Mapping[str, Any], Any], Sequence[Any]]
Evolve = Callable[[Any, Any], Any]
SubjectOf = Callable[[Any], str]


@dataclass(frozen=True)
class Rules(Generic[A]):
    """The rules that a story is about."""

    decide: Decide
    evolve: Evolve
    subject_of: SubjectOf

    def given(self, *commands: Any) -> "Story[A]":
        """A world in which these commands were accepted before, in order."""
        story: Story[A] = Story(self)
        for command in commands:
            story = story.when(command).and_then()
        return story


@dataclass(frozen=True)
class Story(Generic[A]):
    """A world of aggregates by id, and what the last command led to."""

    rules: Rules[A]
    known: Mapping[str, A] = field(default_factory=dict)
    events: tuple[Any, ...] = ()
    refusal: Refused | None = None

    def when(self, command: Any) -> "Story[A]":
        """Ask."""
        try:
            events = tuple(self.rules.decide(self.known, command))
        except Refused as refusal:
            return Story(self.rules, self.known, (), refusal)
        known = dict(self.known)
        for event in events:
            subject = self.rules.subject_of(event)
            known[subject] = self.rules.evolve(known.get(subject), event)
        return Story(self.rules, known, events)

    def and_then(self) -> "Story[A]":
        """Go on; what was asked must have been accepted."""
        assert self.refusal is None, f"refused: {self.refusal}"
        return self

    def then(self, *expected: type) -> "Story[A]":
        """Just these events followed, by type, in order."""
        self.and_then()
        assert [type(event) for event in self.events] == list(expected), self.events
        return self

    def nothing_happens(self) -> "Story[A]":
        """It was accepted and changed nothing."""
        return self.then()

    def is_refused(self, refusal: type[R], *, naming: str = "", way_out: str = "") -> "RefusedStory[A, R]":
        """It was refused for this reason, with a sentence that contains ``naming``, and another that says the way out
        and contains ``way_out``.
        """
        assert self.refusal is not None, f"accepted: {self.events}"
        assert type(self.refusal) is refusal, self.refusal
        assert isinstance(self.refusal, refusal)
        assert naming in self.refusal.obstacle, self.refusal.obstacle
        assert "{" not in self.refusal.obstacle + self.refusal.resolution
        assert self.refusal.resolution
        assert way_out in self.refusal.resolution, self.refusal.resolution
        return RefusedStory(self.rules, self.known, self.refusal)

    def state(self, subject: str) -> A:
        """The aggregate as it stands now."""
        return self.known[subject]


class RefusedStory(Story[A], Generic[A, R]):
    """A story whose last command was refused, and how."""

    refusal: R

    def __init__(self, rules: Rules[A], known: Mapping[str, A], refusal: R) -> None:
        super().__init__(rules, known, (), refusal)
