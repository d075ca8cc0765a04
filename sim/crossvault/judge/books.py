"""Books: all stored fields of a vault as plain values, read without calling any of the mirror's functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from crossvault.differential.model import Model
    from crossvault.mirror.account import AccountId
    from crossvault.mirror.cash import DepegTerms, Interest
    from crossvault.mirror.collateral import HaircutTerms
    from crossvault.mirror.liquidation import AuctionTerms
    from crossvault.mirror.market import MarketRisk, OptionRisk
    from crossvault.mirror.oracle import PriceGuard
    from crossvault.mirror.portfolio import PortfolioRisk
    from crossvault.mirror.ruleset import Rules
    from crossvault.mirror.surface import Svi

K = TypeVar("K")
T = TypeVar("T")

EXPIRY_BITS = 40  # an expiry of an underlying is numbered underlying * 2^40 + expiry


class PositionBook(NamedTuple):
    """A position: instrument number, signed size and quote [wad], funding index at its last touch [ray]."""

    instrument: int
    size: int
    quote: int
    funding_index: int


class SaleBook(NamedTuple):
    """An auction; all zero where there is none, but for the clock of the last one. Times [unix seconds].

    clock_at: time from which its clock counts, as of its last step.
    """

    started_at: int = 0
    insolvent_at: int = 0
    reserved_wad: int = 0
    deficit_wad: int = 0
    clock_at: int = 0


class AccountBook(NamedTuple):
    """An account: principal of cash, margin mode (0 standard, 1 portfolio), raw balances by collateral, positions.

    operators: with their scopes.
    """

    principal: int = 0
    mode: int = 0
    balances: tuple[int, ...] = ()
    positions: tuple[PositionBook, ...] = ()
    operators: frozenset[tuple[str, int]] = frozenset()
    sale: SaleBook = SaleBook()


class CashBook(NamedTuple):
    """The quote side: indexes [ray], sums of principals, insurance fund and open deficits [wad]."""

    token: str
    decimals: int
    depeg: DepegTerms
    interest: Interest
    accrued_at: int
    supply_index: int
    borrow_index: int
    total_supply: int
    total_borrow: int
    insurance_wad: int
    deficit_wad: int


class PriceBook(NamedTuple):
    """The last print of an underlying; prices [wad], `cumulative` is index times seconds.

    low, high: of the index under a guard since `since` [unix seconds]; former_low, former_high: of the window before.
    """

    index_wad: int
    premium: int
    confidence: int
    published_at: int
    stable: int
    pending: int
    pending_at: int
    cumulative: int
    low: int = 0
    high: int = 0
    since: int = 0
    former_low: int = 0
    former_high: int = 0


class TrackBook(NamedTuple):
    """Funding of a perp: index [ray] and the time that it has reached."""

    index_ray: int
    updated_at: int


class CurveBook(NamedTuple):
    """An expiry of an underlying; `settlement` is 0 until it has settled. base, watch: what a guard measures from."""

    forward: int
    rate: int
    confidence: int
    published_at: int
    surface_confidence: int
    surface_published_at: int
    listed_at: int
    svi: Svi
    settlement: int
    start_cumulative: int
    base: int = 0
    base_at: int = 0
    watch: tuple[Any, ...] = ((0,) * 7, 0, (0,) * 7, 0)


class UnderlyingBook(NamedTuple):
    """An underlying: parameters, last print, funding, and its open expiries [unix seconds]."""

    name: str
    risk: MarketRisk
    options: OptionRisk
    guard: PriceGuard
    portfolio: PortfolioRisk | None
    price: PriceBook
    track: TrackBook
    expiries: tuple[int, ...]

    @property
    def model(self) -> PortfolioRisk:
        """Its parameters of portfolio margin; it must have some."""
        assert self.portfolio is not None
        return self.portfolio


class CollateralBook(NamedTuple):
    """A collateral token, and the total of all balances [raw]."""

    token: str
    decimals: int
    underlying: int
    terms: HaircutTerms
    total_raw: int


class CapRecord(NamedTuple):
    """Caps of the whole vault, by what they limit and its number; open interest by instrument and underlying [wad]."""

    limits: Mapping[tuple[str, int], int] = MappingProxyType({})
    longs: Mapping[int, int] = MappingProxyType({})
    interests: Mapping[int, int] = MappingProxyType({})


class OrderBook(NamedTuple):
    """Signed orders: filled sizes by digest [wad], what is cancelled, the least salt and the epoch of an account."""

    filled: Mapping[Any, int]
    cancelled: Mapping[Any, bool]
    floors: Mapping[AccountId, int]
    wallets: Mapping[str, str]
    epochs: Mapping[AccountId, int] = MappingProxyType({})


class Books(NamedTuple):
    """All stored fields of a vault after a step.

    curves: by `underlying * 2^40 + expiry`. tokens: by token, the raw balance of each holder. announced: when a change
    may take effect, by what was announced. fresh_since, surface_since: ends of the last gaps in prices and surfaces, by
    the same numbers, the index of an underlying at expiry 0; biddable_since, open_since: end of the last pause, for
    auctions and for changes; cancelled_at: time of the last cancellation [unix seconds].
    """

    cash: CashBook
    auction: AuctionTerms
    underlyings: tuple[UnderlyingBook, ...]
    collaterals: tuple[CollateralBook, ...]
    rules: Rules
    curves: Mapping[int, CurveBook]
    accounts: Mapping[AccountId, AccountBook]
    owner: str
    pending_owner: str
    guardian: str
    feeders: frozenset[str]
    paused: bool
    delay_secs: int
    announced: Mapping[Any, int]
    tokens: Mapping[str, Mapping[str, int]]
    orders: OrderBook
    fresh_since: Mapping[int, int]
    surface_since: Mapping[int, int]
    biddable_since: int
    is_sealed: bool
    open_since: int
    cancelled_at: int
    caps: CapRecord = CapRecord()

    def account(self, account: AccountId) -> AccountBook:
        """An account; an unknown one is empty."""
        return self.accounts.get(account) or AccountBook(balances=(0,) * len(self.collaterals))

    def curve(self, underlying: int, expiry: int) -> CurveBook | None:
        """An expiry of an underlying; None if it was never opened."""
        return self.curves.get((underlying << EXPIRY_BITS) + expiry)

    def priced_at(self, index_wad: Mapping[int, int]) -> Books:
        """The same at other index prices, by underlying; the part of the print that is not the index stays."""
        if not index_wad:
            return self
        moved = [
            each._replace(price=each.price._replace(index_wad=index_wad[i], stable=index_wad[i]))
            if i in index_wad
            else each
            for i, each in enumerate(self.underlyings)
        ]
        return self._replace(underlyings=tuple(moved))


_UNNAMED: frozenset[tuple[str, int]] = frozenset()
_SIZES = 2**104  # of a position in its word
_UNSOLD = SaleBook()
_EMPTY: Any = dict.fromkeys(Books._fields)
_NOTHING = Books(**_EMPTY | {"underlyings": (), "collaterals": (), "curves": {}, "accounts": {}, "tokens": {}})


def read_books(model: Model, last: Books | None = None) -> Books:
    """The books of a vault now. last: of an earlier step; what is equal to it is the same object."""
    vault, state = model.vault, model.vault.ledger
    old = last or _NOTHING
    return Books(
        cash=_shared(_cash(state.cash), old.cash),
        auction=state.terms,
        underlyings=_each(map(partial(_underlying, state), range(len(state.risks))), old.underlyings),
        collaterals=_each(map(_collateral, state.assets), old.collaterals),
        rules=state.model.data.rules,
        curves=_all({term: _curve(curve) for term, curve in state.curves.items() if curve.listed_at}, old.curves),
        accounts=_all(_accounts(state), old.accounts),
        owner=vault.owner,
        pending_owner=vault.pending_owner,
        guardian=vault.guardian,
        feeders=frozenset(name for name, is_feeder in vault.is_feeder.items() if is_feeder),
        paused=vault.paused,
        delay_secs=vault.delay_secs,
        announced=_shared(_written(vault.effective_at), old.announced),
        tokens=_all({name: _written(token.balances) for name, token in model.tokens.items()}, old.tokens),
        orders=_shared(_orders(model.exchange), old.orders),
        fresh_since=_shared(_written(state.fresh_since), old.fresh_since),
        surface_since=_shared(_written(state.surface_since), old.surface_since),
        biddable_since=state.biddable_since,
        is_sealed=vault.is_sealed,
        open_since=vault.open_since,
        cancelled_at=vault.cancelled_at,
        caps=_shared(_caps(state.caps), old.caps),
    )


def _shared(now: T, old: Any) -> T:
    """The old object where the new one is equal to it."""
    return old if old == now else now


def _each(found: Iterable[T], old: Sequence[Any]) -> tuple[T, ...]:
    """Values in order; what is as it was is the same object, and so is the whole."""
    now = [old[i] if i < len(old) and old[i] == each else each for i, each in enumerate(found)]
    return _shared(tuple(now), old)


def _all(now: dict[K, T], old: Mapping[K, Any]) -> Mapping[K, T]:
    """Values by key; what is as it was is the same object, and so is the whole."""
    for key, each in now.items():
        if (known := old.get(key)) == each and known is not None:
            now[key] = known
    return _shared(now, old)


def _price(price: Any) -> PriceBook:
    return PriceBook(
        price.index, price.premium, price.confidence, price.published_at, price.stable, price.pending,
        price.pending_at, price.cumulative, price.low, price.high, price.since, price.former_low, price.former_high,
    )  # fmt: skip


def _curve(curve: Any) -> CurveBook:
    return CurveBook(
        curve.forward, curve.rate, curve.confidence, curve.published_at, curve.surface_confidence,
        curve.surface_published_at, curve.listed_at, curve.svi, curve.settlement, curve.start_cumulative,
        curve.base, curve.base_at, curve.watch,
    )  # fmt: skip


def _cash(pool: Any) -> CashBook:
    return CashBook(
        pool.token, pool.decimals, pool.terms, pool.interest, pool.accrued_at, pool.supply_index, pool.borrow_index,
        pool.total_supply, pool.total_borrow, pool.insurance_wad, pool.deficit_wad,
    )  # fmt: skip


def _caps(caps: Any) -> CapRecord:
    limits = {(what, number): amount for what, by in caps.limits.items() for number, amount in by.items() if amount}
    return CapRecord(limits, _written(caps.longs), _written(caps.interests))


def _underlying(state: Any, number: int) -> UnderlyingBook:
    return UnderlyingBook(
        state.names[number],
        state.risks[number],
        state.option_risks[number],
        state.guards[number],
        _portfolio(state.model.data.risks, number),
        _price(state.prices[number]),
        TrackBook(state.tracks[number].index, state.tracks[number].updated_at),
        state.expiries[number],
    )


def _portfolio(risks: Sequence[PortfolioRisk], number: int) -> PortfolioRisk | None:
    return risks[number] if number < len(risks) and risks[number].vol.floor_secs else None


def _collateral(asset: Any) -> CollateralBook:
    return CollateralBook(asset.token, asset.decimals, asset.underlying, asset.terms, asset.total_raw)


def _accounts(state: Any) -> dict[AccountId, AccountBook]:
    count, sales = len(state.assets), state.sales
    found = {account: _account(holder, count, dict.get(sales, account)) for account, holder in state.holders.items()}
    empty = AccountBook(balances=(0,) * count)  # reading an account in storage leaves an empty one
    return {account: book for account, book in found.items() if book != empty}


def _account(holder: Any, count: int, sale: Any) -> AccountBook:
    quotes, balances, operators = holder.quotes, holder.balances, holder.operators
    return AccountBook(
        holder.principal,
        holder.mode,
        tuple([balances.get(i, 0) for i in range(count)]) if balances else (0,) * count,
        tuple([_position(word, quotes) for word in holder.words]),
        frozenset([each for each in operators.items() if each[1]]) if operators else _UNNAMED,
        _sale(sale) if sale else _UNSOLD,
    )


def _sale(sale: Any) -> SaleBook:
    return SaleBook(sale.started_at, sale.insolvent_at, sale.reserved_wad, sale.deficit_wad, sale.clock_at)


def _position(word: int, quotes: Any) -> PositionBook:
    """A position by its word, instrument and then size, and by what is stored for a perp or future."""
    instrument, size = divmod(word, _SIZES)
    stored = quotes.get(instrument)
    paid = (stored.quote, stored.funding_index) if stored else (0, 0)
    return PositionBook(instrument, size if size < _SIZES // 2 else size - _SIZES, *paid)


def _orders(exchange: Any) -> OrderBook:
    filled = {digest: each.filled_wad for digest, each in exchange.progress.items() if each.filled_wad}
    cancelled = {digest: True for digest, each in exchange.progress.items() if each.is_cancelled}
    floors, epochs = _written(exchange.salt_floor), _written(exchange.epoch_of)
    return OrderBook(filled, cancelled, floors, exchange.wallets, epochs)


def _written(values: Mapping[K, T]) -> dict[K, T]:
    """The entries of a map in storage that are not zero."""
    return {key: value for key, value in values.items() if value}
