"""The reach of a search: acceptance, doors, refusals, margin levels, auction phases; and the parts never reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from crossvault.differential.model import Model
from crossvault.differential.step import ACTIONS, Outcome, Step, traded
from crossvault.fuzz.market_states import STATES, touched_states
from crossvault.mirror import (
    account_errors,
    authority_errors,
    liquidation,
    liquidation_errors,
    market,
    market_errors,
    number_errors,
    order_errors,
    price_errors,
)
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.valuation import Metrics

LEVELS = ("healthy", "below initial", "below maintenance", "insolvent", "price stale")
MODES = ("standard", "portfolio")
PHASES = ("fast fall", "slow fall", "run out", "reward rises", "reward full")
DISTRESS = "any of these"
KINDS = {market.PERP: "perp", market.FUTURE: "future", market.CALL: "call", market.PUT: "put"}

# what no door can raise: numbers are bounded where they come in; the others are the exchange's or a token's own
UNREACHABLE = frozenset({"FullMulDivFailed", "ExpOverflow", "LnWadUndefined", "MagnitudeTooLarge"})

_REFUSALS = (
    account_errors,
    authority_errors,
    liquidation_errors,
    market_errors,
    number_errors,
    order_errors,
    price_errors,
)


def refusals() -> tuple[str, ...]:
    """The refusals that a door can raise."""
    found = [each for module in _REFUSALS for each in vars(module).values()]
    named = {each.__name__ for each in found if isinstance(each, type) and issubclass(each, Refusal)}
    return tuple(sorted(named - {"Refusal"} - UNREACHABLE))


@dataclass(slots=True)
class ReachCounts:
    """Counts over steps; two of them add up. Levels and phases are counted by how often an account was seen there."""

    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    varieties: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    _sales: dict[AccountId, tuple[int, ...]] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Steps that were seen."""
        return self.accepted.total() + self.refused.total()

    def applied(self, step: Step, outcome: Outcome, model: Model) -> None:
        """Takes in what a step came to."""
        for account in step.accounts():
            if sale := self._sales.get(account):
                self.phases[_phase(sale, model, step.at)] += 1
        sales = [sale for account in step.accounts() if (sale := self._sales.get(account))]
        for state in outcome.snapshot.accounts:
            if state.sale[0]:
                self._sales[state.account] = state.sale
            else:
                self._sales.pop(state.account, None)
        sales += [state.sale for state in outcome.snapshot.accounts]
        if states := touched_states(step, sales, model):
            self.states.update((*states, DISTRESS))
        if outcome.refusal:
            self.refused[step.action] += 1
            self.refusals[outcome.refusal.name] += 1
            return
        self.accepted[step.action] += 1
        self.kinds.update(KINDS[market.kind_of(each)] for each in traded(step.action, step.args))

    def margin(self, metrics: Metrics) -> None:
        """Counts the margin level of an account."""
        if metrics.initial_requirement_wad or metrics.equity_wad < 0:
            self.levels[f"{MODES[metrics.mode]}: {_level(metrics)}"] += 1

    def add(self, other: ReachCounts) -> None:
        """Takes in what another has seen."""
        for each in _COUNTERS:
            getattr(self, each).update(getattr(other, each))

    def document(self) -> dict[str, dict[str, int]]:
        """The counts as JSON."""
        return {each: dict(getattr(self, each).most_common()) for each in _COUNTERS}

    @staticmethod
    def of(document: Mapping[str, Mapping[str, int]]) -> ReachCounts:
        """The counts that a JSON object holds."""
        found = ReachCounts()
        for each in _COUNTERS:
            getattr(found, each).update(document.get(each, {}))  # that of an older version
        return found

    def missing(self) -> dict[str, Sequence[str]]:
        """The names never reached, by kind: only kinds of which some are missing."""
        wanted = {
            "doors never accepted": (ACTIONS, self.accepted),
            "refusals": (refusals(), self.refusals),
            "margin levels": (tuple(f"{mode}: {level}" for mode in MODES for level in LEVELS), self.levels),
            "auction phases": (PHASES, self.phases),
            "instruments traded": (tuple(KINDS.values()), self.kinds),
            "states of accounts worth more than 100": (STATES, self.states),
        }
        found = {kind: tuple(each for each in known if not seen[each]) for kind, (known, seen) in wanted.items()}
        return {kind: names for kind, names in found.items() if names}


_COUNTERS = tuple(each.name for each in fields(ReachCounts) if not each.name.startswith("_"))


def _level(metrics: Metrics) -> str:
    """The margin level of an account; stale prices come before anything else."""
    if metrics.stale_underlying or metrics.stale_expiry:
        return "price stale"
    if metrics.equity_wad < 0:
        return "insolvent"
    if metrics.maintenance_equity_wad < metrics.maintenance_requirement_wad:
        return "below maintenance"
    return "below initial" if metrics.initial_equity_wad < metrics.initial_requirement_wad else "healthy"


def _phase(sale: Sequence[int], model: Model, at: int) -> str:
    """The phase of an auction at a time: its price falls, or the reward for taking a worthless account rises."""
    terms: liquidation.AuctionTerms = model.vault.ledger.terms
    started_at, insolvent_at = sale[:2]
    if insolvent_at:
        return "reward rises" if at - insolvent_at < terms.insolvent_secs else "reward full"
    elapsed = at - started_at
    if elapsed < terms.fast_secs:
        return "fast fall"
    return "slow fall" if elapsed < terms.fast_secs + terms.slow_secs else "run out"
