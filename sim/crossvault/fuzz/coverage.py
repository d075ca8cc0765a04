"""The blocks of the contracts that a walk executes, on the deployed bytes, at the price of one more execution a step.

A second machine has a stop planted at the begin of every block that was never seen. As long as its answers are those of
the true one, nothing new was executed. When they differ, halving what is planted finds the blocks, which are then bare.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from crossvault.differential.step import Step, World
from crossvault.evm.artifacts import Build
from crossvault.evm.bindings import Call
from crossvault.evm.deploy import MODULES, module_name
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.search_evm import Answer
from crossvault.fuzz.blocks import Place, pushed_size

NAMES = {contract: module_name(contract) for contract in MODULES}

_STOP = 0xFE  # INVALID: nothing that the contracts write halts so


def codes_of(side: InProcessChain) -> dict[str, bytes]:
    """The code of every contract as it is deployed."""
    return {name: bytes.fromhex(side.machine.code(side.names.address(each))[2:]) for name, each in NAMES.items()}


class CoverageEvm:
    """A second machine on the same steps; `seen` are the blocks that were executed, here or before."""

    def __init__(self, world: World, build: Build, places: Sequence[Place], seen: set[Place]) -> None:
        self._world, self._build = world, build
        self._side = InProcessChain(world, build)
        self._codes = codes_of(self._side)
        self._steps: list[Step] = []
        self._planted: dict[str, tuple[int, ...]] = dict.fromkeys(self._codes, ())
        self.seen = seen
        self._unseen = sorted(place for place in places if place not in seen)

    def follow(self, step: Step, truth: Answer) -> None:
        """Executes a step whose answer is known, and notes the blocks that it was the first to execute."""
        self._plant(self._unseen)
        self._side.enter(step)
        call = self._side.transaction(step)
        answer = self._side.machine.call(call)
        if answer != truth:
            if answer["status"] == "0x1":  # a stop was met and got over: what it left behind is not the truth
                self._again(step)
            self._search(call, truth, self._unseen)
            self._unseen = [place for place in self._unseen if place not in self.seen]
            self._plant(())
            self._side.machine.call(call)
        self._steps.append(step)

    def _search(self, call: Call, truth: Answer, places: Sequence[Place]) -> None:
        """Notes which of some blocks a call executes: those at which a stop changes its answer."""
        if not places:
            return
        self._plant(places)
        if self._side.machine.query(call) == truth:
            return
        if len(places) == 1:
            self.seen.add(places[0])
            return
        half = len(places) // 2
        self._search(call, truth, places[:half])
        self._search(call, truth, places[half:])

    def _plant(self, places: Sequence[Place]) -> None:
        """Puts a stop at the begin of some blocks, and at no other."""
        wanted = {name: tuple(at for _, at in group) for name, group in groupby(places, key=lambda place: place[0])}
        for name, code in self._codes.items():
            stops = wanted.get(name, ())
            if stops != self._planted[name]:
                changed = bytearray(code)
                for at in stops:  # what an instruction pushes would be read as code, and hide where jumps land
                    size = 1 + pushed_size(code[at])
                    changed[at : at + size] = bytes([_STOP]) * size
                self._side.machine.replace(self._side.names.address(NAMES[name]), bytes(changed))
                self._planted[name] = stops

    def _again(self, step: Step) -> None:
        """Opens a machine in the state before a step, with nothing planted."""
        self._side = InProcessChain(self._world, self._build)
        self._planted = dict.fromkeys(self._codes, ())
        for each in self._steps:
            self._side.enter(each)
            self._side.machine.call(self._side.transaction(each))
        self._side.enter(step)
