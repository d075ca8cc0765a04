"""`crossvault bench catalogue`: planted bugs, each hunted and shrunk from several seeds."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from crossvault.bench.planted import BadCase, PlantedBug, PlantedBugResult, cases, measured
from crossvault.commands.exits import UsageError
from crossvault.commands.progress import bar
from crossvault.differential.ending import DONE, MISSED
from crossvault.report.console import show, table
from crossvault.scenario.source import did_you_mean
from crossvault.setup import toolchain

_FILE = "tests/broken.yaml"


def catalogue(arguments: Namespace) -> int:
    """Measures and prints a row for each bug, ends with MISSED where one was not found."""
    wanted = chosen(arguments.only)
    seeds = arguments.seeds
    with bar("catalogue", len(wanted) * seeds) as tick:
        rows = list(measured(wanted, seeds, tick))
    if arguments.json:
        print(json.dumps({"seeds": seeds, "rows": [row._asdict() for row in rows]}, indent=2))
    else:
        _show(wanted, rows)
    return DONE if all(row.found for row in rows) else MISSED


def chosen(only: Sequence[str]) -> list[PlantedBug]:
    """Entries of the catalogue by their identifiers, or all of them. Raises UsageError."""
    root = toolchain.clone()
    path = (root or Path()) / _FILE
    if root is None or not path.is_file():
        raise UsageError(f"{_FILE} is not in the package: the catalogue is run in a clone of the repository")
    try:
        known = {case.id: case for case in cases(path)}
    except BadCase as wrong:
        raise UsageError(str(wrong)) from wrong
    if missing := [each for each in only if each not in known]:
        raise UsageError(f"--only: {missing[0]!r}: {did_you_mean(missing[0], known)}")
    return [known[each] for each in only] if only else list(known.values())


def _show(chosen: Sequence[PlantedBug], rows: Sequence[PlantedBugResult]) -> None:
    made = table("bug", ">found", ">steps", ">find s", ">shrink s", ">calls", ">accounts", ">digits")
    for case in chosen:
        own = [row for row in rows if row.id == case.id]
        hits = [row for row in own if row.found]
        found = f"{len(hits)} of {len(own)}"
        if not hits:
            made.add_row(case.id, found, *[""] * 6)
            continue
        steps, find, spent = (
            median(getattr(row, name) for row in hits) for name in ("steps", "find_secs", "shrink_secs")
        )
        most = [_range([getattr(row, name) for row in hits]) for name in ("calls", "accounts", "digits")]
        made.add_row(case.id, found, f"{steps:,.0f}", f"{find:.2f}", f"{spent:.2f}", *most)
    show(made)
    hits = [row for row in rows if row.found]
    if hits:
        times = (
            f"{median(row.find_secs for row in hits):.2f} s to find, {median(row.shrink_secs for row in hits):.2f} s"
        )
        print(f"median {times} to shrink, {median(row.calls for row in hits):.0f} calls; seconds of the processor")
    print(f"{len(hits)} of {len(rows)} found")


def _range(values: Sequence[int]) -> str:
    return f"{min(values)}" if min(values) == max(values) else f"{min(values)}-{max(values)}"
