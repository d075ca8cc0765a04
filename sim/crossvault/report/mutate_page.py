"""A mutation test as one page: scores by contract and operator, and the mutants that nothing noticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from crossvault.report.page import Page, PagePart, PageSection
from crossvault.report.page_data import DataBlocks
from crossvault.report.page_parts import BarTable, Facts, PageColumn, PageTable, Prose

_COUNTS = ("tested", "killed", "survived", "equivalent", "refused")


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A change of source as text, with its title."""

    title: str
    text: str

    def html(self, blocks: DataBlocks) -> str:
        return f'<h3>{escape(self.title)}</h3>\n<pre tabindex="0"><code>{escape(self.text)}</code></pre>\n'


def mutate_page(found: Mapping[str, Any], command: str = "") -> Page:
    """The page of a document of `mutate --json`."""
    score, threshold = found["score_pct"], found["threshold_pct"]
    judged = found["killed"] + found["survived"] - found["equivalent"]
    met = bool(judged) and score >= threshold
    text = f"score {score:.2f} %, threshold {threshold:g} %" if judged else "no mutant was judged"
    facts = [(name, f"{found[name]:,}") for name in ("all", "chosen", *_COUNTS)]
    left = [each for each in found["survivors"] if each["equivalent"] is None]
    parts: list[PagePart] = [
        DiffPart(f"{each['id']}, {each['file']} line {each['line']}", each["diff"]) for each in left
    ]
    sections = [
        PageSection("counts", "Counts", [Facts(facts)]),
        PageSection("contracts", "By contract", _scores("contract", found["files"])),
        PageSection("operators", "By operator", _scores("operator", found["operators"])),
        PageSection("survivors", "Survivors", parts or [Prose("Every mutant that was judged was noticed.")]),
    ]
    return Page("Mutants of the contracts", "Which changes of the contracts the tests notice", sections,
                ("good" if met else "bad", text), command)  # fmt: skip


def _scores(what: str, rows: Mapping[str, Mapping[str, Any]]) -> list[PagePart]:
    columns = [PageColumn(what), *(PageColumn(name, "mutants", "number", 0) for name in _COUNTS)]
    table = [(name, *(str(row[count]) for count in _COUNTS)) for name, row in rows.items()]
    bars = [(name, f"{row['score_pct']:.2f}") for name, row in rows.items()]
    return [BarTable("score", "% killed", bars), PageTable(f"mutants by {what}", columns, table, is_folded=True)]
