"""`crossvault shrink`: a record or a repro that diverges -> the smallest story that does, as a repro file."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crossvault.commands.chosen_invariants import chosen
from crossvault.commands.exits import UsageError
from crossvault.commands.failure import after_finding
from crossvault.commands.interrupts import Interrupts
from crossvault.commands.progress import bar
from crossvault.commands.sides import command, folder, readable, shown
from crossvault.differential.ending import DONE, FAILED, USAGE
from crossvault.differential.model import Model
from crossvault.differential.step import Step, World
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.evm.artifacts import Build
from crossvault.evm.chain import Chain, EnginesDisagree
from crossvault.evm.compiler import compile_contracts
from crossvault.fuzz.task import steps_of
from crossvault.history.recorded_difference import unshown_difference
from crossvault.judge.judge import JudgePlan, Thoroughness
from crossvault.judge.own_invariants import BrokenInvariant
from crossvault.lockstep import record
from crossvault.lockstep.record import Record
from crossvault.lockstep.run import Diverged, RunResult, run as play
from crossvault.report import shrink_foundry
from crossvault.report.console import show
from crossvault.report.shrink import document, largest_line, text
from crossvault.scenario import load, repro as file
from crossvault.setup.notices import notice
from crossvault.shrink.rule_trial import RULE, broken_rule
from crossvault.shrink.saved import largest_repro, name_of, repro, story
from crossvault.shrink.shrinker import ShrinkResult
from crossvault.shrink.smallest import smallest_story


def shrink(arguments: Namespace) -> int:
    """Shrinks, writes the repro, has Anvil confirm it; ends with FAILED as the sides differ, or DONE if they agree.

    Interrupted with a difference in hand it writes the best until then, which Anvil does not confirm.
    """
    source = Path(shown(arguments.file))
    given, read = _story(source)
    seconds, out = float(arguments.time), _out(arguments.out, source)
    contracts, own = folder(arguments.contracts), chosen(arguments)
    build = compile_contracts(contracts)
    steps = _steps(given)
    given = replace(given, invariants=(*given.invariants, *own))
    with bar("shrinking", len(steps)) as tick, readable(contracts):
        found = smallest_story(given, steps, contracts, seconds, tick, arguments.judge)
    if found is None and Interrupts.came:
        raise KeyboardInterrupt
    if found is None:
        return _agrees(given, steps, contracts, arguments, read)
    origin = {"seed": given.seed, "source": given.name}
    broken = [each.name for each in given.invariants if found.finding.found[0].field == f"{RULE} {each.name}"]
    kept = replace(repro(found, name_of(out), build.hash, origin, broken), persons=given.persons)
    emitted = None
    largest = largest_repro(found, name_of(out), build.hash, origin) if largest_line(found) else None
    with after_finding():
        _write(out, file.text(kept))
        if largest:
            _write(_of_largest(out), file.text(largest))
        emitted = _emit(kept, build, out) if arguments.emit else None
    again = _again(arguments, out, contracts)
    if arguments.json:
        print(json.dumps(document(found, str(out), emitted, again), indent=2))
    else:
        show(text(found))
        if largest:
            print(f"repro of the largest difference: {_of_largest(out)}")
        kept_at = f"repro: {out}" if out.is_file() else "no repro was written"
        print(kept_at + (f"\nfoundry: {emitted}" if emitted else "") + f"\nto play it: {again}")
    small = replace(story(kept), invariants=given.invariants, persons=given.persons)
    _confirm(small, found, contracts, arguments.judge)
    return FAILED


def _again(arguments: Namespace, out: Path, contracts: Path | None) -> str:
    """The command that plays the repro."""
    words = ["run", str(out), *(["--contracts", str(contracts)] if contracts else [])]
    return f"{command()} {shlex.join(words + (['--judge', 'strict'] if arguments.judge == 'strict' else []))}"


def _of_largest(out: Path) -> Path:
    """Path of the repro of the largest difference, alongside that of the smallest story."""
    return out.with_name(f"{out.name.removesuffix(file.SUFFIX)}-largest{file.SUFFIX}")


def _story(source: Path) -> tuple[Story, Record | None]:
    """The story of a record, a repro or a scenario, and the record if it is one."""
    if source.suffix in (".yaml", ".yml"):
        return load(str(source)), None
    read = record.read(source)
    return read.story(), read


def _steps(given: Story) -> list[Step]:
    """The steps of a story, as the model plays them. Raises UsageError where an expectation fails."""
    try:
        return steps_of(given)
    except ExpectationFailed as failed:
        raise UsageError(str(failed)) from failed


def _out(given: str | None, source: Path) -> Path:
    """Path of the repro: alongside the repro that it came from, else in this directory."""
    if given is None:
        here = source if source.name.endswith(file.SUFFIX) else Path(source.name)
        return here.with_name(here.name.partition(".")[0] + file.SUFFIX)
    if not given.endswith(file.SUFFIX):
        raise UsageError(f"--out: {given}: expected a name that ends in {file.SUFFIX}, which is how it is found again")
    return Path(shown(given))


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf8")
    except OSError as wrong:
        raise UsageError(f"{path} cannot be written: {wrong.strerror}") from wrong


def _emit(kept: file.Repro, build: Build, out: Path) -> str:
    """Writes the Foundry test alongside the repro. Returns its path."""
    path = out.with_name(out.name.removesuffix(file.SUFFIX).replace("-", "_") + ".t.sol")
    _write(path, shrink_foundry.test(kept, build))
    return str(path)


def _agrees(
    given: Story, steps: Sequence[Step], contracts: Path | None, arguments: Namespace, read: Record | None
) -> int:
    """Reports that nothing differs, in process and on Anvil; FAILED where a record has a difference all the same.

    Raises EnginesDisagree.
    """
    cut = read.cut if read else None
    result = _anvil(given.world, given, contracts, arguments.judge)
    if result.failure is not None:
        raise EnginesDisagree(f"Anvil reports {result.failure}; in process the sides agree in all {len(steps)} steps")
    if arguments.json:
        agrees = {"agrees": True, "steps": len(steps), "finding": given.finding, "cut": cut}
        print(json.dumps(agrees, indent=2))
    else:
        print(f"the sides agree in all {len(steps)} steps: there is nothing to shrink")
        if given.finding:
            print(f"now passes: {given.finding}")
        if cut:
            print(f"as far as it goes: {cut}")
    if read and steps and (noted := unshown_difference(read, len(read.steps))):
        print(f"crossvault: {noted}", file=sys.stderr)
        return FAILED
    return USAGE if cut else DONE


def _confirm(given: Story, found: ShrinkResult, contracts: Path | None, how: Thoroughness) -> None:
    """Has Anvil confirm a difference, unless the user wants an end. Raises EnginesDisagree."""
    if found.interrupted:
        return notice("interrupted: not confirmed on Anvil, and not as small as it may become")
    with after_finding(lambda: not isinstance(sys.exception(), EnginesDisagree)):  # which has a code of its own
        _require_confirmed(given, found, contracts, how)


def _require_confirmed(given: Story, found: ShrinkResult, contracts: Path | None, how: Thoroughness) -> None:
    """Requires the same difference, or the same broken invariant, on Anvil. Raises EnginesDisagree."""
    result = _anvil(given.world, given, contracts, how)
    failure: Any = result.failure
    number, first = len(found.steps), found.finding.found[0]
    if isinstance(failure, BrokenInvariant) and (result.steps, broken_rule(failure)) == (number, first):
        return
    if not isinstance(failure, Diverged) or (failure.number, failure.found[0]) != (number, first):
        raise EnginesDisagree(f"in process step {number} differs ({first}); Anvil reports {failure or 'no difference'}")


def _anvil(world: World, given: Story, contracts: Path | None, how: Thoroughness) -> RunResult:
    chain = Chain(world, contracts)
    try:
        return play(given, Model(world), chain, guard=JudgePlan(given.invariants, how, given.persons).judge())
    finally:
        chain.close()
