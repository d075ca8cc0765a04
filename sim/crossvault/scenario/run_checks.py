"""Checks of a whole run: what was counted, and the state at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.judge.books import read_books
from crossvault.judge.conservation_rules import unconserved
from crossvault.mirror.account import AccountId
from crossvault.scenario import quantity
from crossvault.scenario.expectations import refusal
from crossvault.scenario.expected_value import count_failure, expected_count
from crossvault.scenario.roster import FieldError, NameTable
from crossvault.scenario.source import did_you_mean
from crossvault.scenario.state_values import FORMS, fact


@dataclass(slots=True)
class RunCounts:
    """Counts of a run so far: steps, refusals, bids, liquidated and insolvent accounts."""

    steps: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    liquidated: dict[AccountId, None] = field(default_factory=dict)
    insolvent: dict[AccountId, None] = field(default_factory=dict)
    bids: int = 0

    def note(self, step: Step, outcome: Outcome) -> None:
        """Counts one outcome."""
        self.steps += 1
        if outcome.refusal is not None:
            self.refusals[outcome.refusal.name] += 1
        for event in outcome.events:
            if event.name == "LiquidationStarted":
                self.liquidated[event.values[1]] = None
            if event.name == "InsolvencyDeclared" or (event.name == "LiquidationStarted" and event.values[2] <= 0):
                self.insolvent[event.values[1]] = None
            self.bids += event.name == "Bid"


Check = Callable[[Model, int, RunCounts], str | None]

_WORDS = ("conserved", "solvent", "liquidated", "not liquidated", "insolvent", "refusals", "steps", "bids")


def check(names: NameTable, written: Any) -> Check:
    """Parses an entry of `checks`, which is evaluated at the end of a run. Raises FieldError."""
    if written == "conserved":
        return lambda model, at, counts: conserved(model)
    if written == "solvent":
        return lambda model, at, counts: _nonzero_failure("open deficits", model.vault.ledger.cash.deficit_wad)
    if not isinstance(written, dict) or len(written) != 1:
        raise FieldError("", f"{written!r}: {did_you_mean(str(written), (*_WORDS, *FORMS))}")
    key, value = next(iter(written.items()))
    if key in ("liquidated", "not liquidated", "insolvent"):
        return _accounts_check(names, key, value)
    if key in ("steps", "bids"):
        expected = expected_count(key, value)
        return lambda model, at, counts: count_failure(key, expected, getattr(counts, key))
    if key == "refusals":
        return _refusals_check(names, value)
    state = fact(names, key, value)
    return lambda model, at, counts: state.failure(model, at)


def _accounts_check(names: NameTable, key: str, written: Any) -> Check:
    listed_names = [written] if isinstance(written, str) else written
    if not isinstance(listed_names, list) or not all(isinstance(name, str) for name in listed_names):
        raise FieldError(key, "expected a list of accounts")
    accounts = [names.account(key, name) for name in listed_names]
    field_name, expected = key.removeprefix("not "), not key.startswith("not ")

    def failure(model: Model, at: int, counts: RunCounts) -> str | None:
        actual = getattr(counts, field_name)
        wrong = [str(account) for account in accounts if (account in actual) != expected]
        listed = ", ".join(map(str, actual)) or "none"
        return f"expected {key}: {', '.join(wrong)}, got {field_name}: {listed}" if wrong else None

    return failure


def _refusals_check(names: NameTable, written: Any) -> Check:
    if not isinstance(written, dict):
        raise FieldError("refusals", "expected a mapping of refusals to counts, such as 'InsufficientMargin: \">= 1\"'")
    expected = {refusal(names, name)[0]: expected_count(name, value) for name, value in written.items()}
    return lambda model, at, counts: next(
        (wrong for name, count in expected.items() if (wrong := count_failure(name, count, counts.refusals[name]))),
        None,
    )


def _nonzero_failure(label: str, amount_wad: int) -> str | None:
    return f"expected no {label}, got {quantity.plain(amount_wad, 18)}" if amount_wad else None


def conserved(model: Model) -> str | None:
    """The first broken conservation law (sizes sum to zero; tokens held equal claims), as a message, or None."""
    return next((f"expected conserved, got {number}: {what}" for number, what in unconserved(read_books(model))), None)
