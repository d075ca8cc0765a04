"""The check of the invariants of the user after every step of a model."""

from __future__ import annotations

from collections.abc import Iterable

from crossvault.differential.ending import BrokenInvariant as BrokenInvariant
from crossvault.differential.model import Model
from crossvault.differential.own_rules import OwnInvariant
from crossvault.differential.step import Outcome, Step
from crossvault.differential.vault_state import VaultState


class OwnInvariants:
    """The invariants of the user around each step of a model."""

    def __init__(self, rules: Iterable[OwnInvariant] = ()) -> None:
        """rules: each once, by name. Raises OwnCodeError for one that is not there, or is no predicate."""
        self.rules = tuple({rule.name: rule.require() for rule in rules}.values())
        self._at = 0

    def before(self, model: Model) -> None:
        """Notes the time of the step before."""
        self._at = model.at

    def after(self, step: Step, outcome: Outcome, model: Model) -> None:
        """Checks all of them after a step. Raises BrokenInvariant, and OwnCodeError for what one of them raises."""
        if not self.rules:
            return
        values = {
            "before": VaultState(model, step.at, self._at),
            "after": VaultState(model, step.at),
            "step": step,
            "outcome": outcome,
        }
        for rule in self.rules:
            if what := rule.broken(values):
                raise BrokenInvariant(rule.name, what, f"{step.action} by {step.sender}")
