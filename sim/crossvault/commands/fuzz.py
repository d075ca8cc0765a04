"""`crossvault fuzz`: random walks on model and contracts in process until something differs; Anvil confirms it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.commands.exits import UsageError
from crossvault.commands.progress import bar
from crossvault.commands.shrink import name_of
from crossvault.commands.sides import Interrupts, command, folder, shown
from crossvault.differential.ending import DONE, FAILED, INTERRUPTED
from crossvault.differential.step import CHAIN_ID
from crossvault.evm.compiler import Build, compile_contracts, contract_sources
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.pyrevm import InMemoryEvm
from crossvault.fuzz.blocks import CodeBlocks, code_blocks
from crossvault.fuzz.campaign import CampaignPlan, CampaignResult, FuzzCampaign
from crossvault.fuzz.confirm import ConfirmedFailure, confirm
from crossvault.fuzz.corpus import Corpus
from crossvault.fuzz.coverage import codes_of
from crossvault.lockstep.run import Diverged
from crossvault.report import shrink as smallest
from crossvault.report.console import show
from crossvault.report.fuzz import document, reached
from crossvault.report.fuzz_coverage import Coverage
from crossvault.report.run_json import differences
from crossvault.scenario.quantity import duration
from crossvault.scenario.repro import SUFFIX, text
from crossvault.setup import toolchain
from crossvault.shrink.saved import repro
from crossvault.shrink.shrinker import ShrinkResult, shrink
from crossvault.walks.random_walk import Walk

_USUAL_SECS = 60
_SHRINK_SECS = 30.0
_USUAL_SEED = 1


class ShrunkStory(NamedTuple):
    """The smallest story of a finding, and the repro that has it."""

    story: ShrinkResult
    path: Path


def fuzz(arguments: Namespace) -> int:
    """Plays a campaign and prints what it reached; the first finding ends it, with FAILED once Anvil confirms it."""
    Interrupts()
    plan = _plan(arguments)
    InMemoryEvm(CHAIN_ID, 0)  # raises where pyrevm is missing, before anything is compiled
    contracts = folder(arguments.contracts)
    build = compile_contracts(contracts)
    corpus = Corpus(_corpus(arguments.corpus), build)
    if not arguments.json:
        _begin(plan, corpus)
    code = _code_blocks(build, contracts) if arguments.coverage else None
    with bar("fuzz", plan.steps or 0) as tick:
        findings = FuzzCampaign(plan, build, corpus, list(code.blocks) if code else ()).run(tick)
    covered = Coverage(code, findings.seen) if code else None
    known = corpus.reach
    known.add(findings.reach)
    found = _confirmed(findings, contracts, corpus.folder or toolchain.state_dir() / "fuzz")
    small = _small(found, contracts, build)
    if arguments.json:
        body = {"finding": _document(found, small, contracts), "coverage": covered and covered.document()}
        print(json.dumps(document(findings, known) | body, indent=2))
    else:
        for each in reached(findings, known if found is None else None):
            show(each)
        if covered:
            show(covered.table())
        _print_finding(found, small, contracts)
    if covered:
        _write(covered, Path(shown(arguments.coverage)), contracts)
    if found:
        return FAILED
    return INTERRUPTED if findings.interrupted else DONE


def _plan(arguments: Namespace) -> CampaignPlan:
    secs = None
    if arguments.time is not None:
        try:
            secs = duration(arguments.time)
        except ValueError as wrong:
            raise UsageError(f"--time: {wrong}") from wrong
    elif arguments.steps is None:
        secs = _USUAL_SECS
    jobs = arguments.jobs or os.cpu_count() or 1
    seed = _USUAL_SEED if arguments.seed is None else arguments.seed
    return CampaignPlan(seed, jobs, arguments.steps, secs)


def _corpus(text: str | None) -> Path | None:
    if text is None:
        return None
    path = Path(shown(text))
    if path.exists() and not path.is_dir():
        raise UsageError(f"--corpus: {path} is no directory")
    return path


def _code_blocks(build: Build, contracts: Path | None) -> CodeBlocks:
    """The blocks of the contracts as they are deployed, in whatever world."""
    return code_blocks(codes_of(InProcessChain(Walk(_USUAL_SEED, 0).world, build)), contracts)


def _write(covered: Coverage, folder: Path, contracts: Path | None) -> None:
    sources = contract_sources(contracts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lcov.info").write_text(covered.lcov(str(contracts or toolchain.contracts_dir())), encoding="utf8")
        (folder / "index.html").write_text(covered.page(sources), encoding="utf8")
    except OSError as wrong:
        raise UsageError(f"--coverage: {folder} cannot be written: {wrong.strerror}") from wrong
    print(f"coverage: {shown(folder / 'index.html')}, {shown(folder / 'lcov.info')}", file=sys.stderr)


def _begin(plan: CampaignPlan, corpus: Corpus) -> None:
    until = f"{plan.steps:,} steps" if plan.steps is not None else f"{plan.secs} s"
    print(f"from seed {plan.seed}, {plan.jobs} at a time, for {until}", file=sys.stderr)
    if corpus.walks:
        print(f"the corpus knows {corpus.walks:,} walks, {corpus.reach.steps:,} steps", file=sys.stderr)


def _confirmed(findings: CampaignResult, contracts: Path | None, where: Path) -> ConfirmedFailure | None:
    """The finding with the fewest steps, as Anvil shows it."""
    failed = [(walked.task, walked.failure) for walked in findings.failures if walked.failure]
    if not failed:
        return None
    task, failure = min(failed, key=lambda each: len(each[1].steps))
    return confirm(task, failure, contracts, where / "found")


def _small(found: ConfirmedFailure | None, contracts: Path | None, build: Build) -> ShrunkStory | None:
    """The smallest story of a difference, written alongside its record; None for what is no difference."""
    if found is None or not isinstance(found.failure, Diverged):
        return None
    with bar("shrinking", len(found.steps)) as tick:
        least = shrink(found.story.world, found.steps, contracts, _SHRINK_SECS, failure=found.failure, tick=tick)
    path = found.record.with_suffix(SUFFIX)
    kept = repro(least, name_of(path), build.hash, {"seed": found.story.seed, "source": found.story.name})
    path.write_text(text(kept), encoding="utf8")
    return ShrunkStory(least, path)


def _document(
    found: ConfirmedFailure | None, small: ShrunkStory | None, contracts: Path | None
) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "walk": found.story.name,
        "step": found.number,
        "failure": found.text,
        "differences": differences(found.failure),
        "record": shown(found.record),
        "smallest": small and smallest.document(small.story, shown(small.path), None, _again(small, contracts)),
    }


def _again(small: ShrunkStory, contracts: Path | None) -> str:
    rest = ["--contracts", str(contracts)] if contracts else []
    return f"{command()} {shlex.join(['run', shown(small.path), *rest])}"


def _print_finding(found: ConfirmedFailure | None, small: ShrunkStory | None, contracts: Path | None) -> None:
    if found is None:
        print("no difference, and every invariant held")
        return
    name = shlex.quote(shown(found.record))
    rest = f" --contracts {shlex.quote(str(contracts))}" if contracts else ""
    print(f"✖ {found.story.name}, in process and on Anvil: {found.text}")
    print(f"record: {shown(found.record)}")
    print(f"to see it:    {command()} explain {name} {found.number}{rest}")
    print(f"to replay it: {command()} replay {name} --until {found.number}{rest}")
    if small:
        show(smallest.text(small.story))
        print(f"repro: {shown(small.path)}\nto play it: {_again(small, contracts)}")
