"""A broken contract and the divergence of a walk on it, for the tests of shrinking."""

from __future__ import annotations

from pathlib import Path

from crossvault.differential.model import Model
from crossvault.differential.step import Step, World
from crossvault.differential.story import Story
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.inprocess_run import run_in_process
from crossvault.fuzz.task import noted
from crossvault.lockstep.run import Diverged
from crossvault.setup.toolchain import contracts_dir
from crossvault.walks.random_walk import Walk

ROUNDS = ("Vault.sol", "int256 quote = Fixed.mulDivCeil(", "int256 quote = Fixed.mulDivFloor(")  # not to the vault


def broken(folder: Path, change: tuple[str, str, str] = ROUNDS) -> Path:
    """A directory with one changed file; all other contracts are ours."""
    name, was, becomes = change
    text = (contracts_dir() / name).read_text(encoding="utf8")
    assert text.count(was) == 1
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text.replace(was, becomes), encoding="utf8")
    return folder


def taken(story: Story) -> tuple[Story, list[Step]]:
    """A story that records its steps as they are drawn, and the list of them."""
    steps: list[Step] = []
    return noted(story, steps), steps


def found(contracts: Path, seed: int = 0) -> tuple[World, list[Step], Diverged]:
    """The divergence that a walk finds on the contracts of a directory."""
    story, steps = taken(Walk(seed, 600).story())
    failure = run_in_process(story, Model(story.world), InProcessChain(story.world, contracts)).failure
    assert isinstance(failure, Diverged)
    return story.world, steps, failure
