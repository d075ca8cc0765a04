"""`crossvault run`: scenarios on both sides, one after another, each compared, recorded and summed up."""

from __future__ import annotations

import json
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from crossvault.commands.chosen_invariants import chosen
from crossvault.commands.exits import UsageError
from crossvault.commands.failure import after_finding
from crossvault.commands.interrupts import Interrupts
from crossvault.commands.progress import bar
from crossvault.commands.sides import AbiMismatch, command, folder, opened, readable, shown
from crossvault.commands.story_files import RECORDS, STORIES, is_several, listed
from crossvault.differential.ending import (
    DONE,
    FAILED,
    INTERRUPTED,
    BadEnvironment,
    BrokenInvariant,
    InputProblem,
    exit_code,
    words,
    worst as worst_of,
)
from crossvault.differential.own_code import OwnCodeError
from crossvault.differential.own_rules import OwnInvariant
from crossvault.differential.story import Story
from crossvault.evm.anvil import ChainLost
from crossvault.evm.chain import Chain, EnginesDisagree
from crossvault.evm.compiler import build_hash, contract_sources
from crossvault.history.gain_ledger import GainLedger
from crossvault.judge.judge import Judge, Thoroughness
from crossvault.judge.own_invariants import OwnInvariants
from crossvault.lockstep import record
from crossvault.lockstep.run import Diverged, Observer, RunResult, run as play
from crossvault.report.console import RunPage, show, show_lines
from crossvault.report.picture import require_picture, write_picture
from crossvault.report.run import RunSummary
from crossvault.report.run_json import document
from crossvault.report.run_stories import story_table
from crossvault.report.run_watch import RunWatch
from crossvault.scenario import ScenarioError, load, shipped
from crossvault.setup import toolchain
from crossvault.setup.notices import is_verbose


class RecordLost(BadEnvironment):
    """The record of a run cannot be written any more, as on a full disk."""


def run(arguments: Namespace) -> int:
    """Runs every scenario and returns the worst exit code; bad input is found before the first one starts."""
    overrides = _overrides(arguments.overrides)
    if arguments.network:
        return _deployed(arguments, overrides)
    if arguments.against:
        return _versions(arguments, overrides)
    named = listed(arguments.scenarios, STORIES, shipped())
    if arguments.record and len(named) > 1:
        raise UsageError("--record: takes one scenario; without it every scenario has a record of its own")
    if arguments.picture:
        require_picture("--picture", Path(arguments.picture))
        if len(named) > 1:
            raise UsageError("--picture: takes one scenario")
    _require_free_record(arguments.record, named)
    stories = _loaded(named, arguments.seed, overrides)
    is_one = not is_several(arguments.scenarios, named)
    contracts, invariants = folder(arguments.contracts), chosen(arguments)
    worst, runs = DONE, list[tuple[RunPage, int]]()
    for story in stories:
        with after_finding(worst == FAILED):
            record_path, watched = _record_path(arguments, story, contracts), GainLedger()
            ran = RunPage(story, RunWatch(), RunResult(), record=record_path, gains=watched)
            code = _attempt(ran, contracts, judge(story, invariants, arguments.judge), arguments.record is not None)
            worst = worst_of((worst, code))
            _show(ran, code, arguments, is_one)
            runs.append((ran, code))
            if code == INTERRUPTED:
                break
    if is_one and arguments.json:
        print(json.dumps(document(runs[0][0]), indent=2))
    elif not is_one:
        _show_all(runs, stories, arguments.json)
    return worst


def _require_free_record(path: str | None, named: Sequence[str]) -> None:
    """Requires that a record is not written over the story that it is of. Raises UsageError."""
    if path and any(os.path.exists(each) and os.path.exists(path) and os.path.samefile(each, path) for each in named):
        raise UsageError(f"--record: {shown(path)} is the story itself")


def _loaded(named: Sequence[str], seed: int | None, overrides: Mapping[str, str]) -> list[Story]:
    """The stories. Raises ScenarioError with the problems of all files."""
    stories, problems = list[Story](), list[InputProblem | str]()
    for each in named:
        try:
            stories.append(load(each, seed, overrides))
        except ScenarioError as wrong:
            problems += wrong.problems or (str(wrong),)
    if problems:
        raise ScenarioError(*problems)
    return stories


def _show_all(runs: Sequence[tuple[RunPage, int]], stories: Sequence[Story], as_json: bool) -> None:
    """Prints several runs together."""
    left = [story.name for story in stories[len(runs) :]]
    if as_json:
        documents = [document(ran) | {"exit": code} for ran, code in runs]
        exits = worst_of(code for _, code in runs)
        print(json.dumps({"exit": exits, "runs": documents, "not_played": left}, indent=2))
        return
    show(story_table(runs, left))
    if folders := sorted({os.path.dirname(ran.record) for ran, _ in runs if ran.record}):
        print(f"records: {', '.join(folders)}")


def _show(ran: RunPage, code: int, arguments: Namespace, is_one: bool) -> None:
    """Prints the summary of a run, unless JSON or a table follows at the end, and draws it."""
    if not arguments.json and (is_one or code != DONE or is_verbose()):
        show(RunSummary(ran))
        show_lines(ran)
        if ran.story.finding and code == DONE:
            print(f"now passes: {ran.story.finding}")
    if arguments.picture:
        with after_finding(code == FAILED):
            _draw(ran, Path(arguments.picture))


def _versions(arguments: Namespace, overrides: Mapping[str, str]) -> int:
    """Plays scenarios and records on two versions of the contracts."""
    from crossvault.commands.upgrade import recorded_story, run_versions

    named = listed(arguments.scenarios, STORIES, shipped())
    records = [each for each in named if each.endswith(RECORDS)]
    if records and (arguments.seed is not None or overrides):
        raise UsageError(f"--seed and --set: have no effect on a record, whose steps are fixed: {records[0]}")
    files = [each for each in named if each not in records]
    loaded = dict(zip(files, _loaded(files, arguments.seed, overrides), strict=True))
    return run_versions(arguments, [loaded.get(each) or recorded_story(each) for each in named])


def _deployed(arguments: Namespace, overrides: dict[str, str]) -> int:
    """Plays one scenario on a deployed vault."""
    from crossvault.commands import live

    if len(arguments.scenarios) > 1:
        raise UsageError("--network: takes one scenario")
    return live.play(arguments, arguments.scenarios[0], overrides)


def judge(story: Story, more: Sequence[OwnInvariant], how: Thoroughness) -> Judge:
    """The judge of a story, which counts known weaknesses of the vault. more: invariants besides the story's."""
    return Judge(OwnInvariants((*story.invariants, *more)), how, persons=story.persons)


def _attempt(ran: RunPage, contracts: Path | None, guard: Judge, is_named: bool) -> int:
    """Plays one story; what cuts it short is noted, what keeps it from starting is raised.

    is_named: whether the user chose the place of the record.
    """
    with opened(ran.story.world, contracts) as (model, chain), bar(ran.story.name, ran.story.expected_steps) as tick:
        ran.engine, ran.contracts = chain.engine, chain.build.hash
        try:
            with _writing(ran, chain, is_named) as writers, readable(contracts):
                observers = [*ran.observers, *writers]
                ran.result = play(ran.story, model, chain, observers, guard, tick)
        except (ChainLost, EnginesDisagree, AbiMismatch, RecordLost, OwnCodeError, KeyboardInterrupt) as cut:
            if ran.result.failure is None:
                return _cut_short(ran, cut)
            print(f"crossvault: {words(cut)}", file=sys.stderr)  # after the finding, which stays
    ran.weaknesses = guard.weaknesses()
    if ran.result.failure is None:
        ran.hints = _why_liquidated(ran)
        return DONE
    ran.failure = str(ran.result.failure)
    ran.hints = _hints(ran, contracts)
    return ran.result.failure.exit_code


def _cut_short(ran: RunPage, cut: BaseException) -> int:
    """Notes what cut a run short, and how far it came; the record ends with it."""
    is_interrupted = Interrupts.came or isinstance(cut, KeyboardInterrupt)
    ran.result, ran.gains = ran.watch.result(), None  # between two observers of a step they do not add up
    kept = ""
    with suppress(OSError):  # the folder of the record may be closed to us
        if ran.record and Path(ran.record).is_file():  # an interruption may come between the observers of a step
            kept = f"; their record: {ran.record}"
            ran.result.compared = record.finish(Path(ran.record), record.INTERRUPTED if is_interrupted else record.LOST)
    why = "interrupted" if is_interrupted else words(cut)
    ran.failure = f"{why}; {ran.result.compared} steps were compared until then, without a difference{kept}"
    return INTERRUPTED if is_interrupted else exit_code(cut) or FAILED


def _why_liquidated(ran: RunPage) -> tuple[str, ...]:
    """The command that explains the first liquidated account of a record."""
    if ran.record is None or not ran.watch.liquidations:
        return ()
    account = ran.watch.liquidations[0].account
    return (f"why {account} was liquidated: {command()} explain {shlex.quote(ran.record)} {account}",)


def _hints(ran: RunPage, contracts: Path | None) -> tuple[str, ...]:
    failure = ran.result.failure
    if not isinstance(failure, Diverged | BrokenInvariant):
        return ()
    number = failure.number if isinstance(failure, Diverged) else ran.result.steps
    if ran.record is None:
        return ("to look into it, run again without --no-record",)
    with_contracts = f" --contracts {shlex.quote(str(contracts))}" if contracts else ""
    name = shlex.quote(ran.record)
    return (
        f"to see it:    {command()} explain {name} {number}{with_contracts}",
        f"to replay it: {command()} replay {name} --until {number}{with_contracts}",
    )


@contextmanager
def _writing(ran: RunPage, chain: Chain, is_named: bool) -> Iterator[Sequence[Observer]]:
    """The writer of a record, if one is wanted; every line is on disk when the next begins. Raises RecordLost."""
    if ran.record is None:
        yield ()
        return
    try:
        with _created(Path(ran.record), is_named) as out:
            writer = record.RecordWriter(out, record.header(ran.story, chain))
            yield [writer]
            writer.finish(record.FAILED if ran.result.failure else record.FINISHED)
    except OSError as lost:
        raise RecordLost(f"the record {ran.record} cannot be written: {lost.strerror}") from lost


def _created(path: Path, is_named: bool) -> TextIO:
    """A new file for a record. Raises UsageError where the user chose the path, else OSError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():  # a process that still reads or writes the old one keeps it; a device stays
            path.unlink()
        return path.open("w", encoding="utf8", buffering=1)
    except OSError as wrong:
        if not is_named:
            raise
        raise UsageError(f"--record: {path} cannot be written: {wrong.strerror}") from wrong


def _draw(ran: RunPage, path: Path) -> None:
    from crossvault.report.run_picture import run_picture  # matplotlib takes half a second

    try:
        write_picture(path, lambda: run_picture(ran))
    except OSError as wrong:
        raise UsageError(f"--picture: {shown(path)} cannot be written: {wrong.strerror}") from wrong


def _record_path(arguments: Namespace, story: Story, contracts: Path | None) -> str | None:
    if arguments.no_record:
        return None
    if arguments.record:
        return shown(arguments.record)
    name = record.file_name(story, build_hash(contract_sources(contracts)))
    return shown(toolchain.state_dir() / "runs" / name)


def _overrides(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        path, equals, value = text.partition("=")
        if not path.strip() or not equals:
            raise UsageError(f"--set: {text!r}: expected PATH=VALUE, as world.auction.fast='5m'")
        found[path.strip()] = value
    return found
