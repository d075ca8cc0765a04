"""The page of two runs side by side, and the first step in which their records part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from crossvault.lockstep.record import RecordLine, RecordStream
from crossvault.report.page import Page, PagePart, PageSection
from crossvault.report.page_gains import gain_parts
from crossvault.report.page_history import Progress, RunHistory
from crossvault.report.page_market import auction_parts, health_parts, market_parts, vault_parts
from crossvault.report.page_parts import Facts, Pair, Prose
from crossvault.report.page_payments import payment_parts
from crossvault.report.page_run import (
    account_choice,
    difference_section,
    difference_table,
    reproduction,
    run_facts,
    verdict,
)
from crossvault.report.page_steps import DifferentField, StepTable, fields_between, line_fields
from crossvault.report.page_values import RecordedValues
from crossvault.report.step_text import StepFormatter

Parts = Callable[[RunHistory], list[PagePart]]


class Parting(NamedTuple):
    """The first step in which two records differ: its number, both steps as text, the fields that differ."""

    step: int
    steps: tuple[str, str]
    fields: list[DifferentField]


def pair_page(histories: Sequence[RunHistory], command: str, progress: Progress = lambda steps: None) -> Page:
    """The page of two runs; `progress` receives the steps of each that are written."""
    one, two = histories
    found = parting(one.path, two.path)
    titles = f"A: {one.path.name}", f"B: {two.path.name}"

    def both(key: str, title: str, parts: Parts) -> PageSection:
        return PageSection(key, title, [Pair(titles, (parts(one), parts(two)))])

    sections = [_parting_section(found, one), both("summary", "Summary", lambda each: [Facts(run_facts(each))])]
    sections += [difference_section(each) for each in histories if each.difference]
    sections += [
        both("prices", "Prices and funding", market_parts), both("health", "Health of accounts", health_parts),
        both("auctions", "Auctions", auction_parts), both("vault", "Insurance and cash", vault_parts),
        both("gains", "Who gained, who lost", gain_parts), both("payments", "Payments", payment_parts),
        both("accounts", "An account", _choices),
        PageSection("steps", "Steps of A", [StepTable(one.path, key=one.key, progress=progress)]),
        PageSection("steps-b", "Steps of B", [StepTable(two.path, key=two.key, progress=progress)]),
        both("again", "Parameters, versions, and how to run them again", reproduction),
    ]  # fmt: skip
    about = f"{one.header['scenario']} (A) and {two.header['scenario']} (B), side by side."
    return Page("Two runs", about, sections, _verdict(found, histories), command)


def parting(one: Path, two: Path) -> Parting | None:
    """Where two records part; None where every step of both is the same. Raises BadRecord."""
    streams = RecordStream(one), RecordStream(two)
    for number, lines in enumerate(zip_longest(*(stream.lines() for stream in streams)), start=1):
        bodies = [line.body if line else None for line in lines]
        if bodies[0] != bodies[1]:
            sides = [_side(stream, line) for stream, line in zip(streams, lines, strict=True)]
            return Parting(number, (sides[0][0], sides[1][0]), fields_between(sides[0][1], sides[1][1]))
    return None


def _side(stream: RecordStream, line: RecordLine | None) -> tuple[str, dict[str, str]]:
    if line is None:
        return "no further step", {}
    return StepFormatter(stream.header).step(line.step), line_fields(line.body, RecordedValues(stream.header))


def _parting_section(found: Parting | None, one: RunHistory) -> PageSection:
    title = "Where they part"
    if found is None:
        return PageSection("part", title, [Prose(f"Nowhere: all {one.steps:,} steps of both records are the same.")])
    first = found.fields[0] if found.fields else ("the step", "", "")
    texts = [("A", found.steps[0]), ("B", found.steps[1])]
    note = f"First at step {found.step:,}, in {first[0]}: A has {first[1]}, B has {first[2]}."
    table = difference_table("What differs in that step", found.fields, ("A", "B"))
    return PageSection("part", title, [Prose(note, "note"), Facts(texts), table])


def _choices(history: RunHistory) -> list[PagePart]:
    return [account_choice(history)]


def _verdict(found: Parting | None, histories: Sequence[RunHistory]) -> tuple[str, str]:
    worst = [text for kind, text in map(verdict, histories) if kind == "bad"]
    if worst:
        return "bad", "; ".join(worst)
    return "plain", f"they part at step {found.step:,}" if found else "every step is the same"
