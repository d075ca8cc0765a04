"""Vaults on a plain node, with steps mined onto them block by block, for an audit to watch."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from sim.anvil import Node
from sim.audit.replica import Replica
from sim.codec import Names
from sim.commands.parser import parse
from sim.compiler import Build, compile_contracts
from sim.deploy import deploy_world
from sim.model import Model
from sim.network.wire import Wire
from sim.search.walking import Task
from sim.side import EXCHANGE, VAULT, Outcome, Step, World
from sim.speech import Speech

RICH = hex(10**30)


class Played(NamedTuple):
    """A story as the model alone plays it."""

    world: World
    steps: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]


def played(kind: str, seed: int, length: int) -> Played:
    """A random walk of `steps` or signed `orders`."""
    story = Task(kind, seed, length).story()
    model, steps, outcomes = Model(story.world), list[Step](), list[Outcome]()
    told = story.steps(model)
    try:
        step = next(told)
        while True:
            steps.append(step)
            outcomes.append(model.apply(step))
            step = told.send(outcomes[-1])
    except StopIteration:
        return Played(story.world, tuple(steps), tuple(outcomes))


class Town:
    """A node with a vault on it; whoever sends has something to pay gas with."""

    def __init__(self, world: World, build: Build | None = None) -> None:
        self.world, self.names = world, Names()
        self.node = Node(world.starts_at - 3600, flat=False)
        self.build = build or compile_contracts()
        deploy_world(self.node, self.build, world, self.names)
        self.speech = Speech(self.build, self.names)
        self.vault, self.url = self.names.address(VAULT), self.node.url
        self._rich: set[str] = set()

    def mine(self, steps: Sequence[Step]) -> list[int]:
        """Mines steps, those of one time as one block; the number of the block of each step."""
        numbers: list[int] = []
        for at, group in groupby(steps, key=lambda step: step.at):
            part = list(group)
            for place, step in enumerate(part):
                call = self.speech.transaction(step)
                if step.sender not in self._rich:
                    self._rich.add(step.sender)
                    self.node.rpc("anvil_setBalance", call["from"], RICH)
                self.node.rpc("eth_sendTransaction", call | {"gasPrice": hex(len(part) - place)})
            self.node.rpc("evm_mine", at)
            numbers += [self.head()] * len(part)
        return numbers

    def head(self) -> int:
        """The number of the last block."""
        return int(self.node.rpc("eth_blockNumber"), 16)

    def addresses(self, steps: Sequence[Step]) -> dict[str, str]:
        """Everybody whom some steps name, as a manifest has them."""
        known = {self.world.owner, EXCHANGE, *(spec.name for spec in self.world.tokens)}
        for step in steps:
            known |= {step.sender, *(account.owner for account in step.accounts())}
            known |= {value for value in step.args.values() if isinstance(value, str)}
        return {name: self.names.address(name) for name in known - {"", VAULT, "ETH", "BTC"}}

    def replica(self, url: str = "", **more: Any) -> Replica:
        """An audit of the vault by a wire that is soon out of patience."""
        wire = Wire(url or self.url, tries=3, wait_secs=0.02)
        return Replica(wire, self.vault, build=self.build, **more)

    def close(self) -> None:
        """Stops the node."""
        self.node.close()


def words(url: str, vault: str, checkpoint: Path, *more: str) -> list[str]:
    """The words of an audit on the command line."""
    return ["audit", "--rpc", url, "--vault", vault, "--checkpoint", str(checkpoint), "--poll", "0.05", *more]


def arguments(url: str, vault: str, checkpoint: Path, *more: str) -> Namespace:
    """The same, as parsed."""
    return parse(words(url, vault, checkpoint, *more))


def by_time(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Steps in groups of one time."""
    for _, group in groupby(steps, key=lambda step: step.at):
        yield list(group)
