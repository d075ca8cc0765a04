"""`crossvault mutate`: changes the contracts in one place at a time; reports which changes no comparison notices."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crossvault.commands.exits import UsageError
from crossvault.commands.interrupts import Interrupts
from crossvault.commands.page_file import page_path, write_page
from crossvault.commands.progress import bar
from crossvault.commands.sides import folder, shown
from crossvault.differential.ending import DONE, INTERRUPTED, MISSED, USAGE
from crossvault.mutation.equivalents import equivalents
from crossvault.mutation.mutants import Mutant, diff
from crossvault.mutation.stories import recordings
from crossvault.mutation.verdicts import SURVIVED, MutantVerdict, MutationCampaign, mirrored, verdict_counts
from crossvault.report.console import show
from crossvault.report.mutate import tables
from crossvault.report.mutate_page import mutate_page
from crossvault.setup import toolchain

FILE = "equivalents.yaml"
_THRESHOLDS = {False: 95.0, True: 92.0}  # of mutants of the contracts, and of both sides


def mutate(arguments: Namespace) -> int:
    """Judges the mutants and prints the score; what is known when the user interrupts is printed and kept."""
    arguments.threshold = arguments.threshold if arguments.threshold is not None else _THRESHOLDS[arguments.both]
    if arguments.both:
        from crossvault.commands.mutate_both import mutate_both

        return mutate_both(arguments)
    page, directory = page_path(arguments), folder(arguments.contracts)
    only = [_mirrored(each) for each in arguments.only]
    campaign = MutationCampaign(directory)
    reasons = _reasons(arguments.equivalents, directory, campaign.all)
    campaign.choose(only, arguments.sample, arguments.seed)
    verdicts: list[MutantVerdict] = []
    started = time.perf_counter()
    try:
        with bar("mutate", len(campaign.chosen), "mutants") as tick:
            played = recordings(campaign.build)
            for verdict in campaign.verdicts(played, arguments.jobs):
                verdicts.append(verdict)
                tick(len(verdicts))
    except KeyboardInterrupt:
        if not Interrupts.came:
            raise
    found = _document(campaign, verdicts, reasons, time.perf_counter() - started)
    found |= {"threshold_pct": arguments.threshold, "interrupted": Interrupts.came}
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        show(tables(found))
    if page:
        write_page(page, mutate_page(found, "crossvault mutate --page FILE.html"))
    if Interrupts.came:
        return INTERRUPTED
    if found["misjudged"]:
        return USAGE
    if not found["killed"] + found["survived"] - found["equivalent"]:
        print("crossvault: no mutant was judged: there is no score", file=sys.stderr)
        return MISSED
    return DONE if found["score_pct"] >= arguments.threshold else MISSED


def _mirrored(text: str) -> str:
    """A contract file that was named, by its name. Raises UsageError."""
    from crossvault.scenario.source import did_you_mean

    known = mirrored()
    name = Path(text).name
    if name not in known:
        raise UsageError(f"--only: no mirrored contract {text!r}: {did_you_mean(name, known)}")
    return name


def _reasons(named: str | None, directory: Path | None, mutants: Sequence[Mutant]) -> dict[str, str]:
    """The written equivalents: of the file that was named, else of the one in the folder of contracts, or of ours."""
    if named is not None:
        return equivalents(Path(named), shown(named), mutants)
    root = toolchain.clone()
    path = directory / FILE if directory else root / "tests" / FILE if root else None
    return equivalents(path, shown(path), mutants) if path and path.is_file() else {}


def _document(
    campaign: MutationCampaign, verdicts: Sequence[MutantVerdict], reasons: Mapping[str, str], seconds: float
) -> dict[str, Any]:
    """The report as JSON: the score, by file and operator, the survivors with what they change, and who killed."""
    by_id = {each.id: each for _, each in campaign.chosen}
    survivors = [each for each in verdicts if each.fate == SURVIVED]
    files: dict[str, list[MutantVerdict]] = {}
    operators: dict[str, list[MutantVerdict]] = {}
    for each in verdicts:
        files.setdefault(by_id[each.id].file, []).append(each)
        operators.setdefault(by_id[each.id].edit.operator, []).append(each)
    return {
        "all": len(campaign.all),
        "chosen": len(campaign.chosen),
        **verdict_counts(verdicts, reasons),
        "seconds": round(seconds, 1),
        "recalled": campaign.recalled,
        "mutants_per_second": round((len(verdicts) - campaign.recalled) / seconds, 2),
        "files": {name: verdict_counts(some, reasons) for name, some in sorted(files.items())},
        "operators": {name: verdict_counts(some, reasons) for name, some in sorted(operators.items())},
        "survivors": [_survivor(campaign, by_id[each.id], each, reasons) for each in survivors],
    }


def _survivor(
    campaign: MutationCampaign, mutant: Mutant, verdict: MutantVerdict, reasons: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "id": mutant.id,
        "file": mutant.file,
        "line": mutant.line,
        "change": mutant.change,
        "reached": verdict.reached,
        "equivalent": reasons.get(mutant.id),
        "diff": diff(mutant, campaign.sources[mutant.file]),
    }
