"""A failure found in process, played once more on Anvil: only then is it a finding."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.differential.story import ExpectationFailed, Story, step_stream
from crossvault.evm.anvil import ChainRefused
from crossvault.evm.chain import Chain, EnginesDisagree
from crossvault.evm.compiler import build_hash, contract_sources
from crossvault.fuzz.task import Failure, WalkTask
from crossvault.lockstep import record
from crossvault.lockstep.invariants import Invariants
from crossvault.lockstep.run import Broken, Diverged, run


class ConfirmedFailure(NamedTuple):
    """A failure that both engines show: the story of its steps, the step, in words, and where the record is."""

    story: Story
    steps: tuple[Step, ...]
    number: int
    text: str
    failure: Diverged | Broken | ExpectationFailed | None
    record: Path


def confirm(task: WalkTask, failure: Failure, contracts: Path | None, folder: Path) -> ConfirmedFailure:
    """Plays the steps of a failure on Anvil and records them. Raises EnginesDisagree where nothing fails there."""
    story = failed_story(task, failure)
    path = folder / record.file_name(story, build_hash(contract_sources(contracts)))
    path.parent.mkdir(parents=True, exist_ok=True)
    model, guard = Model(story.world), Invariants()
    with ExitStack() as stack:
        chain = Chain(story.world, contracts)
        stack.callback(chain.close)
        out = stack.enter_context(path.open("w", encoding="utf8", buffering=1))
        try:
            result = run(story, model, chain, [record.RecordWriter(out, record.header(story, chain))], guard)
            found = result.failure or _at_the_end(guard, model)
        except (ChainRefused, ValueError, IndexError, OverflowError) as odd:
            text = f"the contracts returned data that cannot be decoded: {odd}"
            return ConfirmedFailure(story, failure.steps, len(failure.steps), text, None, path)
    if found is None:
        raise EnginesDisagree(f"{story.name}: pyrevm shows {failure.text}; Anvil does not; the steps are in {path}")
    number = found.number if isinstance(found, Diverged) else len(failure.steps)
    return ConfirmedFailure(story, failure.steps[:number], number, str(found), found, path)


def failed_story(task: WalkTask, failure: Failure) -> Story:
    """The steps of a failure as a story."""
    steps = failure.steps
    name = f"{task.kind}-{task.seed}"
    return replace(task.story(), name=name, expected_steps=len(steps), steps=lambda model: step_stream(steps))


def _at_the_end(guard: Invariants, model: Model) -> Broken | None:
    try:
        guard.require_conserved(model)
    except Broken as broken:
        return broken
    return None
