"""`crossvault mutate --both`: changes the mirror in one place at a time, which is what both sides would do alike."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crossvault.commands.exits import UsageError
from crossvault.commands.interrupts import Interrupts
from crossvault.commands.page_file import page_path, write_page
from crossvault.commands.progress import bar
from crossvault.differential.ending import DONE, INTERRUPTED, MISSED
from crossvault.mutation.model_mutants import FOLDER, mirror_files, mirror_source
from crossvault.mutation.mutants import diff
from crossvault.mutation.pair_campaign import PairCampaign
from crossvault.mutation.pair_verdicts import (
    CHANGED,
    EQUAL,
    EVERYTHING,
    ROUNDING,
    PairVerdict,
    kills_by_rule,
    pair_counts,
)
from crossvault.report.console import show
from crossvault.report.mutate_both import pair_page, pair_tables


def mutate_both(arguments: Namespace) -> int:
    """Judges the mutants and prints the scores; what is known when the user interrupts is printed and kept."""
    page, only = page_path(arguments), [_mirror_file(each) for each in arguments.only]
    campaign = PairCampaign(only)
    campaign.choose(arguments.sample, arguments.seed)
    verdicts: list[PairVerdict] = []
    started = time.perf_counter()
    try:
        with bar("mutate", len(campaign.chosen), "mutants") as tick:

            def take(verdict: PairVerdict) -> None:
                verdicts.append(verdict)
                tick(len(verdicts))

            campaign.judge(arguments.jobs, take)
    except KeyboardInterrupt:
        if not Interrupts.came:
            raise
    found = _document(campaign, verdicts, time.perf_counter() - started)
    found |= {
        "thresholds_pct": {**dict(arguments.least), EVERYTHING: arguments.threshold},
        "interrupted": Interrupts.came,
    }
    found["missed"] = _missed(found)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        show(pair_tables(found))
    if page:
        write_page(page, pair_page(found, "crossvault mutate --both --page FILE.html"))
    return _ending(found)


def _ending(found: dict[str, Any]) -> int:
    if Interrupts.came:
        return INTERRUPTED
    if not found[CHANGED]:
        print("crossvault: no mutant that changes an outcome was judged: there is no score", file=sys.stderr)
        return MISSED
    return MISSED if found["missed"] else DONE


def _missed(found: dict[str, Any]) -> list[str]:
    """The judges whose score is below its threshold."""
    least = found["thresholds_pct"]
    return [judge for judge, score in least.items() if found["judges"][judge]["score_pct"] < score]


def _mirror_file(text: str) -> str:
    """A file of the mirror that was named, by its name. Raises UsageError."""
    from crossvault.scenario.source import did_you_mean

    known = mirror_files()
    name = Path(text).name
    if name not in known:
        raise UsageError(f"--only: no file of the mirror {text!r}: {did_you_mean(name, known)}")
    return name


def _document(campaign: PairCampaign, verdicts: Sequence[PairVerdict], seconds: float) -> dict[str, Any]:
    """The report as JSON: counts and scores by judge, by file and operator, and the mutants that no judge kills."""
    by_id = {each.mutant.id: each.mutant for each in campaign.chosen}
    files: dict[str, list[PairVerdict]] = {}
    operators: dict[str, list[PairVerdict]] = {}
    for each in verdicts:
        files.setdefault(by_id[each.id].file, []).append(each)
        operators.setdefault(by_id[each.id].edit.operator, []).append(each)
    mutants = []
    for each in verdicts:
        mutant = by_id[each.id]
        row = {"id": each.id, "file": mutant.file, "line": mutant.line, "change": mutant.change, "kind": each.kind}
        row |= {"allows": each.change, "ended": each.ended, "kills": dict(each.kills)}
        if each.kind in (CHANGED, ROUNDING, EQUAL) and not each.kills:
            row["diff"] = diff(mutant, mirror_source(mutant.file), FOLDER)
        mutants.append(row)
    return {
        "all": len(campaign.all),
        "chosen": len(campaign.chosen),
        **pair_counts(verdicts),
        "rules": kills_by_rule(verdicts),
        "seconds": round(seconds, 1),
        "recalled": campaign.recalled,
        "notes": campaign.notes,
        "files": {name: pair_counts(some) for name, some in sorted(files.items())},
        "operators": {name: pair_counts(some) for name, some in sorted(operators.items())},
        "mutants": mutants,
    }
