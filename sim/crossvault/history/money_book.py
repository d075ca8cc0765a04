"""The money of accounts as their events leave it, kept apart from the model: cash, positions at cost, collateral.

A balance of an account has three parts: cash; what positions have realised and not yet released to cash (their quote
less the cost of what is still open); collateral. Each change of a balance is a payment from one party to another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from crossvault.mirror import fixed, funding, market
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.funding import WADS_PER_RAY


class Party(NamedTuple):
    """A payer or a payee: its kind, and its name."""

    kind: str
    name: str


INSURANCE = Party("insurance", "insurance fund")
LENDING = Party("interest", "interest")
ROUNDING = Party("rounding", "rounding")
VAULT_ITSELF = Party("vault", "vault")


class MoneyMove(NamedTuple):
    """A movement of a token between two parties [wad]; below zero, it goes the other way.

    instrument, collateral: their numbers, -1 where none.
    """

    what_for: str
    payer: Party
    payee: Party
    token: str
    amount_wad: int
    instrument: int = -1
    collateral: int = -1


class PositionMove(NamedTuple):
    """A position that one account takes over from another: a signed size with its quote [wad].

    is_trade: whether it is traded, and its quote the price with the sign turned; else it is sold in an auction.
    """

    seller: AccountId
    buyer: AccountId
    instrument: int
    size: int
    quote_wad: int
    is_trade: bool


@dataclass(slots=True)
class PositionMoney:
    """A position: size, quote, funding index as the vault has them; cost: the part of the quote of what is open."""

    size: int = 0
    quote: int = 0
    funding_index: int = 0
    cost: int = 0


@dataclass(slots=True)
class AccountMoney:
    """The money of an account. cash_wad: cash as last recognised, that is with all interest up to its last movement."""

    principal: int = 0
    cash_wad: int = 0
    positions: dict[int, PositionMoney] = field(default_factory=dict)  # in the order of the vault
    balances: Counter[int] = field(default_factory=Counter)  # of collateral, raw
    reserved_wad: int = 0

    def remove(self, instrument: int) -> None:
        """Removes a position as the vault does: the last takes its place."""
        *others, last = self.positions
        kept = [last if each == instrument else each for each in others]
        self.positions = {each: self.positions[each] for each in kept}


class MoneyBook:
    """The money of all accounts of a vault.

    supply_index, borrow_index: [ray], of the last accrual. floored: what the roundings of funding and settlements have
    given to an account so far, below zero where they took [wad ray: 1e45 is one]. funding_index: present funding index
    of an instrument [ray]. pay: receives every payment. exchange: receives what auctions move of positions.
    """

    def __init__(
        self, quote: str, funding_index: Callable[[int], int], pay: Callable[[MoneyMove], None],
        exchange: Callable[[PositionMove], None] = lambda move: None,
    ) -> None:  # fmt: skip
        self.supply_index = self.borrow_index = fixed.RAY
        self.accounts: dict[AccountId, AccountMoney] = {}
        self.floored: Counter[AccountId] = Counter()
        self._quote, self._funding_index, self._pay, self._exchange = quote, funding_index, pay, exchange

    def account(self, account: AccountId) -> AccountMoney:
        """The money of an account."""
        return self.accounts.setdefault(account, AccountMoney())

    def add_cash(self, account: AccountId, delta_wad: int, what_for: str, other: Party, instrument: int = -1) -> None:
        """Moves cash into or out of an account, from or to another party."""
        self.pay(what_for, other, account, delta_wad, instrument)
        self.credit(account, delta_wad)

    def credit(self, account: AccountId, delta_wad: int) -> None:
        """Changes the cash of an account as the vault does, and pays what interest and rounding make of it."""
        held = self.account(account)
        if delta_wad == 0:
            return
        before_wad = self._present(held.principal)
        self.pay("interest", LENDING, account, before_wad - held.cash_wad)
        after_wad = before_wad + delta_wad
        index = self.borrow_index if after_wad < 0 else self.supply_index
        held.principal = fixed.mul_div_floor(after_wad, fixed.RAY, index) if after_wad else 0
        held.cash_wad = self._present(held.principal)
        self.pay("rounding", ROUNDING, account, held.cash_wad - after_wad)

    def fill(self, account: AccountId, instrument: int, size_delta: int, quote_delta: int, *, unrealised: int) -> None:
        """Changes a perp or future of an account; what closing realises is paid by its market.

        unrealised: the part of `quote_delta` that is the cost of what is opened, or the price of what is closed [wad];
        the rest is realised already, and paid by another.
        """
        held = self.account(account)
        position = held.positions.get(instrument) or PositionMoney()
        self._settle_funding(account, instrument, position)
        size, cost = position.size + size_delta, self._cost(position, size_delta, unrealised)
        realised_wad = position.cost + unrealised - cost
        self.pay("realised pnl", market_party(instrument), account, realised_wad, instrument)
        quote = position.quote + quote_delta
        if size == 0:
            if position.size:
                held.remove(instrument)
            self.credit(account, quote)
            return
        held.positions[instrument] = PositionMoney(size, quote, self._funding_index(instrument), cost)

    def hold_option(self, account: AccountId, instrument: int, size_delta: int) -> None:
        """Changes the size of an option of an account; its price is cash."""
        held = self.account(account)
        size = size_delta + (held.positions[instrument].size if instrument in held.positions else 0)
        if size:
            held.positions[instrument] = PositionMoney(size)
        elif instrument in held.positions:
            held.remove(instrument)

    def sold_cash(self, account: AccountId, fraction_wad: int) -> int:
        """Part of the cash of an account that is sold with a part of the account: of all but what is reserved [wad]."""
        held = self.account(account)
        return fixed.part(self._present(held.principal) - held.reserved_wad, fraction_wad)

    def move_collateral(self, source: AccountId, target: AccountId, number: int, fraction_wad: int) -> int:
        """Moves a part of a collateral to another account; returns it [raw]."""
        part_raw = fixed.mul_div_down(self.account(source).balances[number], fraction_wad, fixed.WAD)
        self.account(source).balances[number] -= part_raw
        self.account(target).balances[number] += part_raw
        return part_raw

    def move_position(self, source: AccountId, target: AccountId, instrument: int, fraction_wad: int) -> None:
        """Moves a part of a position at its cost to another account, which is paid what was realised in it."""
        if is_option(instrument):
            part = fixed.part(self.account(source).positions[instrument].size, fraction_wad)
            self.hold_option(source, instrument, -part)
            self.hold_option(target, instrument, part)
            self._exchange(PositionMove(source, target, instrument, part, 0, False))
            return
        self.fill(source, instrument, 0, 0, unrealised=0)  # settles its funding
        position = self.account(source).positions[instrument]
        size, quote = fixed.part(position.size, fraction_wad), fixed.part(position.quote, fraction_wad)
        cost = position.cost - self._cost(position, -size, 0)
        self._exchange(PositionMove(source, target, instrument, size, quote, False))
        self.pay("sold position", account_party(source), target, quote - cost, instrument)
        self.fill(source, instrument, -size, -quote, unrealised=-cost)
        self.fill(target, instrument, size, quote, unrealised=cost)

    def pay(self, what_for: str, other: Party, account: AccountId, amount_wad: int, instrument: int = -1) -> None:
        """Notes a payment of quote to an account."""
        if amount_wad:
            self._pay(MoneyMove(what_for, other, account_party(account), self._quote, amount_wad, instrument))

    def is_like(self, account: AccountId, image: Image) -> bool:
        """Whether the money of an account is what the vault has."""
        held = self.account(account)
        ours = [(each, *(p.size, p.quote, p.funding_index)) for each, p in held.positions.items()]
        theirs = image.principal, [tuple(entry) for entry in image.entries], image.balances
        return theirs == (held.principal, ours, tuple(held.balances[place] for place in range(len(image.balances))))

    def _settle_funding(self, account: AccountId, instrument: int, position: PositionMoney) -> None:
        grown_ray = self._funding_index(instrument) - position.funding_index
        received = funding.payment(position.size, grown_ray)
        self.floored[account] += received * fixed.RAY + position.size * grown_ray
        position.quote += received
        self.pay("funding", market_party(instrument), account, received, instrument)

    def settle(self, account: AccountId, instrument: int, worth_wad: int) -> None:
        """Settles a position at the worth of one unit [wad]; its market pays what it is worth beyond its cost."""
        held = self.account(account)
        position = held.positions[instrument]
        value_wad = fixed.mul_div_floor(position.size, worth_wad, fixed.WAD)
        self.floored[account] += WADS_PER_RAY * (value_wad * fixed.WAD - position.size * worth_wad)
        self.pay("settlement", market_party(instrument), account, value_wad + position.cost, instrument)
        held.remove(instrument)
        self.credit(account, value_wad + position.quote)

    def _cost(self, position: PositionMoney, size_delta: int, unrealised: int) -> int:
        """Cost of what is open after a change: the rest of the old cost, or the price of what was opened."""
        size = position.size + size_delta
        if position.size == 0 or (size_delta < 0) == (position.size < 0):
            return position.cost + unrealised if size else 0
        if size == 0:
            return 0
        if (size < 0) == (position.size < 0):
            return fixed.mul_div_floor(position.cost, abs(size), abs(position.size))
        return fixed.mul_div_floor(unrealised, abs(size), abs(size_delta))

    def _present(self, principal: int) -> int:
        index = self.borrow_index if principal < 0 else self.supply_index
        return fixed.mul_div_floor(principal, index, fixed.RAY) if principal else 0


def account_party(account: AccountId) -> Party:
    """An account as a party."""
    return Party("account", str(account))


def wallet(name: str) -> Party:
    """The tokens that a person or a contract holds outside the vault."""
    return Party("wallet", name)


def market_party(instrument: int) -> Party:
    """The market of an instrument: all positions in it, which pay each other through the vault."""
    return Party("market", str(instrument))


def is_option(instrument: int) -> bool:
    """Whether an instrument is an option."""
    return market.is_option(market.kind_of(instrument))
