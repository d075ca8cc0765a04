"""What an account holds, valued at a time: cash, collateral, perps and futures by underlying, and options."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.bracket import Bracket
from crossvault.judge.interest import present_cash
from crossvault.judge.marks import (
    CALL,
    FUTURE,
    NO_FEED,
    PERP,
    decoded,
    forward_parts,
    funding_due,
    funding_index,
    payoff,
    perp_mark,
    waiting_price,
)  # fmt: skip
from crossvault.judge.option_value import option_mark
from crossvault.judge.rounding import WAD, ceiling

if TYPE_CHECKING:
    from crossvault.judge.books import AccountBook, Books, CollateralBook, PositionBook, UnderlyingBook


class UnderlyingExposure:
    """Perps and futures of an account on one underlying, and the collateral that it prices.

    size, gross_size: sum of sizes and of their magnitudes [wad]; net, gross: sum of size * mark and of its magnitude,
    floating: as net, of the part of each price that moves with the spot price [wad * wad, exact]; gain, loss:
    unrealised profits and losses [wad], safe_*: the same at the worst of index, stable and waiting price; base:
    collateral [wad of tokens]. lowest, highest: of those three prices [wad]; waiting: 0 where no price waits.
    """

    __slots__ = (
        "base", "book", "floating", "gain", "gross", "gross_size", "highest", "loss", "lowest", "net", "safe_gain",
        "safe_loss", "size", "waiting",
    )  # fmt: skip

    def __init__(self, book: UnderlyingBook, at: int) -> None:
        self.book, self.waiting = book, waiting_price(book, at)
        known = {book.price.index_wad, book.price.stable, self.waiting or book.price.index_wad}
        self.lowest, self.highest = min(known), max(known)
        self.size = self.gross_size = self.net = self.gross = self.base = self.floating = 0
        self.gain = self.loss = self.safe_gain = self.safe_loss = 0

    def add(self, size: int, quote: int, mark_wad: int, fixed_wad: int = 0) -> None:
        """Adds a position, whose profit is size * mark + quote, rounded down. fixed: the part that moves no more."""
        notional = size * mark_wad
        self.floating += notional - size * fixed_wad
        self.size += size
        self.gross_size += abs(size)
        self.net += notional
        self.gross += abs(notional)
        profit = notional // WAD + quote
        if profit > 0:
            self.gain += profit
        else:
            self.loss += profit
        if self.lowest != self.highest:
            profit = size * self._safe_mark(size, mark_wad) // WAD + quote
        if profit > 0:
            self.safe_gain += profit
        else:
            self.safe_loss += profit

    def _safe_mark(self, size: int, mark_wad: int) -> int:
        """The mark at the worst of the prices: lower for a long, and not below 0; higher for a short."""
        index_wad = self.book.price.index_wad
        return max(0, mark_wad - index_wad + self.lowest) if size > 0 else mark_wad + self.highest - index_wad

    def rise(self, is_call: bool) -> int:
        """The most by which a call or a put is worth more at the price that waits [wad]."""
        move = self.waiting - self.book.price.index_wad if self.waiting else 0
        return max(0, move if is_call else -move)


class ValuedCollateral(NamedTuple):
    """A balance: its value at the index, and at the lowest of index, stable and waiting price [wad]."""

    book: CollateralBook
    value_wad: int
    safe_wad: int


class StaleCollateral(NamedTuple):
    """A balance whose price is stale: its value at the last index, and what of it counts at maintenance [wad].

    number: of the collateral. At initial margin it counts nothing, and no scenario and no surcharge has it.
    """

    book: CollateralBook
    number: int
    value_wad: int
    credit_wad: int


class ValuedOption(NamedTuple):
    """An option: signed size, mark [wad per unit], forward, and the lowest confidence of the prices it has [wad].

    fixed: the part of the forward that moves no more [wad]; secs: to the expiry.
    """

    underlying: int
    expiry: int
    strike: int
    is_call: bool
    size: int
    mark: Bracket
    forward: int
    confidence: int
    fixed: int
    secs: int

    @property
    def value(self) -> Bracket:
        """size * mark, rounded down [wad]."""
        return self._at(self.mark)

    def worse(self, exposure: UnderlyingExposure) -> Bracket:
        """The same at the worse of index and waiting price, where it moves by no more than the price does [wad]."""
        if self.size < 0:
            rise = exposure.rise(self.is_call)
            return self._at(Bracket(self.mark.low + rise, self.mark.high + rise))
        fall = exposure.rise(not self.is_call)
        return self._at(Bracket(max(0, self.mark.low - fall), max(0, self.mark.high - fall)))

    def _at(self, mark: Bracket) -> Bracket:
        low, high = self.size * mark.low // WAD, self.size * mark.high // WAD
        return Bracket(low, high) if self.size >= 0 else Bracket(high, low)


class ValuedFuture(NamedTuple):
    """A future: signed size, forward, and the part of it that moves no more [wad]; secs: to the expiry."""

    underlying: int
    expiry: int
    size: int
    forward: int
    fixed: int
    secs: int


class ValuedAccount(NamedTuple):
    """An account valued at a time. cash: with settled positions [wad]; exposures: by underlying.

    depeg_rate: requirement per notional for a quote token below its peg [wad]. futures: in `exposures` too. stale:
    collateral at stale prices.
    """

    mode: int
    cash: Bracket
    collateral: list[ValuedCollateral]
    exposures: dict[int, UnderlyingExposure]
    options: list[ValuedOption]
    depeg_rate: int
    futures: list[ValuedFuture]
    stale: tuple[StaleCollateral, ...] = ()


def valued(books: Books, account: AccountBook, at: int) -> ValuedAccount:
    """An account valued at a time [unix seconds]."""
    found = ValuedAccount(
        account.mode, present_cash(books.cash, account.principal, at), [], {}, [], depeg_rate(books), []
    )  # fmt: skip
    stale = []
    for number, raw in enumerate(account.balances):
        if raw and (late_secs := secs_late(books.underlyings[books.collaterals[number].underlying], at)) > 0:
            stale.append(_stale_balance(books, number, raw, late_secs))
        elif raw:
            _add_balance(found, books, number, raw, at)
    if stale:
        found = found._replace(stale=tuple(stale))
    settled = 0
    for position in account.positions:
        settled += _add_position(found, books, position, at)
    return found if settled == 0 else found._replace(cash=found.cash.plus(Bracket.of(settled)))


def depeg_rate(books: Books) -> int:
    """(threshold - price) * factor of a quote token below its peg, rounded up [wad]."""
    depeg = books.cash.depeg
    if depeg.feed == NO_FEED:
        return 0
    missing = max(0, depeg.depeg_threshold - books.underlyings[depeg.feed].price.index_wad)
    return -(-missing * depeg.depeg_factor // WAD)


def _exposure(found: ValuedAccount, books: Books, underlying: int, at: int) -> UnderlyingExposure:
    if underlying not in found.exposures:
        found.exposures[underlying] = UnderlyingExposure(books.underlyings[underlying], at)
    return found.exposures[underlying]


def _add_balance(found: ValuedAccount, books: Books, number: int, raw: int, at: int) -> None:
    token = books.collaterals[number]
    exposure, unit = _exposure(found, books, token.underlying, at), 10**token.decimals
    value, safe = raw * exposure.book.price.index_wad // unit, raw * exposure.lowest // unit
    found.collateral.append(ValuedCollateral(token, value, safe))
    exposure.base += raw * 10 ** (18 - token.decimals)


def secs_late(book: UnderlyingBook, at: int) -> int:
    """The time for which an index has been stale; 0 or less while it is fresh [seconds]."""
    return at - book.price.published_at - book.risk.heartbeat_secs


def _stale_balance(books: Books, number: int, raw: int, late_secs: int) -> StaleCollateral:
    """What a collateral counts that has been stale for a time: its credit fades to nothing over stale_secs."""
    token = books.collaterals[number]
    value_wad = raw * books.underlyings[token.underlying].price.index_wad // 10**token.decimals
    terms = token.terms
    whole_wad = min(value_wad, terms.cap_wad) * (WAD - terms.haircut_maintenance) // WAD
    lost_wad = WAD if late_secs >= terms.stale_secs else ceiling(WAD * late_secs, terms.stale_secs)
    return StaleCollateral(token, number, value_wad, whole_wad * (WAD - lost_wad) // WAD)


def _add_position(found: ValuedAccount, books: Books, position: PositionBook, at: int) -> int:
    """Adds a position; returns its value where its expiry has settled, which counts as cash [wad]."""
    number, kind, expiry, strike = decoded(position.instrument)
    underlying = books.underlyings[number]
    if kind == PERP:
        grown = funding_index(underlying, at) - position.funding_index
        quote = position.quote + funding_due(position.size, grown)
        _exposure(found, books, number, at).add(position.size, quote, perp_mark(underlying))
        return 0
    curve = books.curve(number, expiry)
    assert curve is not None
    if curve.settlement:
        worth = curve.settlement if kind == FUTURE else payoff(curve.settlement, strike, kind == CALL)
        return position.size * worth // WAD + position.quote
    fixed_wad, floating_wad = forward_parts(curve, underlying.price, expiry, at)
    forward = fixed_wad + floating_wad
    exposure = _exposure(found, books, number, at)
    secs = max(0, expiry - at)
    if kind == FUTURE:
        exposure.add(position.size, position.quote, forward, fixed_wad)
        found.futures.append(ValuedFuture(number, expiry, position.size, forward, fixed_wad, secs))
        return 0
    confidence = min(underlying.price.confidence, curve.confidence, curve.surface_confidence)
    mark = option_mark(curve.svi, forward, strike, curve.rate, secs, kind == CALL)
    found.options.append(
        ValuedOption(number, expiry, strike, kind == CALL, position.size, mark, forward, confidence, fixed_wad, secs)
    )  # fmt: skip
    return 0
