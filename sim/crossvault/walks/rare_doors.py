"""The thresholds, and then the doors and refusals that chance seldom reaches in a short campaign."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import TypeVar

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import CHAIN_ID, EXCHANGE, Outcome, Step
from crossvault.mirror import account as accounts, fixed, market, option
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.exchange import Match, Order, Signature
from crossvault.mirror.store import GRACE
from crossvault.mirror.surface import Svi
from crossvault.mirror.valuation import Metrics
from crossvault.walks import terms
from crossvault.walks.base import (
    BROKER,
    COLLATERALS,
    FAUCET,
    FEEDER,
    GOVERNOR,
    GUARDIAN,
    PRICED_BY,
    SPARES,
    STRANGER,
    USUAL_PRICES,
    WAD,
)
from crossvault.walks.threshold_points import LENDER, MAKER, TAKER, ThresholdPoints

P = TypeVar("P", market.MarketRisk, market.OptionRisk, HaircutTerms)
LATE, LAST = AccountId("late"), AccountId("last")  # become insolvent
_AHEAD_SECS = 30 * 86_400
_TINY = WAD // 1_000
_FLOOR = 5
_MANY_EXPIRIES = 9  # of an underlying, one more than fit
_COMPARED_STEPS = 11  # margin metrics are compared at every tenth step
_ANY_PRICE = 2**255 - 1
_MUCH_RAW = 10**25
_MOST_FALLS = 30
_WHOLE = 10_000  # units of the quote token


class RareDoors(ThresholdPoints):
    """The points, one owner after another, a full list of collaterals, a crowded account, an order below its floor, and
    an insolvent account whose equity is exactly zero."""

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The points and the scenes."""
        yield from super().steps(model)
        scenes = (
            self._owned, self._listed_out, self._capped, self._crowded, self._floored, self._evened, self._unsold,
            self._outlived, self._called_off,
        )  # fmt: skip
        for scene in scenes:
            self._draw(scene.__name__)
            yield from scene(model)

    def _owned(self, model: Model) -> Iterator[Step]:
        """Ownership offered, taken by the wrong one and the right one, and given back; a stranger's print; auction
        terms; an odd batch."""
        for old, new in ((GOVERNOR, BROKER), (BROKER, GOVERNOR)):
            yield doors.offer_ownership(self._at, old, to=new)
            yield doors.accept_ownership(self._at, STRANGER)
            yield doors.accept_ownership(self._at, new)
        yield doors.publish_price(
            self._at, STRANGER, underlying=0, index_wad=USUAL_PRICES[0], premium_wad=0, confidence_wad=WAD,
            published_at=self._at,
        )  # fmt: skip
        ungraced = terms.auction(self._random)._replace(grace_secs=0)  # later scenes sell right after a pause
        yield from self._set([doors.AUCTION.of(terms=ungraced)])
        pause = doors.call_of(doors.pause(self._at, GOVERNOR))
        yield doors.batch(self._at, GOVERNOR, calls=(pause,))

    def _listed_out(self, model: Model) -> Iterator[Step]:
        """Collaterals up to the cap and one more, expiries too; one token has too many decimals, one is there twice."""
        yield doors.mint(self._at, FAUCET, token="FEE", to=TAKER.owner, amount_raw=WAD)
        yield doors.deposit_collateral(
            self._at, TAKER.owner, account=TAKER, collateral=COLLATERALS.index("FEE"), amount_raw=WAD
        )  # fmt: skip
        for place in range(_MANY_EXPIRIES):
            ends_at = self._at + _AHEAD_SECS + place
            yield doors.open_expiry(self._at, GOVERNOR, underlying=1, expiry=ends_at)
        yield doors.open_expiry(self._at, GOVERNOR, underlying=1, expiry=ends_at - 1)
        for token in ("WETH", *SPARES):
            haircut = terms.haircut(self._random)
            listing = doors.COLLATERAL.of(token=token, underlying=PRICED_BY.get(token, 0), terms=haircut)
            yield listing.enact(self._at, GOVERNOR)  # of which nothing was announced
            yield from self._set([listing])
        for number in range(len(model.vault.ledger.risks), market.MAX_UNDERLYINGS + 1):
            yield from self._set([doors.UNDERLYING.of(name=f"LATE{number}", risk=terms.risk(self._random))])
        for feeder in (STRANGER, FEEDER):
            yield doors.set_feeder(self._at, GOVERNOR, feeder=feeder, allowed=False)
            yield doors.set_feeder(self._at, GOVERNOR, feeder=feeder, allowed=True)
        yield from self._set([doors.FEEDER.of(feeder=FEEDER)])

    def _capped(self, model: Model) -> Iterator[Step]:
        """Each cap of the vault at what there is: one more is refused, a reduction is not; looser, it waits."""
        ledger, price_wad = model.vault.ledger, self._prices[0]
        trade = partial(doors.trade, maker=MAKER, taker=TAKER, instrument=market.perp(0), price_wad=price_wad)
        for what, number in (("nothing", 0), ("borrowing", 1), ("collateral", 9), ("open interest", 9)):
            yield doors.enact_cap(self._at, GOVERNOR, what=what, number=number, amount=1)
        yield doors.mint(self._at, FAUCET, token=COLLATERALS[0], to=TAKER.owner, amount_raw=2)
        yield doors.mint(self._at, FAUCET, token="USDC", to=LENDER.owner, amount_raw=10**12)
        yield doors.deposit_cash(self._at, LENDER.owner, account=LENDER, amount_raw=10**12)
        deposit = partial(doors.deposit_collateral, account=TAKER, collateral=0, amount_raw=1)
        yield doors.enact_cap(self._at, GOVERNOR, what="collateral", number=0, amount=ledger.assets[0].total_raw + 1)
        yield deposit(self._at, TAKER.owner)
        yield deposit(self._at, TAKER.owner)
        interest_wad = ledger.caps.interests[0] + _TINY
        yield doors.enact_cap(self._at, GOVERNOR, what="open interest", number=0, amount=interest_wad)
        for size in (_TINY, _TINY):
            yield trade(self._at, BROKER, size=size)
        yield doors.enact_cap(self._at, GOVERNOR, what="open interest", number=0, amount=1)
        yield trade(self._at, BROKER, size=-_TINY // 2)
        yield doors.enact_cap(self._at, GOVERNOR, what="borrowing", number=0, amount=1)
        for account in (TAKER, MAKER):
            held_raw = max(0, model.vault.ledger.holders[account].principal) // 10**12
            yield doors.withdraw_cash(
                self._at, account.owner, account=account, amount_raw=held_raw + 1, to=account.owner
            )  # fmt: skip
        loose = [doors.CAP.of(what=what, number=0, amount=0) for what in ("borrowing", "collateral", "open interest")]
        for change in loose:
            yield change.enact(self._at, GOVERNOR)
        yield from self._set(loose)

    def _crowded(self, model: Model) -> Iterator[Step]:
        """More positions than an account holds."""
        expiry = self._at + _AHEAD_SECS
        yield from self._set([doors.OPTIONS.of(underlying=0, risk=terms.options(self._random))])
        yield doors.open_expiry(self._at, GOVERNOR, underlying=0, expiry=expiry)
        yield doors.publish_forward(
            self._at, FEEDER, underlying=0, expiry=expiry, forward_wad=USUAL_PRICES[0], rate_wad=0,
            confidence_wad=WAD, published_at=self._at,
        )  # fmt: skip
        yield self._flat_surface(expiry, WAD // 4)
        for place in range(accounts.MAX_POSITIONS + 1):
            kind = market.CALL if place % 2 else market.PUT
            strike = USUAL_PRICES[0] + (place // 2 - 8) * USUAL_PRICES[0] // 40
            instrument = market.instrument_of(0, kind, expiry, strike)
            if found := self._quotation(model, instrument):
                yield doors.trade(
                    self._at, BROKER, maker=MAKER, taker=LENDER, instrument=instrument, size=_TINY,
                    price_wad=max(1, found[0]),
                )  # fmt: skip
        yield doors.set_mode(self._at, MAKER.owner, account=MAKER, mode=accounts.PORTFOLIO)
        yield self._flat_surface(expiry, 0)  # two of the options are at the money, and have no vol

    def _flat_surface(self, expiry: int, variance_wad: int) -> Step:
        """The same vol at every strike; variance of a year [wad]."""
        svi = Svi(a=variance_wad, ref_secs=option.YEAR, ref_forward=USUAL_PRICES[0])
        return doors.publish_surface(
            self._at, FEEDER, underlying=0, expiry=expiry, svi=svi, confidence_wad=WAD, published_at=self._at
        )

    def _floored(self, model: Model) -> Iterator[Step]:
        """An operator that names another; orders below the floor of their account and at it, and in its next epoch."""
        for account in (MAKER, LENDER):
            yield doors.set_operator(self._at, account.owner, account=account, operator=EXCHANGE, allowed=True)
            yield doors.set_operator(self._at, BROKER, account=account, operator=STRANGER, allowed=True)
            yield from self._scoped(account)
            yield doors.cancel_below(self._at, account.owner, account=account, salt=_FLOOR)
        for salt in (_FLOOR - 1, _FLOOR):
            yield self._pair(salt)
        yield doors.next_epoch(self._at, MAKER.owner, account=MAKER)
        yield self._pair(_FLOOR)
        yield self._pair(_FLOOR, 1, version=1)
        yield self._pair(_FLOOR, 1)

    def _pair(self, salt: int, epoch: int = 0, version: int = 2) -> Step:
        """A fill of two small orders. epoch: of the maker's order. version: of its signature."""
        maker, taker = (
            Order(account, market.perp(0), size, USUAL_PRICES[0], self._at, salt)
            for account, size in ((MAKER, _TINY), (LENDER, -_TINY))
        )
        maker = maker._replace(epoch=epoch)
        first, second = (Signature(each.account.owner, each, CHAIN_ID, EXCHANGE) for each in (maker, taker))
        signed = first._replace(version=version)
        return doors.fill(self._at, BROKER, matches=(Match(maker, signed, taker, second, _TINY),))

    def _scoped(self, account: AccountId) -> Iterator[Step]:
        """An operator with one scope after the other deposits, and withdraws to the owner and to itself."""
        grant = partial(doors.set_scopes, account=account, operator=BROKER)
        yield doors.mint(self._at, FAUCET, token="USDC", to=BROKER, amount_raw=9)
        yield grant(self._at, BROKER, scopes=accounts.ALL_SCOPES)
        for scopes in (accounts.TRADE, accounts.DEPOSIT, accounts.WITHDRAW, accounts.ALL_SCOPES, 0, 8):
            yield grant(self._at, account.owner, scopes=scopes)
            yield doors.deposit_cash(self._at, BROKER, account=account, amount_raw=1)
            for to in (account.owner, BROKER):
                yield doors.withdraw_cash(self._at, BROKER, account=account, amount_raw=1, to=to)
            yield doors.withdraw_collateral(
                self._at, BROKER, account=account, collateral=0, amount_raw=1, to=BROKER
            )  # fmt: skip
        yield grant(self._at, account.owner, scopes=accounts.ALL_SCOPES)

    def _evened(self, model: Model) -> Iterator[Step]:
        """An insolvent account gets collateral until its equity is exactly zero; bids in a pause, by its operator, by a
        stranger."""
        yield from self._entered(LATE)
        yield from self._leveraged(model, LATE, 0)
        yield from self._sunk(model, LATE, 0)
        yield doors.start_liquidation(self._at, STRANGER, account=LATE)
        yield from self._valueless(model, LATE, 0)
        yield doors.declare_insolvent(self._at, STRANGER, account=LATE)

        def equity() -> int:
            return model.vault.auction_state(LATE, now=self._at).equity_wad

        lacking_raw = self._least(model, lambda raw: self._fine_deposit(LATE, raw), equity, _MUCH_RAW)
        if lacking_raw:
            yield self._fine_deposit(LATE, lacking_raw)
        yield doors.pause(self._at, GOVERNOR)
        yield self._late_bid(LENDER.owner, WAD)
        yield doors.unpause(self._at, GOVERNOR)
        yield doors.declare_insolvent(self._at, STRANGER, account=LATE)
        for sender, fraction in ((LENDER.owner, 0), (BROKER, WAD), (LENDER.owner, _TINY), (LENDER.owner, WAD)):
            yield self._late_bid(sender, fraction)

    def _late_bid(self, sender: str, fraction_wad: int) -> Step:
        return doors.bid(
            self._at, sender, account=LATE, bidder=LENDER, fraction_wad=fraction_wad, limit_wad=_ANY_PRICE
        )  # fmt: skip

    def _entered(self, account: AccountId) -> Iterator[Step]:
        """Cash of an account, a token to secure it with, and the broker as its operator."""
        for token, raw in (("USDC", 2 * _WHOLE * self._scale), ("OLD", _MUCH_RAW)):
            yield doors.mint(self._at, FAUCET, token=token, to=account.owner, amount_raw=raw)
        yield doors.deposit_cash(self._at, account.owner, account=account, amount_raw=_WHOLE * self._scale)
        yield doors.set_operator(self._at, account.owner, account=account, operator=BROKER, allowed=True)

    def _unsold(self, model: Model) -> Iterator[Step]:
        """An account in portfolio mode falls below each margin; no bid takes it before the discount is at its end."""
        for account in (*self.buyers, LAST):
            yield from self._entered(account)
        yield doors.set_mode(self._at, LAST.owner, account=LAST, mode=accounts.PORTFOLIO)
        most = self._free(model, LAST) * WAD // self._prices[0]
        for part in (500, 300, 200, 100, 50, 20):
            yield doors.trade(
                self._at, BROKER, maker=MAKER, taker=LAST, instrument=market.perp(0), size=most * part // 100,
                price_wad=self._prices[0],
            )  # fmt: skip
        yield from self._fallen(model, lambda held: held.initial_equity_wad < held.initial_requirement_wad, 200)
        yield from self._touched_often(LAST)
        yield from self._sunk(model, LAST, 0)
        yield doors.start_liquidation(self._at, STRANGER, account=LAST)
        auction = model.vault.ledger.terms
        for late in (-1, 0):
            clock_at = model.vault.clock_from(LAST, now=self._at)
            yield from self._kept_fresh(model, clock_at + auction.fast_secs + auction.slow_secs + late)
            yield from self._refreshed(model)
            yield doors.deposit_cash(self._at, LAST.owner, account=LAST, amount_raw=1)
            yield doors.declare_insolvent(self._at, STRANGER, account=LAST)
        yield from self._fallen(model, lambda held: held.equity_wad < 0, 40)
        yield from self._touched_often(LAST)
        yield doors.declare_insolvent(self._at, STRANGER, account=LAST)
        yield from self._rewarded(model, LAST)

    def _fallen(self, model: Model, ends: Callable[[Metrics], bool], part: int) -> Iterator[Step]:
        """The price falls by parts of it until the metrics of the last account are as wanted."""
        for _ in range(_MOST_FALLS):
            [metrics] = model.metrics([LAST], self._at)
            if ends(metrics):
                return
            yield self._moved_against(model, LAST, 0, part)

    def _touched_often(self, account: AccountId) -> Iterator[Step]:
        """Deposits as many as let the margin of an account be compared."""
        for _ in range(_COMPARED_STEPS):
            yield doors.deposit_cash(self._at, account.owner, account=account, amount_raw=1)

    def _outlived(self, model: Model) -> Iterator[Step]:
        """An account in portfolio mode outlives its prices."""
        yield doors.set_mode(self._at, TAKER.owner, account=TAKER, mode=accounts.PORTFOLIO)
        self._at += model.vault.ledger.risks[0].heartbeat_secs + 1
        yield from self._touched_often(TAKER)
        yield doors.withdraw_cash(self._at, TAKER.owner, account=TAKER, amount_raw=1, to=TAKER.owner)

    def _called_off(self, model: Model) -> Iterator[Step]:
        """Announcements that are cancelled, made again, held by a pause, and lapse; one guardian after another."""
        first, second, third = (
            doors.HAIRCUT.of(collateral=0, terms=terms.haircut(self._random)) for _ in range(3)
        )  # fmt: skip
        for who in (STRANGER, GOVERNOR):
            yield doors.seal(self._at, who)
        yield first.schedule(self._at, GOVERNOR)
        for who in (STRANGER, GUARDIAN):
            yield doors.cancel_changes(self._at, who)
        yield first.schedule(self._at, GOVERNOR)  # in the second of the cancellation
        yield first.enact(self._at, GOVERNOR)
        self._at += 1
        for change in (first, second, third):
            yield change.schedule(self._at, GOVERNOR)
        yield doors.pause(self._at, GUARDIAN)
        yield first.enact(self._at, GOVERNOR)
        yield doors.unpause(self._at, GOVERNOR)
        yield first.enact(self._at, GOVERNOR)
        for guardian in (BROKER, GUARDIAN):
            replacement = doors.GUARDIAN.of(to=guardian)
            yield replacement.enact(self._at, GOVERNOR)  # of which nothing is announced
            yield from self._set([replacement])
        yield from self._tightened(model)
        self._at += GRACE
        yield second.enact(self._at, GOVERNOR)
        self._at += 1
        yield third.enact(self._at, GOVERNOR)

    def _tightened(self, model: Model) -> Iterator[Step]:
        """Each field of the parameters a step to each side, at once: some are tighter so, all others wait."""
        ledger = model.vault.ledger
        for name in market.MarketRisk._fields:
            for side in (-1, 1):
                yield doors.enact_risk(self._at, GOVERNOR, underlying=0, risk=_nudged(ledger.risks[0], name, side))
        for name in market.OptionRisk._fields:
            for side in (-1, 1):
                risk = _nudged(ledger.option_risks[0], name, side)
                yield doors.enact_options(self._at, GOVERNOR, underlying=0, risk=risk)
        for name in ledger.assets[0].terms._fields:
            for side in (-1, 1):
                haircut = _nudged(ledger.assets[0].terms, name, side)
                yield doors.enact_haircut(self._at, GOVERNOR, collateral=0, terms=haircut)
        yield doors.enact_haircut(self._at, GOVERNOR, collateral=99, terms=ledger.assets[0].terms)
        yield doors.enact_risk(self._at, GOVERNOR, underlying=99, risk=ledger.risks[0])


def _nudged(parameters: P, name: str, by: int) -> P:
    """Parameters with one field a little higher or lower, from zero to the cap."""
    moved = getattr(parameters, name) + by
    return parameters._replace(**{name: moved if name == "funding_base" else min(fixed.CAP, max(0, moved))})
