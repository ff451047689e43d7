"""What a log of work sessions may look like, and how it is told what is wrong with it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.runtime.command.feeds.worklog import COLUMNS, NotAWorklog, Session, read

HEADER = ",".join(COLUMNS) + "\n"
GOOD = "W-1,Turning,Ada,2026-03-02T07:00:00Z,2026-03-02T09:00:00Z\n"


def a_file(at: Path, text: str) -> Path:
    """A file with this text."""
    file = at / "log.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_line_is_a_session(tmp_path: Path) -> None:
    """Names and times as they stand in the line, and the line's number for a person who looks."""
    log = read(a_file(tmp_path, HEADER + GOOD), {})
    start = datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert log.sessions == (Session(2, "W-1", "Turning", "Ada", start, start + timedelta(hours=2)),)
    assert log.wrong == ()


def test_a_spreadsheet_with_semicolons_a_mark_and_its_own_names_is_read(tmp_path: Path) -> None:
    """What spreadsheets of other countries write: a byte-order mark, semicolons, more columns, other names, local
    times; a session without an end goes on.
    """
    text = "\ufeffAuftrag;activity;Halle;worker;started_at;ended_at\nA 7;Drehen;3;Bär;2026-07-01 06:00;\n"
    log = read(a_file(tmp_path, text), {"work_order": "Auftrag"}, ZoneInfo("Europe/Berlin"))
    (session,) = log.sessions
    assert (session.work_order, session.worker, session.ended_at) == ("A 7", "Bär", None)
    assert session.started_at.astimezone(UTC) == datetime(2026, 7, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("W-1,,Ada,2026-03-02T07:00:00Z,", "line 3, activity: it is empty"),
        ("W-1,Turning,Ada", "line 3, started_at: it is no time such as"),
        ("W-1,Turning,Ada,2026-03-02T07:00:00Z,x", "line 3, ended_at: it is no time such as"),
        ("W-1,Turning,Ada,2026-03-02T07:00:00,", "line 3, started_at: its time names no zone"),
        ("W-1,Turning,Ada,2026-03-02T07:00:00Z,2026-03-02T06:59:59Z", "line 3, ended_at: the session ends at"),
        ("W-1,Turning,Ada,2026-03-02T07:00:00Z,,more", "line 3, the last column: there are more cells"),
        (f"{'W' * 121},Turning,Ada,2026-03-02T07:00:00Z,", "line 3, work_order: it is not a text of at most 120"),
    ],
)
def test_a_wrong_line_is_named_with_its_column(tmp_path: Path, line: str, said: str) -> None:
    """A line that is no session is told by number, column and reason; the lines around it are read."""
    log = read(a_file(tmp_path, f"{HEADER}{GOOD}{line}\n{GOOD}"), {})
    (wrong,) = log.wrong
    assert str(wrong).startswith(said)
    assert [session.line for session in log.sessions] == [2, 4]


def test_a_file_that_is_no_log_is_refused_whole(tmp_path: Path) -> None:
    """No file, a column that is missing, bytes that are no text: one sentence each."""
    with pytest.raises(NotAWorklog, match=r"nowhere\.csv: No such file"):
        read(tmp_path / "nowhere.csv", {})
    with pytest.raises(NotAWorklog, match="no column worker, ended_at; its columns: work_order, activity, started_at"):
        read(a_file(tmp_path, "work_order,activity,started_at\n"), {})
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\xff")
    with pytest.raises(NotAWorklog, match="not UTF-8 at byte 0"):
        read(tmp_path / "picture.csv", {})
