"""A mutation test of the mirror as tables and as a page: scores by judge, and the mutants that no judge kills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType

from crossvault.report.console import table
from crossvault.report.mutate import change_text
from crossvault.report.mutate_page import DiffPart
from crossvault.report.page import Page, PagePart, PageSection
from crossvault.report.page_parts import BarTable, Facts, PageColumn, PageTable, Prose

_KINDS = {
    "tested": "mutants", "changed": "change an outcome", "rounding": "only a rounding", "equal": "equal in every story",
    "timeout": "ended by processor time", "crash": "ended by an error", "refused": "no mutant",
}  # fmt: skip
_JUDGES = {
    "rules": "rules", "expectations": "expectations of stories", "vectors": "published vectors", "laws": "laws",
    "everything": "everything",
}  # fmt: skip


def pair_tables(found: Mapping[str, Any]) -> RenderableType:
    """Counts, scores by judge and by file, and the mutants that survived."""
    cut = "  (interrupted: what was judged is kept, and not judged again)" if found["interrupted"] else ""
    counts = ", ".join(f"{found[kind]:,} {name}" for kind, name in _KINDS.items() if found[kind] or kind == "tested")
    parts: list[RenderableType] = [f"{counts}; of {found['all']:,}, {found['recalled']:,} judged earlier{cut}\n"]
    parts += [f"note: {each}" for each in found["notes"]]
    parts += [_scores("mutants that change an outcome", found["judges"]), ""]
    if found["rounding"]:
        parts += [_scores("mutants of a rounding", found["of_roundings"]), ""]
    parts += [_groups("file", found["files"]), "", _groups("operator", found["operators"]), ""]
    if found["rules"]:
        parts += ["killed by rule: " + ", ".join(f"{rule} {number:,}" for rule, number in found["rules"].items()), ""]
    for each in survivors(found):
        parts += [f"{each['id']}  (line {each['line']}) allows {each['allows']}", change_text(each["diff"])]
    return Group(*parts, _summary(found))


def survivors(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The mutants that change an outcome, and that no judge kills."""
    return [each for each in found["mutants"] if each["kind"] == "changed" and not each["kills"]]


def pair_page(found: Mapping[str, Any], command: str = "") -> Page:
    """The page of a document of `mutate --both --json`."""
    met = bool(found["changed"]) and not found["missed"]
    facts = [(name, f"{found[kind]:,}") for kind, name in _KINDS.items()]
    left: list[PagePart] = []
    for each in survivors(found):
        left += [DiffPart(f"{each['id']}, {each['file']} line {each['line']}", each["diff"]), Prose(each["allows"])]
    sections = [
        PageSection("counts", "Counts", [Facts(facts), *(Prose(note) for note in found["notes"])]),
        PageSection("judges", "By judge", _judge_parts("changed", found["judges"])),
        PageSection("roundings", "Mutants of a rounding", _judge_parts("rounding", found["of_roundings"])),
        PageSection("files", "By file", _group_parts("file", found["files"])),
        PageSection("operators", "By operator", _group_parts("operator", found["operators"])),
        PageSection("survivors", "Survivors", left or [Prose("A judge kills every mutant that changes an outcome.")]),
    ]
    return Page("Mutants of both sides", "Which mistakes on both sides the rules and tests notice", sections,
                ("good" if met else "bad", _summary(found)), command)  # fmt: skip


def _summary(found: Mapping[str, Any]) -> str:
    if not found["changed"]:
        return "no mutant that changes an outcome was judged"
    scores = [
        f"{_JUDGES[judge]} {found['judges'][judge]['score_pct']:.2f} %, threshold {least:g} %"
        f" {'not met' if judge in found['missed'] else 'met'}"
        for judge, least in found["thresholds_pct"].items()
    ]
    return "; ".join(scores)


def _scores(what: str, judges: Mapping[str, Mapping[str, float]]) -> RenderableType:
    made = table(what, ">killed alone", ">score", ">with those above", ">score so far")
    for judge, row in judges.items():
        cells = (f"{row['alone']:,} of {row['mutants']:,}", f"{row['score_pct']:.1f} %")
        made.add_row(_JUDGES[judge], *cells, f"{row['joined']:,}", f"{row['joined_pct']:.1f} %")
    return made


def _groups(what: str, rows: Mapping[str, Mapping[str, Any]]) -> RenderableType:
    made = table(what, *(f">{name}" for name in ("mutants", "changed", "rules", "everything")), ">score")
    for name, row in rows.items():
        judges = row["judges"]
        numbers = (row["tested"], row["changed"], judges["rules"]["alone"], judges["everything"]["alone"])
        score = f"{judges['everything']['score_pct']:.1f} %" if row["changed"] else ""
        made.add_row(name, *(f"{number:,}" if number else "" for number in numbers), score)
    return made


def _judge_parts(kind: str, judges: Mapping[str, Mapping[str, float]]) -> Sequence[PagePart]:
    columns = [PageColumn("judge"), *(PageColumn(name, "mutants", "number", 0) for name in ("alone", "joined"))]
    rows = [(_JUDGES[judge], str(row["alone"]), str(row["joined"])) for judge, row in judges.items()]
    bars = [(_JUDGES[judge], f"{row['score_pct']:.2f}") for judge, row in judges.items()]
    return [BarTable("score", "% killed alone", bars), PageTable(f"{kind} mutants by judge", columns, rows)]


def _group_parts(what: str, groups: Mapping[str, Mapping[str, Any]]) -> Sequence[PagePart]:
    names = ("tested", "changed", "rules", "everything")
    columns = [PageColumn(what), *(PageColumn(name, "mutants", "number", 0) for name in names)]
    rows = [
        (name, *(str(row[each]) for each in names[:2]), *(str(row["judges"][each]["alone"]) for each in names[2:]))
        for name, row in groups.items()
    ]
    return [PageTable(f"mutants by {what}", columns, rows, is_folded=True)]
