"""`crossvault fuzz`: random walks on model and contracts in process until something differs; Anvil confirms it."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from crossvault.commands.chosen_invariants import chosen
from crossvault.commands.exits import UsageError
from crossvault.commands.failure import after_finding
from crossvault.commands.finding import FindingNotes
from crossvault.commands.page_file import page_path, write_page
from crossvault.commands.progress import bar
from crossvault.commands.sides import folder, shown
from crossvault.differential.ending import DONE, FAILED, INTERRUPTED, MISSED
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts, contract_sources
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.blocks import CodeBlocks, code_blocks
from crossvault.fuzz.campaign import CampaignPlan, CampaignResult, FuzzCampaign
from crossvault.fuzz.corpus import Corpus
from crossvault.fuzz.coverage import codes_of
from crossvault.fuzz.reach import ReachCounts
from crossvault.fuzz.task import opening
from crossvault.judge.judge import JudgePlan
from crossvault.report.console import show
from crossvault.report.fuzz import document, known_weaknesses, reached, unreached, verdict
from crossvault.report.fuzz_coverage import Coverage
from crossvault.report.fuzz_page import fuzz_page
from crossvault.setup import toolchain
from crossvault.setup.notices import notice
from crossvault.walks.random_walk import Walk

_USUAL_SECS = 60
_USUAL_SEED = 1


def fuzz(arguments: Namespace) -> int:
    """Plays a campaign and prints what it reached; the first finding ends it, with FAILED."""
    if arguments.attack or arguments.against:
        return _other_search(arguments)
    plan = _plan(arguments)
    page = page_path(arguments)
    if arguments.coverage:
        _require_folder(Path(shown(arguments.coverage)))
    contracts = folder(arguments.contracts)
    build = compile_contracts(contracts)
    corpus = Corpus(_corpus(arguments.corpus), build, plan.judge)
    if not arguments.json:
        _begin(plan, corpus)
    code = _code_blocks(build, contracts) if arguments.coverage else None
    kept_in = (corpus.folder or toolchain.state_dir() / "fuzz") / "found"
    notes = FindingNotes(build, contracts, kept_in, arguments.json, tuple(plan.judge.own))
    campaign = FuzzCampaign(plan, build, corpus, list(code.blocks) if code else ())
    with bar("fuzz", plan.steps or 0) as tick, after_finding(lambda: bool(notes.all)):
        campaign.run(tick, notes.note)
    findings = campaign.findings
    if findings.failures:
        notes.follow_up()
    covered = Coverage(code, findings.seen) if code else None
    corpus.reach.add(findings.reach)
    found = _document(findings, corpus.reach, covered, notes)
    _show(findings, corpus.reach, covered, notes, found if arguments.json else None)
    if page:
        with after_finding(lambda: bool(findings.failures)):
            write_page(page, fuzz_page(found, f"crossvault fuzz --seed {plan.seed} --page FILE.html"))
    if covered:
        with after_finding(lambda: bool(findings.failures)):
            _write(covered, Path(shown(arguments.coverage)), contracts)
    if findings.failures:
        return FAILED
    if findings.interrupted:
        return INTERRUPTED
    misses = not findings.reach.steps or (arguments.strict and corpus.reach.missing())
    return MISSED if misses else DONE


def _other_search(arguments: Namespace) -> int:
    """Searches on the model alone, or on two versions of the contracts."""
    if arguments.attack:
        from crossvault.commands.fuzz_attack import fuzz_attacks

        return fuzz_attacks(arguments)
    from crossvault.commands.upgrade_search import fuzz_versions

    return fuzz_versions(arguments, _plan(arguments))


def _document(
    findings: CampaignResult, known: ReachCounts, covered: Coverage | None, notes: FindingNotes
) -> dict[str, Any]:
    """The result as JSON."""
    finding = notes.document() if findings.failures else None
    return document(findings, known) | {"finding": finding, "coverage": covered and covered.document()}


def _show(
    findings: CampaignResult,
    known: ReachCounts,
    covered: Coverage | None,
    notes: FindingNotes,
    found: dict[str, Any] | None,
) -> None:
    """Prints the result: as JSON where a document is given."""
    if found is not None:
        print(json.dumps(found, indent=2))
        return
    for each in reached(findings):
        show(each)
    if covered:
        show(covered.table())
    if findings.failures:
        notes.show()
        return
    if not findings.reach.steps:
        print("no step was compared: nothing is known")
        return
    print(verdict(findings))
    show(known_weaknesses(findings))
    for each in unreached(known):
        show(each)


def _plan(arguments: Namespace) -> CampaignPlan:
    secs = arguments.time
    if secs is None and arguments.steps is None:
        secs = _USUAL_SECS
    jobs = arguments.jobs or os.cpu_count() or 1
    seed = _USUAL_SEED if arguments.seed is None else arguments.seed
    return CampaignPlan(seed, jobs, arguments.steps, secs, opening(seed), JudgePlan(chosen(arguments), arguments.judge))


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


def _require_folder(folder: Path) -> None:
    """Requires a folder for the coverage, before anything is played. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise UsageError(f"--coverage: {folder} cannot be written: {wrong.strerror}") from wrong


def _write(covered: Coverage, folder: Path, contracts: Path | None) -> None:
    sources = contract_sources(contracts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lcov.info").write_text(covered.lcov(str(contracts or toolchain.contracts_dir())), encoding="utf8")
        (folder / "index.html").write_text(covered.page(sources), encoding="utf8")
    except OSError as wrong:
        raise UsageError(f"--coverage: {folder} cannot be written: {wrong.strerror}") from wrong
    notice(f"coverage: {shown(folder / 'index.html')}, {shown(folder / 'lcov.info')}")


def _begin(plan: CampaignPlan, corpus: Corpus) -> None:
    until = f"{plan.steps:,} steps" if plan.steps is not None else f"{plan.secs} s"
    notice(f"from seed {plan.seed}, {plan.jobs} at a time, for {until}")
    if corpus.walks:
        notice(f"the corpus knows {corpus.walks:,} walks, {corpus.reach.steps:,} steps")
