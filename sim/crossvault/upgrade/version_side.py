"""One of two versions of the contracts, in this process: a door that it lacks is a refusal of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crossvault.differential.step import Outcome, Snapshot, Step, World
from crossvault.evm.artifacts import Build
from crossvault.evm.bindings import Answer
from crossvault.evm.deploy import vault_abi
from crossvault.evm.inprocess import InProcessChain
from crossvault.mirror.evm import Call as BatchedCall
from crossvault.mirror.refusal import Refusal
from crossvault.upgrade.interface_changes import lacking_doors, with_known_names
from crossvault.upgrade.member_names import MemberNames


class DoorLacking(Refusal):
    """The contracts have no such door, or have it in another form."""

    door: str
    instead: str


class AnswerUnreadable(Refusal):
    """The contracts gave an answer that does not fit their own ABI."""

    why: str


_UNREADABLE = (ValueError, IndexError, OverflowError)


class VersionSide(InProcessChain):
    """The contracts of a version. Raises DeployFailed."""

    def __init__(self, world: World, build: Build, ours: Build) -> None:
        """ours: the contracts that steps are written for."""
        super().__init__(world, with_known_names(build, ours))
        self.names_of_members = MemberNames([*vault_abi(self.build), *self.build.artifacts["Exchange"].abi])
        self._lacking: Mapping[str, str] = lacking_doors(build, ours)

    def apply(self, step: Step) -> Outcome:
        """Executes one step and returns its outcome; one through a door that is lacking changes nothing."""
        for door in (step.action, *_batched(step.args.get("calls", ()))):
            if door in self._lacking:
                self.enter(step)
                refusal = DoorLacking(door, self._lacking[door] or "nothing")
                return Outcome(refusal, (), self.snapshot(step.accounts()))
        return super().apply(step)

    def outcome(self, call: Answer, view: Answer) -> Outcome:
        """Decodes the outcome of a step; an answer that cannot be read is a refusal of its own."""
        try:
            return super().outcome(call, view)
        except _UNREADABLE as odd:
            unreadable: Any = AnswerUnreadable(str(odd))
            return Outcome(unreadable, (), Snapshot(unreadable, ()))

    def decode_metrics(self, call: Answer) -> Any:
        """Decodes margin metrics, or the refusal in their place."""
        try:
            return super().decode_metrics(call)
        except _UNREADABLE as odd:
            return AnswerUnreadable(str(odd))


def _batched(calls: Sequence[Any]) -> Iterator[str]:
    yield from (each.action for each in calls if isinstance(each, BatchedCall))
