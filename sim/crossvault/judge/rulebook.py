"""The book of rights, kept from accepted steps alone: who may do what, what was announced when, what is paused."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.differential.step import Outcome, Step, World


class RuleBook(NamedTuple):
    """Rights after some steps. owner, pending owner, guardian: by name; paused: whether the vault is."""

    owner: str
    pending_owner: str = ""
    guardian: str = ""
    paused: bool = False
    delay_secs: int = 0

    @classmethod
    def opened(cls, world: World) -> RuleBook:
        """The rights before the first step."""
        return cls(owner=world.owner, delay_secs=world.delay_secs)

    def after(self, step: Step, outcome: Outcome) -> RuleBook:
        """The rights after a step; a refused one changes none."""
        return self
