"""`crossvault conform`: someone else's vault against the model, clause by clause of the specification."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path

from crossvault.commands.failure import after_finding
from crossvault.commands.page_file import page_path, write_page
from crossvault.commands.progress import bar
from crossvault.commands.sides import command, shown
from crossvault.conform import clause_repro
from crossvault.conform.adapter import Adapter, load
from crossvault.conform.search import ConformReport, SearchPlan, examine
from crossvault.conform.subject import Subject, subject
from crossvault.differential.ending import DONE, FAILED, INTERRUPTED, MISSED
from crossvault.differential.notation import Notation
from crossvault.report.conform import document, show_interface, show_report
from crossvault.report.conform_page import conform_page
from crossvault.scenario import repro as file
from crossvault.setup import toolchain
from crossvault.shrink.saved import name_of

EXAMPLE = "example"
_SHIPPED = toolchain.PACKAGE / "conform" / "example"


def conform(arguments: Namespace) -> int:
    """Examines a vault, or replays a finding; FAILED when anything differs."""
    page, found = page_path(arguments), _subject(arguments)
    if arguments.replay:
        return _replay(found, Path(arguments.replay), arguments.json)
    if not arguments.json:
        show_interface(found)
        sys.stdout.flush()
    with bar(found.name, arguments.steps) as tick:
        report = examine(found, SearchPlan(arguments.seed, arguments.steps), tick)
    files: dict[int, tuple[str, str]] = {}
    with after_finding():
        files = _written(report, arguments)
    if arguments.json:
        print(json.dumps(document(report, {place: path for place, (path, _) in files.items()}), indent=2))
    else:
        show_report(report, {place: hint for place, (_, hint) in files.items()})
    if page:
        with after_finding(not report.agrees):
            shown_files = {place: path for place, (path, _) in files.items()}
            write_page(page, conform_page(document(report, shown_files), f"crossvault conform {arguments.target}"))
    if not report.agrees:
        return FAILED
    if report.interrupted:
        return INTERRUPTED
    return DONE if any(verdict.agreed for verdict in report.verdicts) else MISSED


def _subject(arguments: Namespace) -> Subject:
    target, adapter = arguments.target, arguments.adapter
    if target == EXAMPLE:
        target = shown(_SHIPPED / "PerpVault.sol") + ":PerpVault"
        adapter = adapter or shown(_SHIPPED / "perp-vault.adapter.yaml")
    return subject(target, load(Path(adapter), adapter) if adapter else Adapter())


def _written(report: ConformReport, arguments: Namespace) -> dict[int, tuple[str, str]]:
    """The file of each finding and the command that replays it, by its place in the table."""
    folder = toolchain.state_dir() / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    adapter = f" --adapter {arguments.adapter}" if arguments.adapter else ""
    files = {}
    for place, verdict in enumerate(report.verdicts):
        if verdict.finding is not None:
            build = report.subject.build.hash[:8]
            path = folder / f"conform-{report.subject.name}-{report.seed}-{place}-{build}{file.SUFFIX}"
            kept = clause_repro.repro(verdict.finding, report.subject, verdict.clause.text, name_of(path))
            path.write_text(file.text(kept), encoding="utf8")
            hint = f"{command()} conform {arguments.target}{adapter} --replay {shown(path)}"
            files[place] = (shown(path), hint)
    return files


def _replay(found: Subject, path: Path, as_json: bool) -> int:
    """Prints the steps of a finding, each with its outcome, up to the difference that it was kept for."""
    kept = clause_repro.read(path)
    played, confirmed = clause_repro.replay(found, kept)
    if not confirmed:
        from crossvault.evm.chain import EnginesDisagree

        raise EnginesDisagree(f"{path}: Anvil and the vault in process differ after step {len(played)}")
    notation = Notation(kept.underlyings, kept.collaterals)
    others = [str(each) for step in played[:-1] for each in step.found]
    if as_json:
        steps = [{**notation.step(each.step), "model": notation.outcome(each.outcome)} for each in played]
        last = [str(each) for each in played[-1].found]
        print(json.dumps({"steps": steps, "differences": last, "before": others}, indent=2))
    else:
        for number, each in enumerate(played, 1):
            args = ", ".join(f"{name} {value}" for name, value in notation.step(each.step)["args"].items())
            print(f"{number:4} {each.step.at} {each.step.sender}: {each.step.action}({args})  {_came(each)}")
            print(*(f"     {other}\n" for other in each.found), sep="", end="")
        print(_ended(played, kept))
    return FAILED if others or played[-1].found else DONE


def _ended(played: list[clause_repro.ReplayedStep], kept: file.Repro) -> str:
    """What became of the difference that a finding was kept for."""
    if clause_repro.shows(played[-1], kept):
        before = "; other differences come before it" if any(each.found for each in played[:-1]) else ""
        return f"differs, in process and on Anvil{before}"
    if any(each.found for each in played):
        return f"another difference shows; the one that it was kept for does not: {file.finding(kept.found)}"
    return f"now agrees; it was: {file.finding(kept.found)}"


def _came(each: clause_repro.ReplayedStep) -> str:
    return f"refused: {each.outcome.refusal}" if each.outcome.refusal else "accepted"
