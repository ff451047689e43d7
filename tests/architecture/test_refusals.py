"""Every "no" is said well: a stable code, the obstacle as a sentence, and the way out."""

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

from shared.kernel import Refused, Unknown

ROOT = Path(__file__).parents[2]
SOURCES = [path for part in ("services", "shared") for path in (ROOT / part).rglob("*.py")]


def _modules() -> Iterator[str]:
    for path in SOURCES:
        if "migrations" not in path.parts and path.stem != "__main__":
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _below(refusal: type[Refused]) -> Iterator[type[Refused]]:
    for one in refusal.__subclasses__():
        yield one
        yield from _below(one)


for module in _modules():
    import_module(module)
REFUSALS = sorted(
    {one for one in _below(Refused) if one is not Unknown}, key=lambda one: (one.__module__, one.__name__)
)


def _blanks(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def _template(refusal: type[Refused]) -> str:
    return inspect.cleandoc(refusal.__doc__ or "").split("\n\n", 1)[0]


NAMES = {one.__name__ for one in REFUSALS}
NODES = [(path, node) for path in SOURCES for node in ast.walk(ast.parse(path.read_text()))]
CALLED = [
    (node.func.id, node, f"{path.relative_to(ROOT)}:{node.lineno}")
    for path, node in NODES
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES
]
NAMED = {node.id for _, node in NODES if isinstance(node, ast.Name)}


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.__name__)
def test_a_refusal_has_a_code_for_machines(refusal: type[Refused]) -> None:
    """Its own, in kebab-case, so that a sender can react to it."""
    assert "code" in vars(refusal), "it has only the code of its family"
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", refusal.code)


def test_a_code_says_one_thing_in_a_service() -> None:
    """Two refusals of one service never share a code; two services may name the same obstacle alike."""
    seen: dict[tuple[str, str], str] = {}
    for refusal in REFUSALS:
        owner = ".".join(refusal.__module__.split(".")[:2])
        for place in (owner, "shared") if owner.startswith("shared") else (owner,):
            other = seen.setdefault((place, refusal.code), refusal.__qualname__)
            assert other == refusal.__qualname__, f"{refusal.code} is {other} and {refusal.__qualname__}"


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.__name__)
def test_a_refusal_is_a_sentence_and_shows_the_way_out(refusal: type[Refused]) -> None:
    """The docstring is the message; ``resolve`` is never empty, because a dead end helps nobody."""
    assert "__doc__" in vars(refusal)
    assert refusal.__doc__
    message = " ".join(_template(refusal).split())
    assert message.endswith((".", "}")), message
    assert message[0].isupper() or message[0] == "{", message
    assert refusal.resolve.endswith((".", "}")), f"resolve: {refusal.resolve!r}"


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.__name__)
def test_every_blank_of_a_refusal_is_filled(refusal: type[Refused]) -> None:
    """Wherever it is raised, each name in the message and in the way out gets its fact, and no fact is wasted."""
    blanks = _blanks(_template(refusal)) | _blanks(refusal.resolve)
    given_anyway = {"subject", "waits_for"} if issubclass(refusal, Unknown) else set()
    for name, call, where in CALLED:
        if name != refusal.__name__:
            continue
        facts = {keyword.arg for keyword in call.keywords}
        if None in facts:  # **facts, gathered before
            continue
        assert blanks - given_anyway <= facts, f"{where} does not say {blanks - given_anyway - facts}"


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.__name__)
def test_a_refusal_is_used(refusal: type[Refused]) -> None:
    """A rule that nothing enforces is a wish."""
    assert refusal.__name__ in NAMED or refusal.__subclasses__()


def _stories_of(refusal: type[Refused]) -> str:
    """The rule stories of the service whose domain says no so."""
    service = refusal.__module__.split(".")[1]
    return "".join(path.read_text() for path in (ROOT / "tests" / "rules" / service).glob("test_*.py"))


@pytest.mark.parametrize(
    "refusal", [one for one in REFUSALS if one.__module__.endswith(".domain.refusals")], ids=lambda one: one.__name__
)
def test_a_refusal_of_the_domain_is_told_of_in_a_story(refusal: type[Refused]) -> None:
    """A "no" that no story leads to is a "no" that nobody has seen."""
    assert re.search(rf"is_refused\((refusals\.)?{refusal.__name__}\b", _stories_of(refusal))
