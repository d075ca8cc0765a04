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
SIZE_BITS = 104


class AccountId(NamedTuple):
    """An account: the owner's name and the owner's own number for it."""

    owner: str
    number: int = 0

    def __str__(self) -> str:
        return f"{self.owner}/{self.number}" if self.number else self.owner


class PositionQuote(StorageStruct):
    """What a position in a perp or future has paid."""

    __slots__ = ("funding_index", "quote")
    zeros = {"quote": 0, "funding_index": 0}
    quote: int
    funding_index: int


class Holder(StorageStruct):
    """Stored state of one account."""

    __slots__ = ("accepted", "balances", "mode", "operators", "principal", "quotes", "words")
    zeros = {
        "principal": 0,
        "balances": lambda journal: StorageMap(journal, int),
        "quotes": lambda journal: StorageMap(journal, lambda: PositionQuote(journal)),
        "words": (),
        "operators": lambda journal: StorageMap(journal, int),
        "mode": STANDARD,
        "accepted": lambda journal: StorageMap(journal, bool),
    }
    principal: int
    balances: StorageMap[int, int]
    quotes: StorageMap[int, PositionQuote]
    words: tuple[int, ...]
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
        entries(self),
    )


def entries(self: Holder) -> tuple[Entry, ...]:
    """Positions of an account, in the order they are stored."""
    return tuple(quoted(self, instrument_in(word), size_in(word)) for word in self.words)


def instruments(self: Holder) -> tuple[int, ...]:
    """Instruments that an account holds, in the order they are stored."""
    return tuple(instrument_in(word) for word in self.words)


def entry(self: Holder, instrument: int) -> Entry:
    """Position in an instrument, with its number."""
    _, found = find(self, instrument)
    return found


def find(self: Holder, instrument: int) -> tuple[int, Entry]:
    """Place of the position in an instrument, and the position."""
    for place, word in enumerate(self.words):
        if instrument_in(word) == instrument:
            return place, quoted(self, instrument, size_in(word))
    return len(self.words), quoted(self, instrument, 0)


def quoted(self: Holder, instrument: int, size: int) -> Entry:
    """Position of a size, with the quote and the funding index that are stored for its instrument."""
    if market.is_option(market.kind_of(instrument)):
        return Entry(instrument, size, 0, 0)
    stored = self.quotes[instrument]
    return Entry(instrument, size, stored.quote, stored.funding_index)


def word_of(instrument: int, size: int) -> int:
    """Word of a position: its instrument in the upper 152 bits, its size in the lower 104."""
    return fixed.joined(instrument, size, SIZE_BITS)


def instrument_in(word: int) -> int:
    """Instrument in the word of a position."""
    return fixed.upper(word, SIZE_BITS)


def size_in(word: int) -> int:
    """Size in the word of a position."""
    return fixed.lower(word, SIZE_BITS)


def is_rising(size: int, size_delta: int) -> bool:
    """Whether a change of size raises risk."""
    left = size + size_delta
    if left == 0:
        return False
    return (left < 0) != (size < 0) or fixed.abs(left) > fixed.abs(size)


def fill(self: Holder, place: int, held: Entry, size_delta: int, quote_delta: int, funding_index: int) -> int:
    """Changes a position and returns the cash that this releases."""
    size = held.size + size_delta
    quote = held.quote + quote_delta
    if fixed.abs(size) > fixed.CAP:
        raise number_errors.SizeTooLarge(fixed.abs(size), fixed.CAP)
    if size == 0:
        if held.size != 0:
            remove(self, place, held.instrument)
        return quote
    if held.size == 0:
        add(self, held.instrument)
    self.words = (*self.words[:place], word_of(held.instrument, size), *self.words[place + 1 :])
    if market.is_option(market.kind_of(held.instrument)):
        return quote
    stored = self.quotes[held.instrument]
    stored.quote = quote
    stored.funding_index = funding_index
    return 0


def add(self: Holder, instrument: int) -> None:
    """Adds a place for an instrument after those that an account holds."""
    count = len(self.words) + 1
    if count > MAX_POSITIONS:
        raise account_errors.TooManyPositions(count, MAX_POSITIONS)
    if count > MAX_OPTIONS and self.mode == PORTFOLIO and market.is_option(market.kind_of(instrument)):
        require_options(self, 1)
    self.words = (*self.words, 0)


def require_options(self: Holder, more: int) -> None:
    """Requires room for more options in an account in portfolio mode."""
    count = more + sum(market.is_option(market.kind_of(instrument)) for instrument in instruments(self))
    if count > MAX_OPTIONS:
        raise account_errors.TooManyOptions(count, MAX_OPTIONS)


def remove(self: Holder, place: int, instrument: int) -> None:
    """Removes a position."""
    *others, last = self.words
    if place < len(others):
        others[place] = last
    self.words = tuple(others)
    if not market.is_option(market.kind_of(instrument)):
        self.quotes[instrument].clear()
