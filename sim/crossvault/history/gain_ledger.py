"""Gains of owners from each other, step by step: payments, and the gains of positions from the other side."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, account_id
from crossvault.differential.story import mark
from crossvault.history.gain_ending import GainEnding
from crossvault.history.gain_flows import (
    AUCTIONS,
    COLLATERAL,
    FUND,
    FUNDING,
    GIFTS,
    INTEREST,
    PERSON,
    PRICES,
    ROUNDED,
    TRADES,
    FlowSums,
    PersonGain,
    RunGains,
    person,
)
from crossvault.history.money_book import MoneyMove, Party, PositionMove
from crossvault.history.opposing_sides import OpposingSides, SideChange
from crossvault.history.payment_history import PaymentHistory
from crossvault.mirror import fixed, ledger
from crossvault.mirror.funding import WADS_PER_RAY

SOURCE_OF = {
    "interest": INTEREST, "rounding": ROUNDED, "bid": AUCTIONS, "sold cash": AUCTIONS, "sold collateral": AUCTIONS,
    "payout": FUND, "insurance": FUND, "deposit": GIFTS, "withdrawal": GIFTS, "donation": GIFTS,
}  # fmt: skip


class GainLedger:
    """An observer of a model from its first step: what owners pay in, take out, and gain from each other.

    A trade counts at the mark price of its moment, and from then on its position gains from who holds the other side.
    An auction counts at mark and index prices of its moment; so do deposits and withdrawals of collateral.
    """

    def __init__(self) -> None:
        self._paid_in: Counter[str] = Counter()
        self._taken_out: Counter[str] = Counter()
        self._flows = FlowSums()
        self._sides: defaultdict[int, OpposingSides] = defaultdict(OpposingSides)
        self._payments: PaymentHistory | None = None
        self._model: Model | None = None

    def applied(self, number: int, step: Step, outcome: Outcome, model: Model) -> None:
        """Takes what an accepted step moves."""
        if self._payments is None:
            self._payments, self._model = PaymentHistory(model), model
        if outcome.refusal:
            return
        for move in self._payments.moves(step, outcome):
            self._pay(move)
        for each in self._payments.exchanged:
            self._exchange(each)

    def compared(self, number: int, step: Step, model: Outcome, chain: Outcome) -> None:
        """Takes nothing: until the sides differ, the figures of the model are those of the chain."""

    def gains(self, persons: Mapping[str, str]) -> RunGains:
        """Who has gained and who has lost up to now. persons: by owner, the person behind it, where it is another."""
        if self._model is None or self._payments is None:
            return RunGains()
        end = GainEnding(self._model, self._payments.book, self._flows.copied())
        worths = end.worths()
        for instrument, sides in self._sides.items():
            end.close(instrument, sides.all())
        flows = end.flows.named(lambda party: _behind(party, persons))
        sums = [_by_person(each, persons) for each in (self._paid_in, self._taken_out, worths)]
        names = {party.name for party in flows.parties() if party.kind == PERSON}.union(*sums)
        rows = (PersonGain(name, *(each[name] for each in sums)) for name in names)
        made = RunGains(
            tuple(sorted(rows, key=lambda each: (-each.gain_wad, each.name))),
            tuple(sorted(flows.rounded(), key=lambda each: (-each.amount_wad, each))),
            end.fund_wad,
        )
        assert not made.imbalances(), made.imbalances()
        return made

    def _pay(self, move: MoneyMove) -> None:
        """Notes a payment; what positions are paid follows from who holds the other side."""
        if move.what_for not in SOURCE_OF or move.payer.kind == "issuer":
            return
        value_wad, sides = self._value(move), (move.payer, move.payee)
        payer, payee = sides if move.amount_wad > 0 else sides[::-1]
        if payer.kind == "wallet":
            self._paid_in[payer.name] += value_wad
        if payee.kind == "wallet":
            self._taken_out[payee.name] += value_wad
        value_wadray, (loser, winner) = value_wad * fixed.RAY, (_owner(payer), _owner(payee))
        self._flows.add(SOURCE_OF[move.what_for], winner, loser, value_wadray)
        if move.collateral >= 0:  # its price counts for who holds it
            if payee.kind == "account":
                self._flows.add(PRICES, winner, COLLATERAL, -value_wadray)
            if payer.kind == "account":
                self._flows.add(PRICES, loser, COLLATERAL, value_wadray)

    def _value(self, move: MoneyMove) -> int:
        """The value of what is paid, at the index price of a collateral [wad]; of what is none of the vault's, 0."""
        assert self._model is not None
        state, amount_wad = self._model.vault.ledger, abs(move.amount_wad)
        if move.collateral < 0 and move.token == state.cash.token:
            return amount_wad
        listed = [each for each in state.assets if each.token == move.token]
        asset = state.assets[move.collateral] if move.collateral >= 0 else next(iter(listed), None)
        return fixed.mul_div_down(amount_wad, state.prices[asset.underlying].index, fixed.WAD) if asset else 0

    def _exchange(self, move: PositionMove) -> None:
        buyer, seller = move.buyer.owner, move.seller.owner
        if buyer == seller:
            return
        parties, quote_wadray = (person(buyer), person(seller)), move.quote_wad * fixed.RAY
        if move.is_trade:
            self._flows.add(TRADES, *parties, quote_wadray)
        else:
            value_wadray = move.size * self._mark(move.instrument) * WADS_PER_RAY
            self._flows.add(AUCTIONS, *parties, value_wadray + quote_wadray)
            self._flows.add(TRADES, *parties, -value_wadray)
        self._flows.add(FUNDING, *parties, move.size * self._funding_index(move.instrument))
        for change in self._sides[move.instrument].exchange(buyer, seller, move.size):
            self._join(move.instrument, change)

    def _join(self, instrument: int, change: SideChange) -> None:
        """Moves a side from one to another at the mark price and the funding index of the moment."""
        parties = person(change.owner), person(change.other)
        self._flows.add(TRADES, *parties, -change.size * self._mark(instrument) * WADS_PER_RAY)
        self._flows.add(FUNDING, *parties, change.size * self._funding_index(instrument))

    def _mark(self, instrument: int) -> int:
        assert self._model is not None
        return mark(self._model, instrument, self._model.at)

    def _funding_index(self, instrument: int) -> int:
        assert self._model is not None
        return ledger.funding_index(self._model.vault.ledger, instrument, now=self._model.at)


def _owner(party: Party) -> Party:
    """The owner of an account or a wallet, or the party itself."""
    if party.kind == "account":
        return person(account_id(party.name).owner)
    return person(party.name) if party.kind == "wallet" else party


def _behind(party: Party, persons: Mapping[str, str]) -> Party:
    return person(persons.get(party.name, party.name)) if party.kind == PERSON else party


def _by_person(amounts: Mapping[str, int], persons: Mapping[str, str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for owner, amount_wad in amounts.items():
        found[persons.get(owner, owner)] += amount_wad
    return found
