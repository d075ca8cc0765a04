"""Vaults on a plain node, with steps mined block by block, as input of audits."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.audit.checkpoint import Checkpoint
from crossvault.audit.replica import Replica
from crossvault.bench import audit_speed
from crossvault.commands.parser import parse
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE, VAULT, Outcome, Step, World
from crossvault.fuzz.task import WalkTask
from crossvault.rpc.client import RpcClient


class Played(NamedTuple):
    """A story played on the model alone."""

    world: World
    steps: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]


def played(kind: str, seed: int, length: int) -> Played:
    """A random walk of `steps` or signed `orders`."""
    story = WalkTask(kind, seed, length).story()
    model = Model(story.world)
    found = list(driven(story.steps(model), model.apply))
    return Played(story.world, tuple(step for step, _ in found), tuple(outcome for _, outcome in found))


class AuditedVault(audit_speed.FundedVault):
    """A node with a vault, as an audit reads it."""

    def addresses(self, steps: Sequence[Step]) -> dict[str, str]:
        """The addresses of every name in some steps, as a manifest lists them."""
        known = {self.world.owner, EXCHANGE, *(spec.name for spec in self.world.tokens)}
        for step in steps:
            known |= {step.sender, *(account.owner for account in step.accounts())}
            known |= {value for value in step.args.values() if isinstance(value, str)}
        return {name: self.names.address(name) for name in known - {"", VAULT, "ETH", "BTC"}}

    def replica(self, url: str = "", **more: Any) -> Replica:
        """A replica of the vault whose client gives up after few retries."""
        client = RpcClient(url or self.url, tries=3, wait_secs=0.02)
        return Replica(client, self.vault, build=self.build, **more)


class Watched:
    """A story on a node, audited once."""

    def __init__(self, kind: str, seed: int, length: int, folder: Path) -> None:
        self.story: Played = played(kind, seed, length)
        self.node = AuditedVault(self.story.world)
        self.blocks = self.node.mine(self.story.steps)
        self.path = folder / f"{kind}-{seed}.jsonl"
        self.replica = self.node.replica(names=self.node.addresses(self.story.steps), checkpoint=Checkpoint(self.path))
        self.replica.catch_up()
        self.replica.compare_all()
        self.replica.close()

    def rebuilt(self) -> list[Step]:
        """The steps in the checkpoint."""
        kept = Checkpoint(self.path)
        found = kept.read()
        kept.close()
        assert found
        return [step for entry in found[1] for step in entry.steps]


def words(url: str, vault: str, checkpoint: Path, *more: str) -> list[str]:
    """The command line of an audit."""
    poll = ["--poll", "0.05"] if "--follow" in more else []
    return ["audit", "--rpc", url, "--vault", vault, "--checkpoint", str(checkpoint), *poll, *more]


def arguments(url: str, vault: str, checkpoint: Path, *more: str) -> Namespace:
    """The parsed command line of an audit."""
    return parse(words(url, vault, checkpoint, *more))


def by_time(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Steps in groups of one time."""
    for _, group in groupby(steps, key=lambda step: step.at):
        yield list(group)
