"""Corner cases that chance hardly reaches: parameters at their limits, empty accounts, dust, a whole liquidation."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import product

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.mirror import fixed, market
from crossvault.mirror.account import AccountId
from crossvault.walks import terms
from crossvault.walks.base import BROKER, COLLATERALS, GOVERNOR, STRANGER, WAD
from crossvault.walks.outages import OutageScenes

_RICH_RAW, _COINS_RAW = 10**13, 10**20
_EMPTY = AccountId("stranger", 3)
_DUSTY = AccountId("owner2", 7), AccountId("owner3", 7)
_DEBTOR, _OTHER_SELF, _MAKER = AccountId("owner4", 1), AccountId("owner4", 2), AccountId("owner5", 1)
_FULL = AccountId("owner5", 7)
_LATE_SECS = 20_000  # longer than an auction lasts
_MOST_FALLS = 60
_NO_SUCH = 99
_DOORS, _QUIET_RAW = 16, 31 + 20 * 32  # of a token that calls back: the doors, and an amount that selects none
_LIQUIDATING = (doors.start_liquidation, doors.declare_insolvent, doors.end_liquidation)


class CornerCases(OutageScenes):
    """One scene after another, each in the market of a walk that has just begun."""

    def story(self) -> Story:
        """The scenes as a story; it can be played once."""
        story = super().story()
        return replace(story, name=f"corners-{self._seed}", hash=f"corners {story.hash}")

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The set-up and the scenes."""
        yield from self.setup()
        yield doors.set_mode(self._at, self.accounts[0].owner, account=self.accounts[0], mode=1)  # before any rules
        yield from self._opening(model)
        for scene in (
            self._settled_late, self._of_nothing, self._stale_neighbour, self._malformed, self._dust, self._brimful,
            self._sold, self._called_back, self._counted, self._unhedged, self._expiring, self._jumped, self._drained,
            self._edged, self._auctioned, self._left_out, self._stranded, self._graced,
        ):  # fmt: skip
            self._draw(scene.__name__)
            yield from scene(model)
        self._draw("announced")
        for step in self._announced():
            yield step
            yield from self._edges(model, step)

    def _announced(self) -> Iterator[Step]:
        """Every kind of parameters, scheduled."""
        random = self._random
        for number in (_NO_SUCH, 0):  # of an underlying or a collateral
            changes = [
                doors.RISK.of(underlying=number, risk=terms.risk(random)),
                doors.OPTIONS.of(underlying=number, risk=terms.options(random)),
                doors.GUARD.of(underlying=number, guard=terms.guard(random)),
                doors.PORTFOLIO.of(underlying=number, risk=terms.portfolio_risk(random)),
                doors.HAIRCUT.of(collateral=number, terms=terms.haircut(random)),
            ]
            if number == 0:
                changes += [
                    doors.AUCTION.of(terms=terms.auction(random)),
                    doors.DEPEG.of(terms=terms.depeg(random)),
                    doors.INTEREST.of(interest=terms.interest(random)),
                    doors.RULES.of(rules=terms.rules(random)),
                ]
            for change in changes:
                yield change.enact(self._at, STRANGER)
                yield change.schedule(self._at, GOVERNOR)
                if number == _NO_SUCH:
                    yield change.enact(self._at, GOVERNOR)

    def _of_nothing(self, model: Model) -> Iterator[Step]:
        """Doors on an empty account, whose margin is exactly zero."""
        buyer = self.buyers[0]
        for liquidate in _LIQUIDATING:
            yield liquidate(self._at, STRANGER, account=_EMPTY)
        for mode in (1, 0):
            yield doors.set_mode(self._at, _EMPTY.owner, account=_EMPTY, mode=mode)
        yield doors.bid(self._at, buyer.owner, account=_EMPTY, bidder=buyer, fraction_wad=WAD, limit_wad=0)
        yield doors.withdraw_cash(self._at, _EMPTY.owner, account=_EMPTY, amount_raw=1, to="stranger")

    def _stale_neighbour(self, model: Model) -> Iterator[Step]:
        """An account whose own prices are fresh does all it can, while those of the first underlying are too old."""
        one, other = self.accounts[3:5]
        self._at += model.vault.ledger.risks[0].heartbeat_secs + 1
        yield from (self._publish(underlying, WAD, 0) for underlying in (1, 2))
        if found := self._quotation(model, market.perp(1)):
            yield self._deal(one, other, market.perp(1), WAD // 100, found[0])
        for account in (one, other):
            yield doors.withdraw_cash(self._at, account.owner, account=account, amount_raw=10**6, to=account.owner)
            yield doors.start_liquidation(self._at, STRANGER, account=account)
        yield from self._fresh()

    def _malformed(self, model: Model) -> Iterator[Step]:
        """Numbers close to those of instruments, and the largest sizes."""
        one, other = self.accounts[:2]
        for size in (fixed.CAP, -fixed.CAP, fixed.CAP + 1, -fixed.CAP - 1):
            yield self._deal(one, other, market.perp(0), size, self._prices[0])
        kinds = (market.PERP, market.FUTURE, market.CALL, market.PUT)
        for kind, expiry, strike, underlying in product(kinds, (0, 1), (0, 1), (0, 9)):
            instrument = market.instrument_of(underlying, kind, expiry, strike)
            yield self._deal(one, other, instrument, WAD, WAD)
            yield doors.trade(
                self._at, BROKER, maker=one, taker=other, instrument=instrument + 2**160, size=1, price_wad=1
            )

    def _dust(self, model: Model) -> Iterator[Step]:
        """Accounts without cash trade single wei, so that their cash becomes one wei, none, and one less."""
        one, other = _DUSTY
        for account in _DUSTY:
            yield from self._funded(account, 0, _COINS_RAW)
        perp = market.perp(2)
        for maker, taker, size, part in (
            (one, other, 1, 1), (one, other, -1, 0), (other, one, 2, 1), (other, one, -1, 0), (other, one, -1, 1),
            (one, other, -1, 1), (one, other, 1, 0), (other, one, 3, 0), (one, other, 3, -1),
        ):  # fmt: skip
            found = self._quotation(model, perp)
            if found is None:
                return
            mark, band = found
            yield self._deal(maker, taker, perp, size, mark + part * band // 2)

    def _brimful(self, model: Model) -> Iterator[Step]:
        """A balance of collateral at the largest amount, and one raw unit more."""
        yield doors.mint(self._at, _FULL.owner, token="WETH", to=_FULL.owner, amount_raw=fixed.CAP + 1)
        for amount_raw in (fixed.CAP, 1):
            yield doors.deposit_collateral(self._at, _FULL.owner, account=_FULL, collateral=0, amount_raw=amount_raw)
        yield doors.withdraw_collateral(
            self._at, _FULL.owner, account=_FULL, collateral=0, amount_raw=fixed.CAP, to=_FULL.owner
        )

    def _sold(self, model: Model) -> Iterator[Step]:
        """An account fails, its owner and others bid, and its auction lasts until no bid is possible."""
        yield from self._funded(_MAKER, _RICH_RAW, 0)
        yield from self._funded(_OTHER_SELF, _RICH_RAW, 0)
        yield from self._funded(_DEBTOR, 10**11, 0)
        found = self._quotation(model, market.perp(0))
        if found is None:
            return
        per_unit = max(1, found[0] * self._rate(model) // WAD)
        size = self._free(model, _DEBTOR) * WAD // per_unit * 9 // 10
        yield self._deal(_MAKER, _DEBTOR, market.perp(0), size, found[0])
        yield from self._fallen_to_fail(model)
        yield from self._given_away(model, _DEBTOR, _OTHER_SELF, market.perp(0))
        yield doors.start_liquidation(self._at, STRANGER, account=_DEBTOR)
        for wait in (0, 45, _LATE_SECS):
            self._at += wait
            yield from self._fresh()
            yield from self._bids(60)
        yield from self._paused()
        yield doors.declare_insolvent(self._at, STRANGER, account=_DEBTOR)
        yield from self._smallest()
        yield doors.declare_insolvent(self._at, STRANGER, account=_DEBTOR)
        yield from self._smallest()
        yield from self._bids(2)
        yield doors.end_liquidation(self._at, STRANGER, account=_DEBTOR)
        self._at += 30
        yield from self._bids(1)

    def _called_back(self, model: Model) -> Iterator[Step]:
        """A token enters the vault by each door, from within its transfers both ways; another one has no decimals."""
        account, evil, unit = self.accounts[3], COLLATERALS.index("EVIL"), COLLATERALS.index("UNIT")
        yield from self._refreshed(model)
        yield self._paid_in(account, evil, _QUIET_RAW)
        for door in range(_DOORS):
            yield self._paid_in(account, evil, door + 2 * _DOORS)
            yield self._paid_out(account, evil, door + 2 * _DOORS)
        yield self._paid_in(account, unit, 3)
        yield self._paid_out(account, unit, 1)

    def _paid_in(self, account: AccountId, collateral: int, amount_raw: int) -> Step:
        return doors.deposit_collateral(
            self._at, account.owner, account=account, collateral=collateral, amount_raw=amount_raw
        )  # fmt: skip

    def _paid_out(self, account: AccountId, collateral: int, amount_raw: int) -> Step:
        return doors.withdraw_collateral(
            self._at, account.owner, account=account, collateral=collateral, amount_raw=amount_raw, to=account.owner
        )  # fmt: skip

    def _counted(self, model: Model) -> Iterator[Step]:
        """Batches of withdrawals from one to eight accounts, too much for the last of them alone, and just enough."""
        yield from self._refreshed(model)
        able = [each for each in self.accounts if self._free(model, each) >= 10**13]
        for count in range(1, len(able) + 1):
            *others, last = able[:count]
            most = self._free(model, last) // 10**12
            for amount in (most + 1, most // 20):
                pairs = [*((each, 1) for each in others), (last, amount)]
                calls = [
                    doors.withdraw_cash(self._at, BROKER, account=each, amount_raw=raw, to=each.owner)
                    for each, raw in pairs
                ]
                yield doors.batch(self._at, BROKER, calls=tuple(map(doors.call_of, calls)))

    def _fallen_to_fail(self, model: Model) -> Iterator[Step]:
        """The price falls in steps that no guard holds back, until the debtor fails but still has something."""
        for _ in range(_MOST_FALLS):
            [metrics] = model.metrics([_DEBTOR], self._at)
            if metrics.maintenance_equity_wad < metrics.maintenance_requirement_wad:
                return
            self._at += 1
            self._prices[0] = self._prices[0] * 992 // 1_000
            yield from self._fresh()

    def _fresh(self) -> Iterator[Step]:
        yield from (self._publish(underlying, WAD, 0) for underlying in (0, 1, 2))

    def _rate(self, model: Model) -> int:
        """Initial margin rate of the first perp, roughly and not too little [wad]."""
        risk = model.vault.ledger.risks[0]
        return risk.initial_rate + risk.base_rate + WAD // 100

    def _paused(self) -> Iterator[Step]:
        """Doors while the vault is paused: refused ones and open ones."""
        yield doors.pause(self._at, GOVERNOR)
        yield from self._bids(60)
        owner, dusty = _MAKER.owner, _DUSTY[0]
        yield doors.deposit_cash(self._at, owner, account=_MAKER, amount_raw=10**6)
        yield doors.withdraw_cash(self._at, owner, account=_MAKER, amount_raw=10**6, to=owner)
        yield doors.deposit_collateral(self._at, dusty.owner, account=dusty, collateral=0, amount_raw=1)
        yield doors.withdraw_collateral(
            self._at, dusty.owner, account=dusty, collateral=0, amount_raw=1, to=dusty.owner
        )
        yield self._deal(_MAKER, _OTHER_SELF, market.perp(0), WAD, self._prices[0])
        yield doors.set_mode(self._at, _MAKER.owner, account=_MAKER, mode=1)
        for account in (_MAKER, _DEBTOR):
            for liquidate in _LIQUIDATING:
                yield liquidate(self._at, STRANGER, account=account)
        yield doors.unpause(self._at, GOVERNOR)

    def _smallest(self) -> Iterator[Step]:
        """Bids for next to nothing, at once and after a while."""
        for wait in (0, 5, 600, 20_000):
            self._at += wait
            yield from self._fresh()
            for fraction in (1, 10**6):
                yield self._bid_for(_DEBTOR, self.buyers[1], self.buyers[1].owner, fraction)

    def _bids(self, parts: int) -> Iterator[Step]:
        """Bids for a part, by another account of the owner and by a buyer, sent by owners and by their operator."""
        for bidder in (_OTHER_SELF, self.buyers[1]):
            yield self._bid_for(_DEBTOR, bidder, BROKER, WAD // parts)
            yield self._bid_for(_DEBTOR, bidder, bidder.owner, WAD // parts)
