"""`crossvault fuzz`: random walks on model and contracts in process until something differs; Anvil confirms it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from sim import toolchain
from sim.commands.exits import DONE, FAILED, INTERRUPTED, Misused
from sim.commands.progress import bar
from sim.commands.sides import Interrupts, command, folder, shown
from sim.compiler import compile_contracts
from sim.machine import Machine
from sim.report.document import differences
from sim.report.page import show
from sim.report.reached import document, reached
from sim.scenario.quantity import duration
from sim.search.campaign import Campaign, Findings, Plan
from sim.search.confirm import Finding, confirm
from sim.search.corpus import Corpus
from sim.side import CHAIN_ID

_USUAL_SECS = 60
_USUAL_SEED = 1


def fuzz(arguments: Namespace) -> int:
    """Plays a campaign and says what it reached; the first finding ends it, with FAILED once Anvil shows it, too."""
    Interrupts()
    plan = _plan(arguments)
    Machine(CHAIN_ID, 0)  # where pyrevm is missing, this says so before anything is compiled
    contracts = folder(arguments.contracts)
    build = compile_contracts(contracts)
    corpus = Corpus(_corpus(arguments.corpus), build)
    if not arguments.json:
        _begin(plan, corpus)
    with bar("fuzz", plan.steps or 0) as tick:
        findings = Campaign(plan, build, corpus).run(tick)
    known = corpus.reach
    known.add(findings.reach)
    found = _confirmed(findings, contracts, corpus.folder or toolchain.state_dir() / "fuzz")
    if arguments.json:
        print(json.dumps(document(findings, known) | {"finding": _document(found)}, indent=2))
    else:
        for each in reached(findings, known if found is None else None):
            show(each)
        _tell(found, contracts)
    if found:
        return FAILED
    return INTERRUPTED if findings.interrupted else DONE


def _plan(arguments: Namespace) -> Plan:
    secs = None
    if arguments.time is not None:
        try:
            secs = duration(arguments.time)
        except ValueError as wrong:
            raise Misused(f"--time: {wrong}") from wrong
    elif arguments.steps is None:
        secs = _USUAL_SECS
    jobs = arguments.jobs or os.cpu_count() or 1
    seed = _USUAL_SEED if arguments.seed is None else arguments.seed
    return Plan(seed, jobs, arguments.steps, secs)


def _corpus(text: str | None) -> Path | None:
    if text is None:
        return None
    path = Path(shown(text))
    if path.exists() and not path.is_dir():
        raise Misused(f"--corpus: {path} is no directory")
    return path


def _begin(plan: Plan, corpus: Corpus) -> None:
    until = f"{plan.steps:,} steps" if plan.steps is not None else f"{plan.secs} s"
    print(f"from seed {plan.seed}, {plan.jobs} at a time, for {until}", file=sys.stderr)
    if corpus.walks:
        print(f"the corpus knows {corpus.walks:,} walks, {corpus.reach.steps:,} steps", file=sys.stderr)


def _confirmed(findings: Findings, contracts: Path | None, where: Path) -> Finding | None:
    """The finding with the fewest steps, as Anvil shows it."""
    failed = [(walked.task, walked.failure) for walked in findings.failures if walked.failure]
    if not failed:
        return None
    task, failure = min(failed, key=lambda each: len(each[1].steps))
    return confirm(task, failure, contracts, where / "found")


def _document(found: Finding | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "walk": found.story.name,
        "step": found.number,
        "failure": found.text,
        "differences": differences(found.failure),
        "record": shown(found.record),
    }


def _tell(found: Finding | None, contracts: Path | None) -> None:
    if found is None:
        print("no difference, and every invariant held")
        return
    name = shlex.quote(shown(found.record))
    rest = f" --contracts {shlex.quote(str(contracts))}" if contracts else ""
    print(f"✖ {found.story.name}, in process and on Anvil: {found.text}")
    print(f"record: {shown(found.record)}")
    print(f"to see it:    {command()} explain {name} {found.number}{rest}")
    print(f"to replay it: {command()} replay {name} --until {found.number}{rest}")
