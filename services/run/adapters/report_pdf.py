"""The end-of-line report as PDF, set by Typst: A4, its fonts inside, the same bytes again from the same record.

`python -m services.run.adapters.report_pdf FONTS...` sets the report that it reads as JSON: Typst takes memory
meanwhile (300 MB for five hundred steps with ten values each) and a processor, so it has a process of its own.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from services.run.adapters.report import Report
from shared.runtime.failures import Failure

TEMPLATE = """
#let report = json(bytes(sys.inputs.report))
#let exact(text) = raw(text)
#let breakable(word) = if word.len() > 12 { word.clusters().chunks(4).map(some => box(some.join())).join() } else { word }
#let told(text) = text.split(" ").map(breakable).join(" ")
#let cell(text) = if text == "out-of-range" { strong(text) } else { told(text) }
#set document(title: report.title, date: none)
#set text(font: ("Libertinus Serif", ..json(bytes(sys.inputs.families))), size: 9.5pt, lang: "en", hyphenate: false)
#set page(paper: "a4", margin: 18mm, footer: context [
  #set text(size: 7.5pt)
  #exact(report.content_hash) #h(1fr) #counter(page).display("1 / 1", both: true)
])
#set table(stroke: (rest: none, bottom: 0.4pt + luma(200)), inset: (x: 2pt, y: 2.5pt))
#show heading.where(level: 1): set text(size: 15pt)
#show heading.where(level: 2): it => block(width: 100%, stroke: (bottom: 0.6pt), inset: (bottom: 2pt), above: 14pt, it.body)
#heading(level: 1, report.title)
#for part in report.blocks {
  if part.kind == "heading" { heading(level: part.level, part.text) }
  else if part.kind == "paragraph" { par(if part.exact { exact(part.text) } else { part.text }) }
  else if part.head.len() == 0 { table(columns: (32%, 1fr), ..part.rows.map(row => (strong(row.at(0)), told(row.at(1)))).flatten()) }
  else {
    let head = table.header(..part.head.map(name => strong(name)))
    table(columns: (1fr,) * part.head.len(), head, ..part.rows.flatten().map(cell))
  }
}
"""  # noqa: E501 - a rule is read as a line
"""What is told is text there too, and never markup. A long word may be broken, and is one word for who copies it."""

LONGEST_S = 60.0
"""Such a report is set in two."""


class NotSet(Failure):
    """Typst did not set a report: its own words."""

    code = "report-not-set"
    obstacle = "The report could not be set as a PDF."
    resolve = "Take it as HTML (format=html), which prints the same; and report the traceparent."


class Press:
    """Sets reports, one at a time."""

    def __init__(self, fonts: Path | None) -> None:
        """``fonts`` is a folder of fonts for letters that Typst's own lack."""
        self._fonts = [] if fonts is None else [str(fonts)]
        self._one_at_a_time = asyncio.Semaphore(1)

    async def pdf(self, report: Report) -> bytes:
        """The document.

        :raises NotSet: when it cannot be set, or not within a minute.
        """
        command = (sys.executable, "-m", __name__, *self._fonts)
        async with self._one_at_a_time:
            process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
            try:
                async with asyncio.timeout(LONGEST_S):
                    made, said = await process.communicate(json.dumps(asdict(report)).encode())
            except TimeoutError:
                raise NotSet(f"not within {LONGEST_S:g} s") from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode != 0:
            raise NotSet(said.decode(errors="replace")[-2000:])
        return made


def _typeset(report: str, fonts: Sequence[str]) -> bytes:
    import typst  # noqa: PLC0415 - only in the process of its own

    given = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(fonts))
    own = typst.Fonts(include_system_fonts=False, font_paths=list(fonts))
    families = sorted(given.families())
    inputs = {"report": report, "families": json.dumps(families)}
    made = typst.compile(TEMPLATE.encode(), format="pdf", font_paths=own, sys_inputs=inputs, pdf_tags=False)
    assert isinstance(made, bytes)  # noqa: S101 - for the type checker; a PDF is one document
    return made


if __name__ == "__main__":
    sys.stdout.buffer.write(_typeset(sys.stdin.read(), sys.argv[1:]))
