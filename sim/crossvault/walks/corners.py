"""Corners that chance hardly reaches: announcements at their limits, accounts of nothing, dust, a sale to its end."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import product

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.mirror import fixed, market
from crossvault.mirror.account import AccountId
from crossvault.walks import terms
from crossvault.walks.base import BROKER, GOVERNOR, STRANGER, WAD, Args
from crossvault.walks.bounds import Bounds

_RICH_RAW, _COINS_RAW = 10**13, 10**20
_NOBODY = AccountId("nobody", 3)
_DUSTY = AccountId("owner2", 7), AccountId("owner3", 7)
_DEBTOR, _OTHER_SELF, _MAKER = AccountId("owner4", 1), AccountId("owner4", 2), AccountId("owner5", 1)
_LATE_SECS = 20_000  # longer than a sale lasts
_MOST_FALLS = 60
_NO_SUCH = 99


class Corners(Bounds):
    """One scene after another, each in the market of a walk that has just begun."""

    def story(self) -> Story:
        """The scenes as a story; it can be played once."""
        story = super().story()
        return replace(story, name=f"corners-{self._seed}", hash=f"corners {story.hash}")

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The set-up and the scenes."""
        yield from self.setup()
        yield self._step(self.accounts[0].owner, "set_mode", account=self.accounts[0], mode=1)  # before any rules
        yield from self._opening(model)
        for scene in (self._of_nothing, self._stale_neighbour, self._malformed, self._dust, self._sold):
            self._draw(scene.__name__)
            yield from scene(model)
        self._draw("announced")
        for step in self._announced():
            yield step
            yield from self._edges(model, step)

    def _announced(self) -> Iterator[Step]:
        """Every kind of parameters, announced."""
        random = self._random
        found: dict[str, Args] = {
            "risk": {"underlying": 0, "risk": terms.risk(random)},
            "options": {"underlying": 0, "risk": terms.options(random)},
            "guard": {"underlying": 0, "guard": terms.guard(random)},
            "portfolio": {"underlying": 0, "risk": terms.folio(random)},
            "haircut": {"collateral": 0, "terms": terms.haircut(random)},
            "auction": {"terms": terms.auction(random)},
            "depeg": {"terms": terms.depeg(random)},
            "interest": {"interest": terms.interest(random)},
            "rules": {"rules": terms.rules(random)},
        }
        for kind, args in found.items():
            for name in ("underlying", "collateral"):
                if name in args:
                    yield self._step(GOVERNOR, f"schedule_{kind}", **args | {name: _NO_SUCH})
                    yield self._step(GOVERNOR, f"enact_{kind}", **args | {name: _NO_SUCH})
            yield self._step(STRANGER, f"enact_{kind}", **args)
            yield self._step(GOVERNOR, f"schedule_{kind}", **args)

    def _of_nothing(self, model: Model) -> Iterator[Step]:
        """What can be done with an account that holds nothing: its margin is exactly zero."""
        buyer = self.buyers[0]
        for action in ("start_liquidation", "declare_insolvent", "end_liquidation"):
            yield self._step(STRANGER, action, account=_NOBODY)
        for mode in (1, 0):
            yield self._step(_NOBODY.owner, "set_mode", account=_NOBODY, mode=mode)
        bid: Args = {"account": _NOBODY, "bidder": buyer, "fraction_wad": WAD, "limit_wad": 0}
        yield self._step(buyer.owner, "bid", **bid)
        yield self._step(_NOBODY.owner, "withdraw_cash", account=_NOBODY, amount_raw=1, to="nobody")

    def _stale_neighbour(self, model: Model) -> Iterator[Step]:
        """An account whose own prices are fresh does all it can, while those of the first underlying are too old."""
        one, other = self.accounts[3:5]
        self._at += model.vault.ledger.risks[0].heartbeat_secs + 1
        yield from (self._publish(underlying, WAD, 0) for underlying in (1, 2))
        if found := self._quotation(model, market.perp(1)):
            yield self._deal(one, other, market.perp(1), WAD // 100, found[0])
        for account in (one, other):
            yield self._step(account.owner, "withdraw_cash", account=account, amount_raw=10**6, to=account.owner)
            yield self._step(STRANGER, "start_liquidation", account=account)
        yield from self._fresh()

    def _malformed(self, model: Model) -> Iterator[Step]:
        """Numbers that are almost those of instruments, and the largest sizes there are."""
        one, other = self.accounts[:2]
        for size in (fixed.CAP, -fixed.CAP, fixed.CAP + 1, -fixed.CAP - 1):
            yield self._deal(one, other, market.perp(0), size, self._prices[0])
        kinds = (market.PERP, market.FUTURE, market.CALL, market.PUT)
        for kind, expiry, strike, underlying in product(kinds, (0, 1), (0, 1), (0, 9)):
            instrument = market.instrument_of(underlying, kind, expiry, strike)
            yield self._deal(one, other, instrument, WAD, WAD)
            yield self._step(
                BROKER, "trade", maker=one, taker=other, instrument=instrument + 2**160, size=1, price_wad=1
            )

    def _funded(self, account: AccountId, cash_raw: int, coins_raw: int) -> Iterator[Step]:
        for token, amount in (("USDC", cash_raw), ("WETH", coins_raw)):
            yield self._step(account.owner, "mint", token=token, to=account.owner, amount_raw=amount)
        yield self._step(account.owner, "set_operator", account=account, operator=BROKER, allowed=True)
        if cash_raw:
            yield self._step(account.owner, "deposit_cash", account=account, amount_raw=cash_raw)
        if coins_raw:
            args: Args = {"account": account, "collateral": 0, "amount_raw": coins_raw}
            yield self._step(account.owner, "deposit_collateral", **args)

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

    def _sold(self, model: Model) -> Iterator[Step]:
        """An account fails, is bid for by its own owner and by others, and its sale lasts until nobody may buy."""
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
        yield self._step(STRANGER, "start_liquidation", account=_DEBTOR)
        for wait in (0, 45, _LATE_SECS):
            self._at += wait
            yield from self._fresh()
            yield from self._bids(60)
        yield from self._paused()
        yield self._step(STRANGER, "declare_insolvent", account=_DEBTOR)
        yield from self._smallest()
        yield self._step(STRANGER, "declare_insolvent", account=_DEBTOR)
        yield from self._smallest()
        yield from self._bids(2)
        yield self._step(STRANGER, "end_liquidation", account=_DEBTOR)
        self._at += 30
        yield from self._bids(1)

    def _fallen_to_fail(self, model: Model) -> Iterator[Step]:
        """The price falls in steps that no guard holds back, until the debtor fails but still has something."""
        for _ in range(_MOST_FALLS):
            [told] = model.metrics([_DEBTOR], self._at)
            if told.maintenance_equity_wad < told.maintenance_requirement_wad:
                return
            self._at += 1
            self._prices[0] = self._prices[0] * 992 // 1_000
            yield from self._fresh()

    def _fresh(self) -> Iterator[Step]:
        yield from (self._publish(underlying, WAD, 0) for underlying in (0, 1, 2))

    def _rate(self, model: Model) -> int:
        """What a unit of the first perp asks for at initial margin, roughly and not too little [wad]."""
        risk = model.vault.ledger.risks[0]
        return risk.initial_rate + risk.base_rate + WAD // 100

    def _paused(self) -> Iterator[Step]:
        """What is refused while the vault is paused, and what is not."""
        yield self._step(GOVERNOR, "pause")
        yield from self._bids(60)
        money: Args = {"account": _MAKER, "amount_raw": 10**6}
        yield self._step(_MAKER.owner, "deposit_cash", **money)
        yield self._step(_MAKER.owner, "withdraw_cash", **money, to=_MAKER.owner)
        coins: Args = {"account": _DUSTY[0], "collateral": 0, "amount_raw": 1}
        yield self._step(_DUSTY[0].owner, "deposit_collateral", **coins)
        yield self._step(_DUSTY[0].owner, "withdraw_collateral", **coins, to=_DUSTY[0].owner)
        yield self._deal(_MAKER, _OTHER_SELF, market.perp(0), WAD, self._prices[0])
        yield self._step(_MAKER.owner, "set_mode", account=_MAKER, mode=1)
        for account in (_MAKER, _DEBTOR):
            for action in ("start_liquidation", "declare_insolvent", "end_liquidation"):
                yield self._step(STRANGER, action, account=account)
        yield self._step(GOVERNOR, "unpause")

    def _smallest(self) -> Iterator[Step]:
        """Bids for next to nothing, at once and after a while."""
        for wait in (0, 5, 600, 20_000):
            self._at += wait
            yield from self._fresh()
            for fraction in (1, 10**6):
                args: Args = {"account": _DEBTOR, "bidder": self.buyers[1], "fraction_wad": fraction}
                yield self._step(self.buyers[1].owner, "bid", **args, limit_wad=2**255 - 1)

    def _bids(self, parts: int) -> Iterator[Step]:
        """A part, by the owner's own other account and by a buyer, and by who may act for both."""
        for bidder in (_OTHER_SELF, self.buyers[1]):
            args: Args = {"account": _DEBTOR, "bidder": bidder, "fraction_wad": WAD // parts, "limit_wad": 2**255 - 1}
            yield self._step(BROKER, "bid", **args)
            yield self._step(bidder.owner, "bid", **args)
