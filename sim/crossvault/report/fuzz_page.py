"""A search by rules as one page: what was reached, by kind; what was never reached; coverage; the finding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crossvault.report.page import Page, PagePart, PageSection
from crossvault.report.page_parts import BarTable, Facts, PageColumn, PageTable, Prose

KINDS = {
    "levels": "margin levels of touched accounts",
    "phases": "auctions: phase at the step",
    "kinds": "instruments traded",
    "varieties": "varieties of calls",
    "states": "distress, by accounts worth more than 100",
}


def fuzz_page(found: Mapping[str, Any], command: str = "") -> Page:
    """The page of a document of `fuzz --json`."""
    counts = [
        (name.replace("_", " "), f"{found[name]:,}") for name in ("walks", "steps", "accepted", "metrics_compared")
    ]
    seconds = [("seconds", f"{found['seconds']:,}"), ("processor seconds", f"{found['cpu_seconds']:,}")]
    sections = [PageSection("result", "Result", [*_finding(found["finding"]), Facts([*counts, *seconds])])]
    sections.append(PageSection("reached", "Reached", _reached(found["reached"])))
    missing = found["never_reached"]
    lacking: list[PagePart] = [Facts([(kind, ", ".join(names)) for kind, names in missing.items()])]
    sections.append(PageSection("never", "Never reached", lacking if missing else [Prose("Nothing is left.")]))
    if found["coverage"]:
        sections.append(PageSection("coverage", "Coverage of the contracts", [_coverage(found["coverage"])]))
    verdict = ("bad", "a difference or a broken rule") if found["finding"] else (
        ("good", f"{found['steps']:,} steps compared, no difference") if found["steps"] else ("plain", "nothing played")
    )  # fmt: skip
    return Page("Search by random walks", "What the walks reached, and what they found", sections, verdict, command)


def _finding(finding: Mapping[str, Any] | None) -> list[PagePart]:
    if finding is None:
        return []
    rows = [
        (name.replace("_", " "), each if isinstance(each, str) else json.dumps(each)) for name, each in finding.items()
    ]
    return [Prose("The sides differ, or an invariant broke.", "bad"), Facts(rows, is_code=True)]


def _reached(reached: Mapping[str, Mapping[str, int]]) -> list[PagePart]:
    accepted, refused = reached["accepted"], reached["refused"]
    doors = sorted({*accepted, *refused}, key=lambda door: -accepted.get(door, 0) - refused.get(door, 0))
    columns = [PageColumn("door"), *(PageColumn(name, "steps", "number", 0) for name in ("accepted", "refused"))]
    rows = [(door, str(accepted.get(door, 0)), str(refused.get(door, 0))) for door in doors]
    bars = [_bars(title, reached[name]) for name, title in KINDS.items() if reached.get(name)]
    return [PageTable("doors", columns, rows), *bars, _bars("refusals", reached["refusals"])]


def _bars(title: str, counts: Mapping[str, int]) -> BarTable:
    return BarTable(title, "steps", [(name, str(count)) for name, count in counts.items()], places=0)


def _coverage(files: Mapping[str, Mapping[str, int]]) -> PageTable:
    names = ("lines", "lines_hit", "branches", "branches_hit")
    columns = [PageColumn("file"), *(PageColumn(name.replace("_hit", " reached"), "", "number", 0) for name in names)]
    return PageTable(
        "lines and branches", columns, [(file, *(str(row[name]) for name in names)) for file, row in files.items()]
    )
