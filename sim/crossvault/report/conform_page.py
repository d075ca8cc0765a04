"""A conformity report as one page: clauses with their verdicts, stories, and the interface of the vault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from crossvault.report.page import Page, PagePart, PageSection
from crossvault.report.page_parts import BarTable, Facts, PageColumn, PageTable, Prose

_ADAPTED = "adapted"


def conform_page(found: Mapping[str, Any], command: str = "") -> Page:
    """The page of a document of `conform --json`."""
    clauses = found["clauses"]
    states = Counter(each["state"] for each in clauses)
    bars = BarTable("clauses by verdict", "clauses", [(name, str(count)) for name, count in states.items()], places=0)
    counts = [(name.replace("_", " "), f"{found[name]:,}") for name in ("walks", "steps", "figures_compared")]
    wrong = [each for each in clauses if "difference" in each]
    sections = [
        PageSection("result", "Result", [bars, Facts([("vault", found["vault"]), ("source", found["source"]),
                                                      ("seed", str(found["seed"])), *counts])]),
        PageSection("findings", "Differences", _findings(wrong) or [Prose("None was found.")]),
        PageSection("clauses", "Clauses of the specification", [_clauses(clauses)]),
        PageSection("stories", "Stories", [_stories(found)]),
        PageSection("interface", "Interface", [
            _names("doors", found["doors"]), _names("capabilities", found["capabilities"]),
            Facts([("refusals", found["refusals"]), ("events", ", ".join(found["events"]))]),
        ]),
    ]  # fmt: skip
    verdict = ("good", "agrees") if found["agrees"] else ("bad", f"differs in {len(wrong)} clauses or stories")
    return Page(f"Conformity of {found['vault']}", "Another vault, clause by clause of the specification", sections,
                verdict, command)  # fmt: skip


def _findings(wrong: list[Mapping[str, Any]]) -> list[PagePart]:
    parts: list[PagePart] = []
    for each in sorted(wrong, key=lambda one: one["rank"]):
        parts.append(Prose(f"{each['section']}: {each['clause']}", "bad"))
        rows = [(name, str(each[name])) for name in ("difference", "at", "steps", "file") if each.get(name)]
        parts.append(Facts(rows, is_code=True))
    return parts


def _clauses(clauses: list[Mapping[str, Any]]) -> PageTable:
    columns = [PageColumn("section"), PageColumn("clause"), PageColumn("came to"),
               PageColumn("agreed", "steps", "number", 0), PageColumn("differed", "steps", "number", 0),
               PageColumn("note")]  # fmt: skip
    rows = [(each["section"], each["clause"], each["state"], str(each["agreed"]), str(each["differed"]), each["note"])
            for each in clauses]  # fmt: skip
    return PageTable("clauses", columns, rows)


def _stories(found: Mapping[str, Any]) -> PageTable:
    columns = [PageColumn("kind"), PageColumn("story"), PageColumn("steps", "", "number", 0), PageColumn("came to")]
    rows = [(kind, each["name"], str(each["steps"]), each["why"] or "agrees")
            for kind in ("published", "scenarios") for each in found[kind]]  # fmt: skip
    return PageTable("stories", columns, rows)


def _names(title: str, named: Mapping[str, Any]) -> PageTable:
    rows = [(name, _ADAPTED if value is True else "missing" if value is False else str(value))
            for name, value in named.items()]  # fmt: skip
    return PageTable(title, [PageColumn("name"), PageColumn("of the vault")], rows, is_folded=True)
