"""What is left at the end of a run: accounts at their equity, positions at mark, interest and funding that are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from crossvault.differential.model import Model
from crossvault.differential.story import mark
from crossvault.history.gain_flows import (
    COLLATERAL,
    DEBT,
    FUNDING,
    INTEREST,
    PRICES,
    ROUNDED,
    TRADES,
    UNPAID,
    FlowSums,
    person,
)
from crossvault.history.money_book import INSURANCE, LENDING, ROUNDING, MoneyBook
from crossvault.history.opposing_sides import SideChange
from crossvault.mirror import cash, fixed, funding, ledger, margin, valuation
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.funding import WADS_PER_RAY


class GainEnding:
    """A model after its last step. flows: those of its steps, to which is added what is not paid yet."""

    def __init__(self, model: Model, money: MoneyBook, flows: FlowSums) -> None:
        self._state, self._at, self._money, self.flows = model.vault.ledger, model.at, money, flows
        self._model = model
        self._marks: dict[int, int] = {}
        due_wad = cash.indexes(self._state.cash, now=self._at).reserve_wad
        self.flows.add(INTEREST, INSURANCE, LENDING, due_wad * fixed.RAY)
        self.fund_wad = self._state.cash.insurance_wad + due_wad

    def worths(self) -> Counter[str]:
        """The equity of the accounts of each owner, as far as it is above zero [wad]."""
        found: Counter[str] = Counter()
        for account in list(self._state.holders):
            image = valuation.image(self._state, account)
            if not (image.principal or image.entries or any(image.balances)):
                continue
            book = valuation.valued_image(self._state, image, now=self._at)
            owner, equity_wad = person(account.owner), margin.equity(book)
            found[account.owner] += max(0, equity_wad)
            self.flows.add(DEBT, owner, UNPAID, max(0, -equity_wad) * fixed.RAY)
            held_wad = sum(each.value_wad for each in book.holdings)
            self.flows.add(PRICES, owner, COLLATERAL, held_wad * fixed.RAY)
            self._accrue(account, image)
        for account, floored_wadray in self._money.floored.items():
            self.flows.add(ROUNDED, person(account.owner), ROUNDING, floored_wadray)
        return found

    def close(self, instrument: int, held: Iterable[SideChange]) -> None:
        """Values all positions in an instrument, each side against its other."""
        mark_wad, index_ray = self._mark(instrument), self._funding_index(instrument)
        for each in held:
            parties = person(each.owner), person(each.other)
            self.flows.add(TRADES, *parties, each.size * mark_wad * WADS_PER_RAY)
            self.flows.add(FUNDING, *parties, -each.size * index_ray)

    def _accrue(self, account: AccountId, image: Image) -> None:
        """Adds the interest that is due to an account, and the roundings of its positions."""
        owner, known_wad = person(account.owner), self._money.account(account).cash_wad
        due_wad = cash.present(self._state.cash, image.principal, now=self._at) - known_wad
        self.flows.add(INTEREST, owner, LENDING, due_wad * fixed.RAY)
        for entry in image.entries:
            mark_wad = self._mark(entry.instrument)
            grown_ray = self._funding_index(entry.instrument) - entry.funding_index
            value_wad = fixed.mul_div_floor(entry.size, mark_wad, fixed.WAD)
            floored_wadray = WADS_PER_RAY * (value_wad * fixed.WAD - entry.size * mark_wad)
            floored_wadray += funding.payment(entry.size, grown_ray) * fixed.RAY + entry.size * grown_ray
            self.flows.add(ROUNDED, owner, ROUNDING, floored_wadray)

    def _mark(self, instrument: int) -> int:
        if instrument not in self._marks:
            self._marks[instrument] = mark(self._model, instrument, self._at)
        return self._marks[instrument]

    def _funding_index(self, instrument: int) -> int:
        return ledger.funding_index(self._state, instrument, now=self._at)
