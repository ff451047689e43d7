"""The end-of-line report of a completion record, over HTTP, on a real PostgreSQL."""

import json
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from services.run.adapters.report import report
from services.run.adapters.report_html import html
from services.run.adapters.report_pdf import Press
from shared.contracts import samples
from tests.handlers.pump_records import DONE, completed
from tests.handlers.run_records import R
from tests.handlers.served import Served

SERVICE = "run"
RECORDS = {
    one.name: json.loads(one.value)["data"]["record"]
    for one in samples.told()
    if one.type == "asbuilt.run.completed.v1"
}
NOT_SHOWN = {"counts", "gate_id", "gates_closed", "installation_id", "labour", "review_version"}
"""What is shown in other words, or is nothing for a customer."""


class Page(HTMLParser):
    """What a reader sees: the rows of tables, cell by cell, and every tag that there is."""

    def __init__(self, document: bytes) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(document.decode())

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        """A row begins, or a cell of it."""
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        """Text, in a cell or not."""
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


async def test_a_customer_reads_what_was_built_and_how(as_: Served) -> None:
    """Who completed it and when, each step with its signer and values, what was installed, and the proving hash."""
    await as_.takes(*DONE)
    record = await completed(as_, note="First of its lot.")
    async with as_("viewer") as viewer:
        answer = await viewer.get(f"/runs/{R}/completions/1/report")
        again = await viewer.get(f"/runs/{R}/completions/1/report")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (answer.content, answer.headers["etag"]) == (again.content, f'"{record["content_hash"]}-html"')
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = Page(answer.content)
    assert ["Note", "First of its lot."] in page.rows
    assert ["Completed", f"{record['completed_at']} by {record['completed_by']}"] in page.rows
    assert next(row for row in page.rows if row[0] == "Torque (torque)")[1:3] == ["25.0 N·m", "in-range"]
    assert ["rotor", "ROTOR-7", "1", "1", "0"] in page.rows
    assert ["rotor, U7", "ROTOR-7 revision A", "U-1", "ROTOR-0001", "1"] in [row[:5] for row in page.rows]
    assert record["content_hash"] in page.text


async def test_a_record_that_there_is_not_has_no_report(as_: Served) -> None:
    """Nor has a run that there is not; a run that is not complete has nothing to report yet."""
    await as_.takes(*DONE)
    async with as_("viewer") as viewer:
        for path in (f"{R}/completions/1", "NOTHING/completions/1"):
            answer = await viewer.get(f"/runs/{path}/report")
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("name", RECORDS)
def test_everything_that_was_confirmed_is_in_the_report(name: str) -> None:
    """Of every record that was ever released; made again from the record alone, it is the same."""
    record = RECORDS[name]
    assert html(report(record)) == html(report(json.loads(json.dumps(record))))
    text = Page(html(report(record))).text
    assert [one for one in _texts(record) if one not in text] == []


def test_what_a_station_wrote_is_text_and_never_markup() -> None:
    """A report is opened in a customer's browser."""
    record = next(one for one in RECORDS.values() if one.get("steps"))
    nasty = "<script>alert(1)</script>&\"'"
    steps = [{**one, "name": nasty} for one in record["steps"]]
    page = Page(html(report({**record, "note": nasty, "part_number": nasty, "steps": steps})))
    assert "script" not in page.tags
    assert ["Note", nasty] in page.rows


async def test_a_customer_gets_a_pdf_to_keep(as_: Served) -> None:
    """The same report with its fonts inside, and the same bytes each time."""
    await as_.takes(*DONE)
    record = await completed(as_, note="First of its lot.")
    async with as_("viewer") as viewer:
        answer = await viewer.get(f"/runs/{R}/completions/1/report", params={"format": "pdf"})
        again = await viewer.get(f"/runs/{R}/completions/1/report", params={"format": "pdf"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert (answer.content, answer.headers["etag"]) == (again.content, f'"{record["content_hash"]}-pdf"')
    assert "First of its lot." in _read(answer.content)
    assert record["content_hash"] in _read(answer.content)


@pytest.mark.parametrize("name", RECORDS)
async def test_everything_that_was_confirmed_is_in_the_pdf(name: str) -> None:
    """As in the other form; words that were broken at a line's end are whole for who copies them."""
    record = RECORDS[name]
    text = _without_gaps(_read(await Press(None).pdf(report(record))))
    assert [one for one in _texts(record) if _without_gaps(one) not in text] == []


async def test_what_a_station_wrote_is_text_in_the_pdf_too() -> None:
    """It is no code of whatever sets the report."""
    record = next(one for one in RECORDS.values() if one.get("steps"))
    nasty = '#panic("x") $x$ *b* _i_ `r` @ref <label> "quoted" \\ // comment'
    told = _without_gaps(_read(await Press(None).pdf(report({**record, "note": nasty, "part_number": nasty}))))
    assert told.count(_without_gaps(nasty)) >= 2


def _read(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(document)).pages)


def _without_gaps(text: str) -> str:
    return "".join(text.split())


def _texts(value: Any) -> set[str]:
    """Every text of a record that a reader is to find."""
    if isinstance(value, dict):
        return {text for name, one in value.items() if name not in NOT_SHOWN for text in _texts(one)}
    if isinstance(value, list):
        return {text for one in value for text in _texts(one)}
    return {value} if isinstance(value, str) else set()


async def test_a_pdf_that_cannot_be_set_is_said_with_the_way_out(as_: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is there all the same, and is read as HTML; whether Typst fails or does not come to an end."""
    await as_.takes(*DONE)
    await completed(as_)
    for attribute, value in (("sys.executable", "/bin/false"), ("LONGEST_S", 0.001)):
        with monkeypatch.context() as broken:
            broken.setattr(f"services.run.adapters.report_pdf.{attribute}", value)
            async with as_("viewer") as viewer:
                answer = await viewer.get(f"/runs/{R}/completions/1/report", params={"format": "pdf"})
        said = answer.json()
        assert (answer.status_code, said["code"]) == (500, "report-not-set"), attribute
        assert "format=html" in said["resolve"]
