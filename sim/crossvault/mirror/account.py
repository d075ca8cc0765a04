"""Owner, operators, cash principal, collateral balances and positions of an account."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import account_errors, authority_errors, fixed, market, number_errors
from crossvault.mirror.evm import StorageMap, StorageStruct

MAX_POSITIONS = 32
MAX_OPTIONS = 24
STANDARD = 0
PORTFOLIO = 1
TRADE = 1
DEPOSIT = 2
WITHDRAW = 4
ALL_SCOPES = 7


class AccountId(NamedTuple):
    """An account: the owner's name and the owner's own number for it."""

    owner: str
    number: int = 0

    def __str__(self) -> str:
        return f"{self.owner}/{self.number}" if self.number else self.owner


class Position(StorageStruct):
    """Signed size in one instrument, with its quote."""

    __slots__ = ("funding_index", "quote", "size")
    zeros = {"size": 0, "quote": 0, "funding_index": 0}
    size: int
    quote: int
    funding_index: int


class Holder(StorageStruct):
    """Stored state of one account."""

    __slots__ = ("accepted", "balances", "instruments", "mode", "operators", "positions", "principal")
    zeros = {
        "principal": 0,
        "balances": lambda journal: StorageMap(journal, int),
        "positions": lambda journal: StorageMap(journal, lambda: Position(journal)),
        "instruments": (),
        "operators": lambda journal: StorageMap(journal, int),
        "mode": STANDARD,
        "accepted": lambda journal: StorageMap(journal, bool),
    }
    principal: int
    balances: StorageMap[int, int]
    positions: StorageMap[int, Position]
    instruments: tuple[int, ...]
    operators: StorageMap[str, int]
    mode: int
    accepted: StorageMap[str, bool]


class Entry(NamedTuple):
    """A position with the number of its instrument."""

    instrument: int
    size: int
    quote: int
    funding_index: int


class Image(NamedTuple):
    """State of one account as plain values."""

    principal: int
    mode: int
    balances: tuple[int, ...]
    entries: tuple[Entry, ...]


def owner_of(account: AccountId) -> str:
    """Owner of an account."""
    return account.owner


def scopes_of(self: Holder, account: AccountId, sender: str) -> int:
    """What a sender may do for an account: a sum of TRADE, DEPOSIT and WITHDRAW."""
    return ALL_SCOPES if sender == owner_of(account) else self.operators[sender]


def is_authorized(self: Holder, account: AccountId, sender: str) -> bool:
    """Whether a sender may act for an account, in one scope at least."""
    return scopes_of(self, account, sender) != 0


def require_authority(self: Holder, account: AccountId, sender: str, scope: int) -> None:
    """Requires a sender that may act for an account in a scope, and notes an operator that acts."""
    if scopes_of(self, account, sender) & scope == 0:
        raise authority_errors.NotAuthorized(account, sender)
    if sender != owner_of(account) and not self.accepted[sender]:
        self.accepted[sender] = True


def require_recipient(account: AccountId, sender: str, to: str) -> None:
    """Requires the recipient of a withdrawal: any for the owner, the owner alone for an operator."""
    holder = owner_of(account)
    if sender != holder and to != holder:
        raise authority_errors.NotAuthorized(account, sender)


def set_scopes(self: Holder, operator: str, scopes: int) -> None:
    """Sets the scopes of an operator of an account."""
    self.operators[operator] = scopes
    self.accepted[operator] = False


def is_own(self: Holder, account: AccountId, who: str) -> bool:
    """Whether an address is the owner of an account, or an operator that has acted for it."""
    return who == owner_of(account) or self.accepted[who]


def image(self: Holder, collaterals: int) -> Image:
    """State of an account as plain values."""
    return Image(
        self.principal,
        self.mode,
        tuple(self.balances[i] for i in range(collaterals)),
        tuple(entry(self, i) for i in self.instruments),
    )


def entry(self: Holder, instrument: int) -> Entry:
    """Position in an instrument, with its number."""
    position = self.positions[instrument]
    if market.is_option(market.kind_of(instrument)):
        return Entry(instrument, position.size, 0, 0)
    return Entry(instrument, position.size, position.quote, position.funding_index)


def is_rising(size: int, size_delta: int) -> bool:
    """Whether a change of size raises risk."""
    left = size + size_delta
    if left == 0:
        return False
    return (left < 0) != (size < 0) or fixed.abs(left) > fixed.abs(size)


def fill(self: Holder, instrument: int, size_delta: int, quote_delta: int, funding_index: int) -> int:
    """Changes a position and returns the cash that closing it releases."""
    position = self.positions[instrument]
    before = position.size
    size = before + size_delta
    quote = position.quote + quote_delta
    if fixed.abs(size) > fixed.CAP:
        raise number_errors.SizeTooLarge(fixed.abs(size), fixed.CAP)
    if size == 0:
        if before != 0:
            remove(self, instrument)
        return quote
    if before == 0:
        add(self, instrument)
    position.size = size
    position.quote = quote
    position.funding_index = funding_index
    return 0


def add(self: Holder, instrument: int) -> None:
    """Adds an instrument to those that an account holds."""
    count = len(self.instruments) + 1
    if count > MAX_POSITIONS:
        raise account_errors.TooManyPositions(count, MAX_POSITIONS)
    if count > MAX_OPTIONS and self.mode == PORTFOLIO and market.is_option(market.kind_of(instrument)):
        require_options(self, 1)
    self.instruments = (*self.instruments, instrument)


def require_options(self: Holder, more: int) -> None:
    """Requires room for more options in an account in portfolio mode."""
    count = more + sum(market.is_option(market.kind_of(instrument)) for instrument in self.instruments)
    if count > MAX_OPTIONS:
        raise account_errors.TooManyOptions(count, MAX_OPTIONS)


def remove(self: Holder, instrument: int) -> None:
    """Removes a position."""
    *others, last = self.instruments
    if instrument in others:
        others[others.index(instrument)] = last
    self.instruments = tuple(others)
    self.positions[instrument].clear()
