"""The rows of auctions: how each begins, what is bought, and how it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.history.step_history import Row, event_values
from crossvault.mirror import liquidation
from crossvault.mirror.account import AccountId

_WHAT = {
    "LiquidationStarted": "start",
    "LiquidationRestarted": "restart",
    "InsolvencyDeclared": "insolvent",
    "Bid": "bid",
    "LiquidationEnded": "end",
}


class AuctionHistory:
    """The auctions of a model that plays a record, numbered by account."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._numbers: Counter[AccountId] = Counter()
        self._begun: dict[AccountId, bool] = {}  # whether it is insolvent

    def rows(self, number: int, step: Step, outcome: Outcome) -> Iterator[Row]:
        """The rows of an accepted step."""
        for event in outcome.events:
            if event.name in _WHAT:
                values = event_values(event)
                yield number, step.at, str(values["account"]), *self._row(_WHAT[event.name], values, step.at)

    def _row(self, what: str, values: dict[str, Any], at: int) -> Row:
        account = values["account"]
        insurance_wad = self._model.vault.ledger.cash.insurance_wad
        if what in ("start", "restart"):
            self._numbers[account] += account not in self._begun
            self._begun[account] = values["equity_wad"] <= 0
        if what == "insolvent":
            self._begun[account] = True
        is_insolvent, bought = self._begun[account], (None,) * 6
        if what == "bid":
            bought = self._bought(values, at)
        if what == "end" or (what == "bid" and values["deal"].ended):
            del self._begun[account]
        margins = (values.get("equity_wad"), values.get("margin_wad"))
        deficit_wad = values["deal"].deficit_wad if what == "bid" else values.get("deficit_wad", 0)
        return (self._numbers[account], what, is_insolvent, *margins, *bought, deficit_wad, insurance_wad)

    def _bought(self, values: dict[str, Any], at: int) -> tuple[Any, ...]:
        is_insolvent, deal, ledger = self._begun[values["account"]], values["deal"], self._model.vault.ledger
        elapsed_secs = at - ledger.sales[values["account"]].clock_at
        discount = None if is_insolvent else liquidation.discount(ledger.terms, elapsed_secs)
        sold = str(values["bidder"]), values["fraction_wad"], deal.taken_wad, discount
        return (*sold, deal.cost_wad, deal.ended)
