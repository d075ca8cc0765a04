"""`crossvault run`: scenarios on both sides, one after another, each compared, recorded and summed up."""

from __future__ import annotations

import json
import shlex
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from crossvault.commands.exits import UsageError
from crossvault.commands.progress import bar
from crossvault.commands.sides import AbiMismatch, Interrupts, command, folder, opened, readable, shown
from crossvault.differential.ending import DONE, FAILED, INTERRUPTED, exit_code
from crossvault.differential.story import Story
from crossvault.evm.anvil import ChainLost
from crossvault.evm.chain import Chain, EnginesDisagree
from crossvault.evm.compiler import build_hash, contract_sources
from crossvault.lockstep import record
from crossvault.lockstep.invariants import Invariants
from crossvault.lockstep.run import Diverged, Observer, RunResult, run as play
from crossvault.report.console import RunPage, show, show_lines
from crossvault.report.picture import svg
from crossvault.report.run import RunSummary
from crossvault.report.run_json import document
from crossvault.report.run_watch import RunWatch
from crossvault.scenario import load
from crossvault.setup import toolchain

_EVERY = 50  # steps between the checks that read all accounts


def run(arguments: Namespace) -> int:
    """Runs every scenario and returns the worst exit code; bad input is found before the first one starts."""
    overrides = _overrides(arguments.overrides)
    if arguments.network:
        return _deployed(arguments, overrides)
    interrupts = Interrupts()
    if arguments.record and len(arguments.scenarios) > 1:
        raise UsageError("--record: takes one scenario; without it every scenario has a record of its own")
    if arguments.picture and len(arguments.scenarios) > 1:
        raise UsageError("--picture: takes one scenario")
    stories = [load(_named(each), arguments.seed, overrides) for each in arguments.scenarios]
    contracts = folder(arguments.contracts)
    worst, runs = DONE, []
    for story in stories:
        ran = RunPage(story, RunWatch(), RunResult(), record=_record_path(arguments, story, contracts))
        code = _attempt(ran, contracts, interrupts)
        runs.append(document(ran))
        if not arguments.json:
            show(RunSummary(ran))
            show_lines(ran)
            if story.finding and code == DONE:
                print(f"now passes: {story.finding}")
        if arguments.picture:
            _draw(ran, Path(arguments.picture))
        worst = max(worst, code)
        if code == INTERRUPTED:
            break
    if arguments.json:
        print(json.dumps(runs[0] if len(stories) == 1 else {"runs": runs}, indent=2))
    return worst


def _deployed(arguments: Namespace, overrides: dict[str, str]) -> int:
    """Plays one scenario on a deployed vault."""
    from crossvault.commands import live

    if len(arguments.scenarios) > 1:
        raise UsageError("--network: takes one scenario")
    for name in ("contracts", "record", "picture"):
        if getattr(arguments, name):
            raise UsageError(f"--{name}: is for runs on a node of our own, not with --network")
    return live.play(arguments, arguments.scenarios[0], overrides)


def _attempt(ran: RunPage, contracts: Path | None, interrupts: Interrupts) -> int:
    """Plays one story; what cuts it short is noted, what keeps it from starting is raised."""
    with opened(ran.story.world, contracts) as (model, chain), bar(ran.story.name, ran.story.expected_steps) as tick:
        ran.engine, ran.contracts = chain.engine, chain.build.hash
        try:
            with _writing(ran, chain) as writers, readable(contracts):
                observers = [ran.watch, *writers]
                ran.result = play(ran.story, model, chain, observers, Invariants(every=_EVERY), tick)
        except (ChainLost, EnginesDisagree, AbiMismatch, KeyboardInterrupt) as cut:
            ran.result = ran.watch.result()
            if ran.record:  # an interruption may come between the observers of a step
                ran.result.compared = record.step_count(Path(ran.record))
            interrupted = interrupts.came or isinstance(cut, KeyboardInterrupt)
            ran.failure = _cut_short(ran, "interrupted" if interrupted else str(cut))
            return INTERRUPTED if interrupted else exit_code(cut) or FAILED
    if ran.result.failure is None:
        return DONE
    ran.failure = str(ran.result.failure)
    ran.hints = _hints(ran, contracts)
    return FAILED


def _cut_short(ran: RunPage, why: str) -> str:
    kept = f"; their record: {ran.record}" if ran.record else ""
    return f"{why}; {ran.result.compared} steps were compared until then, without a difference{kept}"


def _hints(ran: RunPage, contracts: Path | None) -> tuple[str, ...]:
    failure = ran.result.failure
    if not isinstance(failure, Diverged):
        return ()
    if ran.record is None:
        return ("to look into it, run again without --no-record",)
    with_contracts = f" --contracts {shlex.quote(str(contracts))}" if contracts else ""
    name = shlex.quote(ran.record)
    return (
        f"to see it:    {command()} explain {name} {failure.number}{with_contracts}",
        f"to replay it: {command()} replay {name} --until {failure.number}{with_contracts}",
    )


@contextmanager
def _writing(ran: RunPage, chain: Chain) -> Iterator[Sequence[Observer]]:
    """The writer of a record, if one is wanted; every line is on disk when the next begins."""
    if ran.record is None:
        yield ()
        return
    with _created(Path(ran.record)) as out:
        yield [record.RecordWriter(out, record.header(ran.story, chain))]


def _created(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # a process that still reads or writes the old one keeps it
        return path.open("w", encoding="utf8", buffering=1)
    except OSError as wrong:
        raise UsageError(f"--record: {path} cannot be written: {wrong.strerror}") from wrong


def _draw(ran: RunPage, path: Path) -> None:
    try:
        path.write_text(svg(ran), encoding="utf8")
    except OSError as wrong:
        raise UsageError(f"--picture: {shown(path)} cannot be written: {wrong.strerror}") from wrong


def _record_path(arguments: Namespace, story: Story, contracts: Path | None) -> str | None:
    if arguments.no_record:
        return None
    if arguments.record:
        return shown(arguments.record)
    name = record.file_name(story, build_hash(contract_sources(contracts)))
    return shown(toolchain.state_dir() / "runs" / name)


def _named(text: str) -> str:
    return shown(text) if Path(text).is_absolute() else text


def _overrides(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        path, equals, value = text.partition("=")
        if not path.strip() or not equals:
            raise UsageError(f"--set: {text!r}: expected PATH=VALUE, as world.auction.fast='5m'")
        found[path.strip()] = value
    return found
