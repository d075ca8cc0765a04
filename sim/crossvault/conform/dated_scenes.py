"""A set piece for the clauses of futures, options and portfolio margin, and of the caps: each is met once.

All of it happens in one market with portfolio margin and another without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from crossvault.conform.scene_steps import (
    ALICE,
    ALL,
    BOB,
    BROKER,
    CAROL,
    DELAY_SECS,
    FEEDER,
    HAIRCUTS,
    HER_OTHER,
    MAKER,
    OWNER,
    PCT,
    PRICE,
    RICH_RAW,
    STRANGER,
    WAD,
    Scene,
    SceneSteps,
)
from crossvault.conform.subject import Subject
from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step, TokenSpec
from crossvault.mirror import (
    account as accounts,
    caps,
    cash,
    collateral,
    correlation,
    fixed,
    market,
    option,
    oracle,
    portfolio,
    shock,
)
from crossvault.mirror.account import AccountId
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.surface import Svi

NAME = "dated scenes"
_TERM_SECS = 30 * 86_400
_FARTHEST_SECS = 3_650 * 86_400
_CROWD, _PARTNER = AccountId("crowd"), AccountId("partner")
_SPARES = tuple(TokenSpec(f"SPARE{number}", 18) for number in range(collateral.MAX_COLLATERALS))
_OPTIONS = market.OptionRisk(
    heartbeat_secs=86_400, trade_band=20 * PCT, max_spot_rate=15 * PCT, min_spot_rate=10 * PCT, call_rate=5 * PCT,
    put_rate=5 * PCT, put_mark_rate=50 * PCT, put_initial_scale=WAD, unpaired_initial=110 * PCT,
    unpaired_maintenance=WAD,
)  # fmt: skip
_PORTFOLIO = portfolio.PortfolioRisk(
    shock.VolRisk(
        range_up=45 * PCT, range_down=30 * PCT, min_vol=0, short_power=30 * PCT, long_power=13 * PCT, floor_secs=86_400
    ),
    shock.SkewRisk(15 * PCT, -5 * PCT, 15 * PCT, -5 * PCT, PCT, 4 * WAD, 60 * PCT, -10 * PCT),
    shock.RateRisk(95 * PCT, WAD, 8 * PCT, 104 * PCT, 50 * PCT, 8 * PCT),
    portfolio.BasisRisk(45 * PCT // 10, -45 * PCT // 10, 50 * PCT, 2 * WAD),
    portfolio.Contingency(3 * PCT, 2 * PCT, 2 * PCT, PCT, 55 * PCT, WAD),
)
_NO_PAIRS = (0,) * correlation.MAX_PAIRS
_RULES = Rules(
    tuple(shock.Scenario(move * PCT, WAD, mode) for move in (20, 10, 0, -10, -20) for mode in (1, 2)),
    correlation.LossTerms(loss_initial=120 * PCT, loss_maintenance=WAD, peg_threshold=0, peg_factor=WAD),
    correlation.Matrix(_NO_PAIRS, _NO_PAIRS),
)


class DatedScenes(SceneSteps):
    """The scenes, one after another."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        tokens = (*self.world.tokens, *_SPARES, TokenSpec("FINE", 19))
        self.world = replace(self.world, tokens=tokens)
        self._near = self._far = 0  # expiries

    def _scenes(self) -> tuple[Scene, ...]:
        return (
            self._listed, self._changed, self._funded, self._opened, self._quoted, self._dated, self._optioned,
            self._moded, self._settled, self._capped, self._crowded,
        )  # fmt: skip

    def _listed(self, model: Model) -> Iterator[Step]:
        """Two markets, and collaterals up to the cap and one more."""
        for name in ("ETH", "BTC"):
            yield doors.list_underlying(self._at, OWNER, name=name, risk=self._risk)
        yield doors.set_feeder(self._at, OWNER, feeder=FEEDER, allowed=True)
        yield from self._prints()
        for token in ("FINE", "WETH", "FEE", *(each.name for each in _SPARES)):
            yield doors.list_collateral(self._at, OWNER, token=token, underlying=0, terms=HAIRCUTS)

    def _prints(self) -> Iterator[Step]:
        yield from (self._print(), self._print(number=1))

    def _changed(self, model: Model) -> Iterator[Step]:
        """Every parameter that is announced and enacted, by the owner alone."""
        risk = self._risk._replace(initial_rate=11 * PCT)
        changes = (
            doors.OPTIONS.of(underlying=0, risk=_OPTIONS), doors.OPTIONS.of(underlying=1, risk=_OPTIONS),
            doors.PORTFOLIO.of(underlying=0, risk=_PORTFOLIO), doors.RULES.of(rules=_RULES),
            doors.HAIRCUT.of(collateral=0, terms=HAIRCUTS._replace(haircut_initial=25 * PCT)),
            doors.GUARD.of(underlying=1, guard=oracle.PriceGuard(50 * PCT, 60, 0)),
            doors.DEPEG.of(terms=cash.DepegTerms(cash.NO_FEED, WAD, WAD)),
            doors.INTEREST.of(interest=cash.Interest(PCT, 5 * PCT, 50 * PCT, 80 * PCT, 10 * PCT)),
            doors.CAP.of(what=caps.BORROWING, number=0, amount=fixed.CAP),
            doors.AUCTION.of(terms=self.world.terms), doors.RISK.of(underlying=1, risk=risk),
        )  # fmt: skip
        for each in changes:
            yield from (each.enact(self._at, OWNER), each.schedule(self._at, STRANGER), each.schedule(self._at, OWNER))
        self._at += DELAY_SECS
        for each in changes:
            yield from (each.enact(self._at, STRANGER), each.enact(self._at, OWNER))
        yield from self._prints()

    def _funded(self, model: Model) -> Iterator[Step]:
        """Cash of the accounts."""
        for account in (*ALL, _CROWD, _PARTNER):
            yield doors.mint(self._at, STRANGER, token="USDC", to=account.owner, amount_raw=1_000 * RICH_RAW)
            yield doors.set_operator(self._at, account.owner, account=account, operator=BROKER, allowed=True)
            yield self._pay(account, RICH_RAW * (100 if account == MAKER else 1))

    def _opened(self, model: Model) -> Iterator[Step]:
        """The soonest expiry and one a second sooner, the farthest and one beyond, the same twice, one too many."""
        self._near, self._far = self._at + oracle.WINDOW + 1, self._at + _TERM_SECS
        last = self._at + _FARTHEST_SECS
        yield self._open(self._near, by=STRANGER)
        for expiry in (self._near - 1, self._near, self._near, last + 1, self._far, self._far):
            yield self._open(expiry)
        for place in range(market.MAX_EXPIRIES + 1):
            yield self._open(self._far + place, number=1)
        yield self._open(self._far, number=9)

    def _open(self, expiry: int, by: str = OWNER, number: int = 0) -> Step:
        return doors.open_expiry(self._at, by, underlying=number, expiry=expiry)

    def _quoted(self, model: Model) -> Iterator[Step]:
        """Forwards and surfaces that count, and those that are refused."""
        yield from (self._forward(self._near, 102), self._forward(self._far, 103, by=STRANGER))
        for price in (0, fixed.CAP + 1):
            yield self._forward(self._far, 0, price_wad=price)
        yield from (self._forward(self._far + 1, 103), self._forward(self._far, 103), self._forward(self._far, 105))
        yield from (self._surface(self._near, 50), self._surface(self._far, 60, by=STRANGER))
        yield from (self._surface(self._far + 1, 60), self._surface(self._far, 60), self._surface(self._far, 70))
        yield from (self._forward(self._far, 101, number=1), self._surface(self._far, 80, number=1))

    def _forward(
        self, expiry: int, percent: int, by: str = FEEDER, number: int = 0, price_wad: int | None = None
    ) -> Step:
        forward = PRICE * percent // 100 if price_wad is None else price_wad
        return doors.publish_forward(
            self._at, by, underlying=number, expiry=expiry, forward_wad=forward, rate_wad=2 * PCT, confidence_wad=WAD,
            published_at=self._at,
        )  # fmt: skip

    def _surface(self, expiry: int, percent: int, by: str = FEEDER, number: int = 0) -> Step:
        """The same vol at every strike, in percent of a year."""
        svi = Svi(a=percent * percent * WAD // 10_000, ref_secs=option.YEAR, ref_forward=PRICE)
        return doors.publish_surface(
            self._at, by, underlying=number, expiry=expiry, svi=svi, confidence_wad=WAD, published_at=self._at
        )

    def _at_mark(
        self, model: Model, taker: AccountId, instrument: int, size: int, maker: AccountId = MAKER
    ) -> Iterator[Step]:
        """A trade at the mark, where there is one."""
        if found := self._quotation(model, instrument):
            yield self._order(maker, taker, size, found, instrument)

    def _quotation(self, model: Model, instrument: int) -> int:
        """The mark of an instrument [wad]; 0 where it has none."""
        if market.expiry_of(instrument) <= self._at:
            return 0
        return max(1, model.vault.quotation(instrument, now=self._at)[0])

    def _dated(self, model: Model) -> Iterator[Step]:
        """Futures on either side, when the forward moves, and when they are closed."""
        near, far = (_future(each) for each in (self._near, self._far))
        for account, instrument, units in ((ALICE, far, 10), (BOB, far, -4), (BOB, near, 7), (CAROL, near, -5)):
            yield from self._at_mark(model, account, instrument, units * WAD)
        for percent in (108, 99):
            self._at += 1
            yield self._forward(self._far, percent)
            yield from (self._pay(ALICE, 1), self._pay(BOB, 1))
        yield from self._at_mark(model, BOB, far, 4 * WAD)
        yield from self._at_mark(model, ALICE, far, 2_000 * WAD)

    def _optioned(self, model: Model) -> Iterator[Step]:
        """Options bought and sold, alone and against each other, in both markets."""
        held = ((ALICE, market.CALL, 110, 5), (BOB, market.CALL, 100, -5), (BOB, market.CALL, 120, 5),
                (CAROL, market.PUT, 95, -5), (CAROL, market.PUT, 80, 3), (ALICE, market.PUT, 90, -2))  # fmt: skip
        for account, kind, percent, units in held:
            for number in (0, 1):
                yield from self._at_mark(model, account, self._option(kind, percent, number), units * WAD)
        yield from self._at_mark(model, BOB, self._option(market.CALL, 100), -2_000 * WAD)
        self._at += 1
        yield from (self._surface(self._far, 90), self._pay(ALICE, 1), self._pay(BOB, 1), self._pay(CAROL, 1))

    def _option(self, kind: int, percent: int, number: int = 0) -> int:
        return market.instrument_of(number, kind, self._far, PRICE * percent // 100)

    def _moded(self, model: Model) -> Iterator[Step]:
        """Portfolio mode: of accounts that pass in it and one that does not, and at a price that is too old."""
        mode = accounts.PORTFOLIO
        yield self._deal(HER_OTHER, 400)
        for account in (ALICE, BOB, CAROL, HER_OTHER):
            yield doors.set_mode(self._at, account.owner, account=account, mode=mode)
        yield from (self._deal(HER_OTHER, -150), doors.set_mode(self._at, "alice", account=HER_OTHER, mode=mode))
        for account in (ALICE, BOB):
            yield from self._at_mark(model, account, self._option(market.PUT, 90), 3 * WAD)
            yield from self._at_mark(model, account, self._option(market.CALL, 110, 1), WAD)
        yield from (self._deal(ALICE, 3), self._print(PRICE * 97 // 100), self._pay(ALICE, 1), self._pay(BOB, 1))
        yield from (self._print(PRICE), self._print(number=1))
        yield from (self._deal(HER_OTHER, 100), self._take(HER_OTHER, RICH_RAW // 2))
        yield doors.set_mode(self._at, BROKER, account=BOB, mode=accounts.STANDARD)
        for account in (BOB, HER_OTHER):
            yield doors.set_mode(self._at, account.owner, account=account, mode=accounts.STANDARD)

    def _settled(self, model: Model) -> Iterator[Step]:
        """The window before an expiry, its end, and what is paid then."""
        near, everyone = _future(self._near), (BOB, CAROL, MAKER)
        for at, percent in ((self._near - oracle.WINDOW // 2, 104), (self._near - 60, 106)):
            self._at = at
            yield from (self._print(PRICE * percent // 100), self._pay(BOB, 1), self._pay(CAROL, 1))
            yield from self._at_mark(model, BOB, near, WAD)
        yield self._settle(everyone)
        self._at = self._near
        yield from (self._order(MAKER, BOB, WAD, PRICE, near), self._settle(everyone), self._print())
        yield from (self._pay(BOB, 1), self._settle(everyone), self._settle(everyone))
        yield from (self._forward(self._near, 100), self._print(PRICE), self._print(number=1))

    def _settle(self, some: Sequence[AccountId]) -> Step:
        return doors.settle(self._at, STRANGER, underlying=0, expiry=self._near, accounts=tuple(some))

    def _capped(self, model: Model) -> Iterator[Step]:
        """Caps of the vault at what there is: one more of anything is refused, and what reduces is not."""
        ledger = model.vault.ledger
        yield doors.schedule_cap(self._at, OWNER, what="nothing", number=0, amount=1)
        for what, number, amount in (
            ("nothing", 0, 1), (caps.COLLATERAL, 0, ledger.assets[0].total_raw + 1), (caps.BORROWING, 0, 1),
            (caps.INTEREST, 0, ledger.caps.interests[0] + WAD),
        ):  # fmt: skip
            yield doors.enact_cap(self._at, OWNER, what=what, number=number, amount=amount)
        yield doors.mint(self._at, STRANGER, token="WETH", to="bob", amount_raw=3)
        for raw in (1, 1):
            yield doors.deposit_collateral(self._at, "bob", account=BOB, collateral=0, amount_raw=raw)
        for units in (1, 1, -1):
            yield self._deal(BOB, units)
        yield self._take(CAROL, max(0, ledger.holders[CAROL].principal) // 10**12 + 1)
        for what in (caps.COLLATERAL, caps.BORROWING, caps.INTEREST):
            loose = doors.CAP.of(what=what, number=0, amount=0)
            yield from (loose.enact(self._at, OWNER), loose.schedule(self._at, OWNER))

    def _crowded(self, model: Model) -> Iterator[Step]:
        """As many positions as an account holds, and one more."""
        for place in range(accounts.MAX_POSITIONS + 1):
            instrument = self._option(market.CALL if place % 2 else market.PUT, 80 + place)
            yield from self._at_mark(model, _CROWD, instrument, WAD // 1_000, _PARTNER)
        self._at += self._risk.heartbeat_secs + 1
        yield doors.set_mode(self._at, "bob", account=BOB, mode=accounts.PORTFOLIO)


def _future(expiry: int) -> int:
    return market.instrument_of(0, market.FUTURE, expiry, 0)
