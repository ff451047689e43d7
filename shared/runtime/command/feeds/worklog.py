"""A log of work sessions as a file: reads it, and says of every line that cannot be used what is wrong and where.

The whole file is held, because only its end tells which session of an activity was the last one.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TextIO

COLUMNS = ("work_order", "activity", "worker", "started_at", "ended_at")
"""What a session is told by. An `ended_at` without text: the session goes on."""

DELIMITERS = ",;\t"
LONGEST_CELL = 120
"""Characters of a name in the log, at most: with a prefix it is still an id."""


class NotAWorklog(Exception):
    """The file as a whole cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Session:
    """One person at work on one activity of a work order; `ended_at` is None while it goes on."""

    line: int
    work_order: str
    activity: str
    worker: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class WrongLine:
    """A line that is no session: which column, and why."""

    line: int
    column: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.why}"


@dataclass(frozen=True, slots=True)
class Worklog:
    """The sessions of a file in its order, and the lines that are none."""

    sessions: tuple[Session, ...]
    wrong: tuple[WrongLine, ...]


class _Wrong(Exception):
    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column = column
        self.why = why


def read(file: Path, columns: Mapping[str, str], zone: tzinfo | None = None) -> Worklog:
    """The sessions in a CSV file (comma, semicolon or tab; UTF-8). ``columns`` says how the file calls ours, where
    it calls them otherwise; ``zone`` is the zone of times that name none.

    :raises NotAWorklog: for a file that is not there, not text, empty, or lacks a column.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            found = list(_lines(text, {name: columns.get(name, name) for name in COLUMNS}, zone))
    except OSError as error:
        raise NotAWorklog(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise NotAWorklog(f"{file} is not UTF-8 at byte {error.start}.") from None
    except csv.Error as error:
        raise NotAWorklog(f"{file} is not CSV: {error}.") from None
    sessions = tuple(one for one in found if isinstance(one, Session))
    return Worklog(sessions, tuple(one for one in found if isinstance(one, WrongLine)))


def _lines(text: TextIO, columns: Mapping[str, str], zone: tzinfo | None) -> Iterator[Session | WrongLine]:
    header = text.readline()
    text.seek(0)
    reader = csv.DictReader(text, delimiter=max(DELIMITERS, key=header.count), restval="")
    missing = [name for name in columns.values() if name not in (reader.fieldnames or ())]
    if missing:
        there = ", ".join(reader.fieldnames or ()) or "none"
        raise NotAWorklog(f"The file has no column {', '.join(missing)}; its columns: {there}.")
    for row in reader:
        try:
            yield _session(reader.line_num, row, columns, zone)
        except _Wrong as wrong:
            yield WrongLine(reader.line_num, wrong.column, wrong.why)


def _session(line: int, row: Mapping[str | None, str], columns: Mapping[str, str], zone: tzinfo | None) -> Session:
    if None in row:
        raise _Wrong("the last column", "there are more cells than columns")
    started_at = _time(row, columns["started_at"], zone)
    ended_at = _time(row, columns["ended_at"], zone) if row[columns["ended_at"]].strip() else None
    if ended_at is not None and ended_at < started_at:
        raise _Wrong(columns["ended_at"], f"the session ends at {ended_at}, before its start at {started_at}")
    work_order, activity, worker = (_name(row, columns[one]) for one in ("work_order", "activity", "worker"))
    return Session(line, work_order, activity, worker, started_at, ended_at)


def _name(row: Mapping[str | None, str], column: str) -> str:
    name = row[column].strip()
    if not name:
        raise _Wrong(column, "it is empty")
    if len(name) > LONGEST_CELL or not name.isprintable():
        raise _Wrong(column, f"it is not a text of at most {LONGEST_CELL} printable characters")
    return name


def _time(row: Mapping[str | None, str], column: str, zone: tzinfo | None) -> datetime:
    text = row[column].strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Wrong(column, f"it is no time such as 2012-01-02T07:00:00Z: {text!r:.60}") from None
    if moment.tzinfo is None and zone is None:
        raise _Wrong(column, f"its time names no zone: {text}; --zone says which one it is")
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
