"""Books as events report them: each event of a step, applied to the books before it.

An auction's times, and what a print fixes of an expiry's window, are no values of an event: they follow from its time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from crossvault.differential.step import CHAIN_ID, EXCHANGE, Event
from crossvault.judge.auction_clocks import bid_clock_from, settled_clock_from
from crossvault.judge.books import (
    EXPIRY_BITS,
    AccountBook,
    Books,
    CapRecord,
    CollateralBook,
    CurveBook,
    PositionBook,
    PriceBook,
    SaleBook,
    TrackBook,
    UnderlyingBook,
)
from crossvault.judge.marks import WINDOW, decoded, summed
from crossvault.judge.rulebook import ALL_SCOPES, with_scopes

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


class EventReplay:
    """The books before a step, changed as its events report. fields: those of the books that have changed."""

    def __init__(self, before: Books, events: tuple[Event, ...], blank: Mapping[str, Any], at: int) -> None:
        """blank: parameters that an underlying has none of yet, and an expiry no surface."""
        self.before, self.at, self._blank = before, at, blank
        self.accounts: dict[AccountId, AccountBook] = {}
        self.cash = before.cash
        self.underlyings, self.collaterals = list(before.underlyings), list(before.collaterals)
        self.curves, self.announced = dict(before.curves), dict(before.announced)
        self.filled, self.cancelled = dict(before.orders.filled), dict(before.orders.cancelled)
        self.floors, self.epochs = dict(before.orders.floors), dict(before.orders.epochs)
        self.feeders = set(before.feeders)
        self.fresh, self.surfaces = dict(before.fresh_since), dict(before.surface_since)
        self.limits = dict(before.caps.limits)
        self.fields: dict[str, Any] = {}
        for event in events:
            self._read(event)

    def books(self) -> Books:
        """The books after the events; wallets are no part of them."""
        before, supply, borrow = self.before, 0, 0
        for account, book in self.accounts.items():
            was = before.account(account).principal
            supply += max(book.principal, 0) - max(was, 0)
            borrow += max(-book.principal, 0) - max(-was, 0)
        cash = self.cash._replace(
            total_supply=before.cash.total_supply + supply, total_borrow=before.cash.total_borrow + borrow
        )
        orders = before.orders._replace(
            filled=self.filled, cancelled=self.cancelled, floors=self.floors, epochs=self.epochs
        )
        return before._replace(
            cash=cash, underlyings=tuple(self.underlyings), collaterals=tuple(self.collaterals), curves=self.curves,
            accounts={**before.accounts, **self.accounts}, feeders=frozenset(self.feeders), announced=self.announced,
            caps=self._caps(), orders=orders, fresh_since=self.fresh, surface_since=self.surfaces, **self.fields,
        )  # fmt: skip

    def _caps(self) -> CapRecord:
        """Caps as enacted, and open interest as the positions have it."""
        longs, interests = dict(self.before.caps.longs), dict(self.before.caps.interests)
        for account, book in self.accounts.items():
            for sign, held in ((-1, self.before.account(account).positions), (1, book.positions)):
                for each in held:
                    underlying, grown = decoded(each.instrument)[0], sign * max(0, each.size)
                    longs[each.instrument] = longs.get(each.instrument, 0) + grown
                    interests[underlying] = interests.get(underlying, 0) + grown
        return CapRecord(self.limits, longs, interests)

    def _read(self, event: Event) -> None:
        sender, *values = event.values
        if event.name in _HANDLERS:
            _HANDLERS[event.name](self, *values)
        elif event.name.endswith("Scheduled"):
            *change, due_at = values
            self.announced[(_change(event.name), *change)] = due_at
        elif event.name.endswith("Enacted"):
            self._enacted(event.name, values)
        elif event.name == "OwnershipAccepted":
            self.fields |= {"owner": sender, "pending_owner": ""}

    def _account(self, account: AccountId) -> AccountBook:
        return self.accounts.get(account) or self.before.account(account)

    def _change_account(self, account: AccountId, **fields: Any) -> None:
        self.accounts[account] = self._account(account)._replace(**fields)

    def _accrue(self) -> None:
        self.cash = self.cash._replace(accrued_at=self.at)

    def _operator(self, account: AccountId, operator: str, allowed: bool) -> None:
        self._scopes(account, operator, ALL_SCOPES if allowed else 0)

    def _scopes(self, account: AccountId, operator: str, scopes: int) -> None:
        self._change_account(
            account, operators=with_scopes(self._account(account).operators, operator, scopes)
        )  # fmt: skip

    def _mode(self, account: AccountId, mode: int) -> None:
        self._change_account(account, mode=mode)

    def _cash_moved(self, account: AccountId, amount_raw: int, *rest: Any) -> None:
        self._accrue()
        self._change_account(account, principal=rest[-1])

    def _cash_paid_in(self, *values: Any) -> None:
        self.fields["is_sealed"] = True
        self._cash_moved(*values)

    def _collateral_paid_in(self, *values: Any) -> None:
        self.fields["is_sealed"] = True
        self._balance(*values)

    def _balance(self, account: AccountId, collateral: int, amount_raw: int, *rest: Any) -> None:
        balances = list(self._account(account).balances or (0,) * len(self.collaterals))
        asset = self.collaterals[collateral]
        total_raw = asset.total_raw + rest[-1] - balances[collateral]
        self.collaterals[collateral] = asset._replace(total_raw=total_raw)
        balances[collateral] = rest[-1]
        self._change_account(account, balances=tuple(balances))

    def _traded(
        self, maker: AccountId, taker: AccountId, instrument: int, size: int, price_wad: int, *sides: Any
    ) -> None:  # fmt: skip
        self._accrue()
        for account, side in zip((maker, taker), sides, strict=True):
            others = tuple(each for each in self._account(account).positions if each.instrument != instrument)
            held = (PositionBook(instrument, side.size, side.quote, side.funding_index),) if side.size else ()
            self._change_account(account, principal=side.principal, positions=others + held)

    def _settled(
        self, underlying: int, expiry: int, accounts: tuple[AccountId, ...], price_wad: int, principals: tuple[int, ...]
    ) -> None:  # fmt: skip
        self._accrue()
        for account, principal in zip(accounts, principals, strict=True):
            held = self._account(account).positions
            left = tuple(each for each in held if decoded(each.instrument)[::2] != (underlying, expiry))
            self._change_account(
                account, principal=principal, positions=left, sale=self._clocked(account, settled_clock_from)
            )

    def _sale_noted(self, account: AccountId, equity_wad: int, margin_wad: int, deficit_wad: int) -> None:
        self._note_deficit(account, deficit_wad)
        insolvent_at = self.at if equity_wad <= 0 else 0
        self._change_account(account, sale=SaleBook(self.at, insolvent_at, 0, deficit_wad, self.at))

    def _sale_restarted(self, account: AccountId, equity_wad: int, margin_wad: int) -> None:
        self._note_deficit(account, 0)
        sale = self._account(account).sale
        self._change_account(account, sale=SaleBook(self.at, 0, sale.reserved_wad, 0, self.at))

    def _insolvent(self, account: AccountId, equity_wad: int, margin_wad: int, deficit_wad: int) -> None:
        self._note_deficit(account, deficit_wad)
        sale = self._account(account).sale
        self._change_account(account, sale=SaleBook(sale.started_at, self.at, 0, deficit_wad, self.at))

    def _sale_ended(self, account: AccountId, margin_wad: int) -> None:
        self._note_deficit(account, 0)
        self._change_account(account, sale=SaleBook(clock_at=self._account(account).sale.clock_at))

    def _note_deficit(self, account: AccountId, deficit_wad: int) -> None:
        grown = deficit_wad - self._account(account).sale.deficit_wad
        self.cash = self.cash._replace(deficit_wad=self.cash.deficit_wad + grown)

    def _bid(
        self, account: AccountId, bidder: AccountId, fraction_wad: int, limit_wad: int, deal: Any, *images: Any
    ) -> None:  # fmt: skip
        self._accrue()
        self._change_account(account, sale=self._clocked(account, bid_clock_from))
        self._note_deficit(account, deal.deficit_wad)
        self.cash = self.cash._replace(insurance_wad=deal.insurance_wad)
        for who, image in zip((account, bidder), images, strict=True):
            positions = tuple(PositionBook(*each) for each in image.entries)
            self._change_account(
                who, principal=image.principal, mode=image.mode, balances=image.balances, positions=positions
            )
        sale = self._account(account).sale
        left = sale._replace(reserved_wad=deal.reserved_wad, deficit_wad=deal.deficit_wad)
        self._change_account(account, sale=SaleBook(clock_at=sale.clock_at) if deal.ended else left)

    def _clocked(self, account: AccountId, since: Callable[[Books, AccountId, int], int]) -> SaleBook:
        """The auction of an account with the time from which its clock counts; its prices are those before the step."""
        sale = self._account(account).sale
        was = self.before.account(account).sale
        if not sale.started_at or sale.started_at != was.started_at:
            return sale
        return sale._replace(clock_at=since(self.before, account, self.at))

    def _freshen(self, since: dict[int, int], term: int, last_at: int, published_at: int, heartbeat_secs: int) -> None:
        """A print ends a gap where the one before it is stale and itself is not."""
        oldest = self.at - heartbeat_secs
        if (not last_at or last_at < oldest) and published_at >= oldest:
            since[term] = self.at

    def _interest(self, supply_index: int, borrow_index: int, insurance_wad: int) -> None:
        self.cash = self.cash._replace(
            supply_index=supply_index, borrow_index=borrow_index, insurance_wad=insurance_wad, accrued_at=self.at
        )

    def _funded(self, amount_raw: int, insurance_wad: int) -> None:
        self.cash = self.cash._replace(insurance_wad=insurance_wad)

    def _printed(self, underlying: int, *rest: Any) -> None:
        *_, published_at, price_values, track_values = rest
        price, book = PriceBook(*price_values), self.underlyings[underlying]
        if price.published_at == published_at:  # in force, and not waiting
            for expiry in self.before.underlyings[underlying].expiries:
                self._window(underlying, expiry, published_at)
        self.underlyings[underlying] = book._replace(price=price, track=TrackBook(*track_values))
        last_at = self.before.underlyings[underlying].price.published_at
        self._freshen(self.fresh, underlying << EXPIRY_BITS, last_at, price.published_at, book.risk.heartbeat_secs)

    def _window(self, underlying: int, expiry: int, published_at: int) -> None:
        """What a print fixes of the window of an expiry: its start, from the prints before."""
        number, opens_at = (underlying << EXPIRY_BITS) + expiry, expiry - WINDOW
        curve = self.curves[number]
        if curve.start_cumulative == 0 and published_at >= opens_at:
            price = self.before.underlyings[underlying].price
            self.curves[number] = curve._replace(start_cumulative=summed(price, opens_at))

    def _forward(
        self, underlying: int, expiry: int, _: int, rate_wad: int, confidence_wad: int, published_at: int, *held: int
    ) -> None:  # fmt: skip
        forward, base, base_at = held
        number, heartbeat_secs = (underlying << EXPIRY_BITS) + expiry, self.underlyings[underlying].risk.heartbeat_secs
        self._freshen(self.fresh, number, self.curves[number].published_at, published_at, heartbeat_secs)
        self._change_curve(
            underlying, expiry, forward=forward, rate=rate_wad, confidence=confidence_wad, published_at=published_at,
            base=base, base_at=base_at,
        )  # fmt: skip

    def _surface(
        self, underlying: int, expiry: int, svi: Any, confidence_wad: int, published_at: int, watch: Any
    ) -> None:  # fmt: skip
        self._change_curve(underlying, expiry, watch=watch)
        if watch[3]:  # it waits
            return
        number, options = (underlying << EXPIRY_BITS) + expiry, self.underlyings[underlying].options
        last_at = self.curves[number].surface_published_at
        self._freshen(self.surfaces, number, last_at, published_at, options.heartbeat_secs)
        self._change_curve(
            underlying, expiry, svi=svi, surface_confidence=confidence_wad, surface_published_at=published_at
        )

    def _opened(self, underlying: int, expiry: int) -> None:
        empty = CurveBook(0, 0, 0, 0, 0, 0, self.at, self._blank["svi"], 0, 0)
        self.curves[(underlying << EXPIRY_BITS) + expiry] = empty
        book = self.underlyings[underlying]
        self.underlyings[underlying] = book._replace(expiries=(*book.expiries, expiry))

    def _expiry_settled(self, underlying: int, expiry: int, settlement_wad: int) -> None:
        self._change_curve(underlying, expiry, settlement=settlement_wad)
        book = self.underlyings[underlying]
        left = tuple(each for each in book.expiries if each != expiry)
        self.underlyings[underlying] = book._replace(expiries=left)

    def _change_curve(self, underlying: int, expiry: int, **fields: Any) -> None:
        number = (underlying << EXPIRY_BITS) + expiry
        self.curves[number] = self.curves[number]._replace(**fields)

    def _listed(self, name: str, risk: Any, number: int) -> None:
        self.announced.pop(("underlying", name, risk), None)
        none = self._blank
        self.underlyings.append(
            UnderlyingBook(
                name, risk, none["options"], none["guard"], none["portfolio"], PriceBook(*[0] * 8), TrackBook(0, 0), ()
            )
        )

    def _collateral(self, token: str, underlying: int, terms: Any, decimals: int, number: int) -> None:
        self.announced.pop(("collateral", token, underlying, terms), None)
        self.collaterals.append(CollateralBook(token, decimals, underlying, terms, 0))

    def _enacted(self, name: str, values: list[Any]) -> None:
        """A change that was announced takes effect."""
        change = _change(name)
        if change == "cap":
            what, place, amount = values
            self.announced.pop((change, *values), None)
            self.limits[what, place] = amount
            return
        number, value = (values[0], values[1]) if change in _NUMBERED else (0, values[0])
        self.announced.pop((change, *values[: 2 if change in _NUMBERED else 1]), None)
        if change == "haircut":
            self.collaterals[number] = self.collaterals[number]._replace(terms=value)
        elif change in _NUMBERED:
            old = getattr(self.underlyings[number], change)
            if change in ("risk", "options") and old.heartbeat_secs != value.heartbeat_secs:
                self.fields["biddable_since"] = self.at
            self.underlyings[number] = self.underlyings[number]._replace(**{change: value})
        elif change in ("depeg", "interest"):
            if change == "depeg" and self.cash.depeg.feed != value.feed:
                self.fields["biddable_since"] = self.at
            self.cash = self.cash._replace(**{change: value})
        else:
            self.fields[change] = value
        if change == "risk":
            book = self.underlyings[number]
            self.underlyings[number] = book._replace(track=TrackBook(values[2], self.at))
        if change == "interest":
            self._accrue()

    def _unpaused(self) -> None:
        if self.before.paused:
            self.fields |= {"biddable_since": self.at, "open_since": self.at}
        self.fields["paused"] = False

    def _filled(self, maker: Any, taker: Any, size_wad: int, *filled: int) -> None:
        for order, filled_wad in zip((maker, taker), filled, strict=True):
            self.filled[(order, CHAIN_ID, EXCHANGE)] = filled_wad

    def _cancelled(self, order: Any, filled_wad: int) -> None:
        self.cancelled[(order, CHAIN_ID, EXCHANGE)] = True

    def _cancelled_below(self, account: AccountId, salt: int) -> None:
        self.floors[account] = salt

    def _epoch(self, account: AccountId, epoch: int) -> None:
        self.epochs[account] = epoch
        self.floors.pop(account, None)

    def _guardian(self, guardian: str) -> None:
        if self.before.guardian:
            self.announced.pop(("guardian", guardian), None)
        self.fields["guardian"] = guardian

    def _withdrawn(self) -> None:
        self.fields["cancelled_at"] = self.at

    def _feeder(self, feeder: str, allowed: bool) -> None:
        (self.feeders.add if allowed else self.feeders.discard)(feeder)
        if allowed:
            self.announced.pop(("feeder", feeder), None)


def _change(name: str) -> str:
    return name.removesuffix("Scheduled").removesuffix("Enacted").lower()


def _field(name: str, *fixed: Any) -> Callable[..., None]:
    """A field of the books that takes the value of an event, or a fixed one."""

    def read(replay: EventReplay, *values: Any) -> None:
        replay.fields[name] = (fixed or values)[0]

    return read


_NUMBERED = ("risk", "options", "guard", "portfolio", "haircut")
_HANDLERS: Mapping[str, Callable[..., None]] = {
    "OperatorSet": EventReplay._operator, "ScopesSet": EventReplay._scopes,
    "ModeSet": EventReplay._mode, "CashDeposited": EventReplay._cash_paid_in,
    "CashWithdrawn": EventReplay._cash_moved, "CollateralDeposited": EventReplay._collateral_paid_in,
    "CollateralWithdrawn": EventReplay._balance, "Traded": EventReplay._traded, "Settled": EventReplay._settled,
    "LiquidationStarted": EventReplay._sale_noted, "InsolvencyDeclared": EventReplay._insolvent,
    "LiquidationRestarted": EventReplay._sale_restarted,
    "LiquidationEnded": EventReplay._sale_ended, "Bid": EventReplay._bid, "InterestAccrued": EventReplay._interest,
    "InsuranceFunded": EventReplay._funded, "PricePublished": EventReplay._printed,
    "ForwardPublished": EventReplay._forward, "SurfacePublished": EventReplay._surface,
    "ExpiryOpened": EventReplay._opened, "ExpirySettled": EventReplay._expiry_settled,
    "UnderlyingListed": EventReplay._listed, "CollateralListed": EventReplay._collateral,
    "Filled": EventReplay._filled, "OrderCancelled": EventReplay._cancelled,
    "OrdersCancelledBelow": EventReplay._cancelled_below, "EpochStarted": EventReplay._epoch,
    "FeederSet": EventReplay._feeder,
    "OwnershipOffered": _field("pending_owner"), "Paused": _field("paused", True),
    "Unpaused": EventReplay._unpaused, "GuardianSet": EventReplay._guardian, "Sealed": _field("is_sealed", True),
    "ChangesCancelled": EventReplay._withdrawn,
}  # fmt: skip
