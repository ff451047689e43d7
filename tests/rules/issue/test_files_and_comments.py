"""What people say about an issue, and what they attach to it: whatever became of it."""

from typing import Any

import pytest

from services.issue.domain.events import IssueCommented, IssueFileAttached
from services.issue.domain.files import MOST_FILES
from services.issue.domain.refusals import CommentEmpty, FileInvalid, IssueFilesTooMany, UnknownIssue
from tests.rules.issue.examples import (
    BEARING,
    LATER,
    OMAR,
    attached,
    commented,
    dispositioned,
    given,
    opened,
    resolved,
)

CLOSED = (opened(), dispositioned(), resolved())


def test_a_comment_changes_nothing_but_stands_there() -> None:
    """Also on a resolved issue."""
    story = given(*CLOSED)
    after = story.when(commented()).then(IssueCommented)
    assert after.state(BEARING) == story.state(BEARING)
    assert after.events[0].text == "The bag was open when it came."


def test_a_comment_says_something() -> None:
    """About an issue that is known."""
    given(opened()).when(commented(" \n")).is_refused(CommentEmpty)
    given().when(commented()).is_refused(UnknownIssue, naming=BEARING)


def test_a_file_is_attached_once() -> None:
    """By whom and when stands there; another name is another file."""
    story = given(*CLOSED).when(attached()).then(IssueFileAttached)
    (file,) = story.state(BEARING).files
    assert (file.name, file.by, file.at) == ("bag.jpg", OMAR, LATER)
    story.when(attached()).nothing_happens()
    story.when(attached("bag-2.jpg")).then(IssueFileAttached)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sha256": "A" * 64}, "SHA-256"),
        ({"name": "../bag.jpg"}, "without folders"),
        ({"name": " "}, "without folders"),
        ({"media_type": "photo"}, "like text/csv"),
        ({"size_bytes": 0}, "empty"),
    ],
)
def test_a_file_is_described_as_it_is(wrong: dict[str, Any], said: str) -> None:
    """The refusal says what is wrong."""
    given(opened()).when(attached(**wrong)).is_refused(FileInvalid, naming=said)


def test_the_files_of_an_issue_have_a_bound() -> None:
    """As many as can be looked through."""
    full = given(opened(), *(attached(f"{number}.jpg") for number in range(MOST_FILES)))
    full.when(attached()).is_refused(IssueFilesTooMany, naming=f"{MOST_FILES}")
    given().when(attached()).is_refused(UnknownIssue, naming=BEARING)
