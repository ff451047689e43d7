"""The end-of-line report as one HTML document, which needs nothing from anywhere and prints on A4."""

from html import escape
from typing import assert_never

from services.run.adapters.report import OUT_OF_RANGE, Block, Heading, Paragraph, Report, Table

STYLE = """
@page { size: A4; margin: 18mm }
body { font: 10pt/1.4 sans-serif; color: #111; max-width: 60em; margin: 1em auto }
h1 { font-size: 16pt } h2 { font-size: 12pt; border-bottom: 1px solid #999 } h3 { font-size: 10.5pt; margin-bottom: 0 }
table { border-collapse: collapse; width: 100%; margin: .3em 0 } tr { break-inside: avoid } thead { display: table-header-group }
th, td { text-align: left; vertical-align: top; padding: .15em .6em .15em 0; border-bottom: 1px solid #ddd; overflow-wrap: anywhere }
h2, h3 { break-after: avoid } .out { font-weight: bold } .hash { font-family: monospace; overflow-wrap: anywhere }
"""  # noqa: E501 - a rule is read as a line


def html(report: Report) -> bytes:
    """The document, UTF-8."""
    title = escape(report.title)
    parts = "\n".join((f"<h1>{title}</h1>", *map(_block, report.blocks)))
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{parts}\n</body></html>\n'.encode()


def _block(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text, exact):
            return f'<p class="hash">{escape(text)}</p>' if exact else f"<p>{escape(text)}</p>"
        case Table():
            return _table(block)
        case _:
            assert_never(block)


def _table(table: Table) -> str:
    if not table.head:
        rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in table.rows)
        return f"<table>{rows}</table>"
    names = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    mark = ' class="out"' if text == OUT_OF_RANGE else ""
    return f"<td{mark}>{escape(text)}</td>"
