"""The accounts with the highest gas: every collateral, up to 32 positions, interest, funding, low confidences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ParamSpec

from crossvault.differential import doors
from crossvault.differential.feeder import Feeder
from crossvault.differential.model import Model
from crossvault.differential.step import CHAIN_ID, EXCHANGE, VAULT, Step, TokenSpec, World
from crossvault.evm.chain import Chain
from crossvault.evm.deploy import GAS
from crossvault.mirror import cash, collateral, correlation, liquidation, market, oracle, portfolio, shock
from crossvault.mirror.account import MAX_OPTIONS, PORTFOLIO, STANDARD, AccountId
from crossvault.mirror.exchange import Match, Order, Signature
from crossvault.mirror.fixed import WAD
from crossvault.mirror.stress import Rules
from crossvault.mirror.surface import Svi

P = ParamSpec("P")
AT = 1_700_000_000
DAY = 86_400
COUNT = 8
FEEDER = Feeder("feed", WAD // 4)
ALICE, BOB, CAROL, DAVE = (AccountId(name) for name in ("alice", "bob", "carol", "dave"))
TERMS = liquidation.AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
TOKENS = (TokenSpec("USDC", 6), *(TokenSpec(f"T{i}", 18) for i in range(COUNT)))
WORLD = World(TOKENS, "USDC", "gov", 0, TERMS, AT)
EXPIRIES = [AT + (40 + i) * DAY for i in range(market.MAX_EXPIRIES)]
PRICES = [100 * WAD] * (COUNT - 1) + [WAD * 95 // 100]  # the last is the quote token's own, and below its peg
RISK = market.MarketRisk(
    heartbeat_secs=365 * DAY, mark_band=WAD // 20, trade_band=WAD // 2, initial_rate=WAD // 10, base_rate=WAD // 20,
    impact_rate=WAD // 10, maintenance_rate=WAD // 20, maintenance_scale=WAD // 2, spread_rate=WAD // 100,
    profit_weight=WAD // 2, confidence_threshold=WAD // 2, confidence_factor=WAD // 50, funding_base=10**14,
    funding_cap=WAD // 100, skew_scale=10**6 * WAD,
)  # fmt: skip
OPTIONS = market.OptionRisk(
    365 * DAY, WAD, WAD * 15 // 100, WAD // 10, WAD * 75 // 1000, WAD * 75 // 1000, WAD // 10, WAD * 105 // 100,
    WAD * 11 // 10, WAD,
)  # fmt: skip
FAIR, NOTHING = (collateral.HaircutTerms(haircut, haircut, 10**6 * WAD) for haircut in (WAD // 10, WAD))
SVI = Svi(WAD // 10, WAD // 10, -WAD // 4, 0, WAD // 4, 365 * DAY, 100 * WAD)
PERCENT = WAD // 100
PORTFOLIO_RISK = portfolio.PortfolioRisk(
    shock.VolRisk(50 * PERCENT, 27 * PERCENT, 45 * PERCENT, 30 * PERCENT, 13 * PERCENT, DAY),
    shock.SkewRisk(15 * PERCENT, -5 * PERCENT, 15 * PERCENT, -5 * PERCENT, PERCENT, 4 * WAD, 60 * PERCENT, -PERCENT),
    shock.RateRisk(95 * PERCENT, WAD, 8 * PERCENT, 104 * PERCENT, WAD // 2, 8 * PERCENT),
    portfolio.BasisRisk(4 * PERCENT, -4 * PERCENT, WAD // 2, 2 * WAD),
    portfolio.Contingency(2 * PERCENT, PERCENT, PERCENT, PERCENT // 2, WAD // 2, WAD // 50),
)


def rules(scenarios: int) -> Rules:
    """A number of scenarios, in which adjacent ones have different spot shocks."""
    moves = [(1 if k % 2 else -1) * (k + 1) * PERCENT for k in range(scenarios)]
    made = tuple(shock.Scenario(move, WAD, k % shock.MODES) for k, move in enumerate(moves))
    terms = correlation.LossTerms(20 * PERCENT, 20 * PERCENT, 10 * PERCENT, WAD, WAD, WAD, WAD)
    return Rules(made, terms, correlation.Matrix(*[(WAD // 2,) * correlation.MAX_PAIRS] * 2))


def _strike(underlying: int, place: int) -> int:
    return PRICES[underlying] * (70 + 2 * place) // 100


def _option(underlying: int, expiry: int, place: int) -> int:
    kind = market.CALL if place % 2 else market.PUT
    return market.instrument_of(underlying, kind, EXPIRIES[expiry], _strike(underlying, place))


def mixed(count: int) -> list[int]:
    """A perp, a future, and options of two further expiries, underlying by underlying."""
    kinds = [
        lambda i: market.perp(i),
        lambda i: market.instrument_of(i, market.FUTURE, EXPIRIES[0], 0),
        lambda i: _option(i, 1, 13),
        lambda i: _option(i, 2, 16),
    ]
    wide = [kinds[(place + place // COUNT) % len(kinds)](place % COUNT) for place in range(4 * COUNT)]
    return [_option(0, 0, 13)] if count == 1 else wide[:count]


PORTFOLIOS = {
    "1 position": mixed(1),
    "8 positions": mixed(8),
    "32 positions": mixed(32),
    "32 options, 1 expiry": [_option(0, 0, place) for place in range(32)],
    "32 options, 32 expiries": [_option(place % COUNT, place // COUNT, 10 + place % 12) for place in range(32)],
}

# in portfolio mode: as many options as it takes, each of another expiry
PORTFOLIO_MODE_ACCOUNTS = {
    "1 option": mixed(1),
    "8 positions": mixed(8),
    "12 options, 1 expiry": [_option(0, 0, 10 + place) for place in range(MAX_OPTIONS)],
    "12 options of 32 positions": [
        *(market.perp(i) for i in range(COUNT)),
        *(market.instrument_of(i % COUNT, market.FUTURE, EXPIRIES[3 + i // COUNT], 0) for i in range(12)),
        *(_option(place % COUNT, place // COUNT, 10 + place % 12) for place in range(MAX_OPTIONS)),
    ],
}


def _size(place: int) -> int:
    """The size that the taker buys: long and short in turn, so that both sides have shorts."""
    return WAD if place % 4 < 2 else -WAD


def listing() -> Iterator[Step]:
    """Listings up to every cap: underlyings, collaterals, expiries, with all optional terms in force."""
    yield doors.set_feeder(AT, "gov", feeder="feed", allowed=True)
    for i in range(COUNT):
        yield doors.list_underlying(AT, "gov", name=f"U{i}", risk=RISK)
        yield doors.list_collateral(AT, "gov", token=f"T{i}", underlying=i, terms=FAIR)
        yield from _changed(doors.OPTIONS, AT, underlying=i, risk=OPTIONS)
        yield from _changed(doors.GUARD, AT, underlying=i, guard=oracle.PriceGuard(WAD // 10, 60, 10**10))
    yield from _changed(doors.DEPEG, AT, terms=cash.DepegTerms(COUNT - 1, WAD * 98 // 100, WAD))
    interest = cash.Interest(WAD // 50, WAD // 10, WAD, WAD * 8 // 10, WAD // 10)
    yield from _changed(doors.INTEREST, AT, interest=interest)
    yield from prints(AT, 100)
    for i in range(COUNT):
        for expiry in EXPIRIES:
            yield doors.open_expiry(AT, "gov", underlying=i, expiry=expiry)
            yield forward(AT, i, expiry)
            yield surface(AT, i, expiry)


def _changed(change: doors.DelayedChange[P], at: int, *args: P.args, **kwargs: P.kwargs) -> Iterator[Step]:
    yield change.schedule(at, "gov", *args, **kwargs)
    yield change.enact(at, "gov", *args, **kwargs)


def haircuts(at: int, terms: collateral.HaircutTerms) -> Iterator[Step]:
    """Changes the haircuts of every collateral."""
    for i in range(COUNT):
        yield from _changed(doors.HAIRCUT, at, collateral=i, terms=terms)


def price(at: int, underlying: int, percent: int) -> Step:
    return FEEDER.price(at, underlying, PRICES[underlying] * percent // 100, 10**14)


def prints(at: int, percent: int) -> Iterator[Step]:
    for i in range(COUNT):
        yield price(at, i, percent)


def forward(at: int, underlying: int, expiry: int) -> Step:
    return FEEDER.forward(at, underlying, expiry, PRICES[underlying] * 101 // 100, WAD // 20)


def surface(at: int, underlying: int, expiry: int) -> Step:
    svi = SVI._replace(ref_secs=expiry - at, ref_forward=PRICES[underlying] * 101 // 100)
    return FEEDER.surface(at, underlying, expiry, svi)


def portfolio_margin(scenarios: int) -> Iterator[Step]:
    """Portfolio margin of every underlying, and every account in that mode."""
    for i in range(COUNT):
        yield from _changed(doors.PORTFOLIO, AT, underlying=i, risk=PORTFOLIO_RISK)
    yield from _changed(doors.RULES, AT, rules=rules(scenarios))
    for account in (ALICE, BOB, CAROL, DAVE):
        yield doors.set_mode(AT, account.owner, account=account, mode=PORTFOLIO)


def funding() -> Iterator[Step]:
    """Accounts with every collateral; the first has a loan, the last lends."""
    for account in (ALICE, BOB, CAROL, DAVE):
        yield doors.mint(AT, "faucet", token="USDC", to=account.owner, amount_raw=10**15)
        for operator in ("broker", EXCHANGE):
            yield doors.set_operator(AT, account.owner, account=account, operator=operator, allowed=True)
        if account != ALICE:
            yield doors.deposit_cash(AT, account.owner, account=account, amount_raw=10**14)
        for i in range(COUNT):
            yield doors.mint(AT, "faucet", token=f"T{i}", to=account.owner, amount_raw=10**22)
            yield doors.deposit_collateral(AT, account.owner, account=account, collateral=i, amount_raw=10**21)
    yield doors.withdraw_cash(AT, "alice", account=ALICE, amount_raw=10**11, to="alice")
    yield doors.fund_insurance(AT, "dave", amount_raw=10**12)


def trade(at: int, model: Model, instrument: int, size: int) -> Step:
    """A trade at the mark."""
    mark_wad, _ = model.vault.quotation(instrument, now=at)
    price_wad = max(mark_wad, 1)
    return doors.trade(at, "broker", maker=BOB, taker=ALICE, instrument=instrument, size=size, price_wad=price_wad)


def fill(at: int, model: Model, instrument: int) -> Step:
    """Two signed orders that meet at the mark."""
    mark_wad, _ = model.vault.quotation(instrument, now=at)
    maker = Order(BOB, instrument, -WAD, max(mark_wad, 1), at + DAY, 1)
    taker = Order(ALICE, instrument, WAD, max(mark_wad, 1), at + DAY, 2)
    bob, alice = (Signature(each.account.owner, each, CHAIN_ID, EXCHANGE) for each in (maker, taker))
    return doors.fill(at, "relayer", matches=(Match(maker, bob, taker, alice, WAD // 2),))


def _bid(at: int, fraction_wad: int) -> Step:
    return doors.bid(at, "carol", account=ALICE, bidder=CAROL, fraction_wad=fraction_wad, limit_wad=2**200)


class GasMeasurement:
    """Both sides with one portfolio, and the measured gas by row."""

    def __init__(self, instruments: Sequence[int], scenarios: int = 0) -> None:
        """Starts both sides; the accounts are in portfolio mode if there are scenarios."""
        self.instruments = instruments
        self.scenarios = scenarios
        self.gas: dict[str, int] = {}
        self.model, self.chain = Model(WORLD), Chain(WORLD)

    def play(self, steps: Iterator[Step]) -> None:
        """Plays steps without measuring them."""
        given = list(steps)
        outcomes = self.chain.play(given)
        assert outcomes == self.model.play(given)
        assert [(step, each.refusal) for step, each in zip(given, outcomes, strict=True) if each.refusal] == []

    def measure(self, step: Step, row: str = "") -> None:
        """Plays a step and records its gas."""
        [answer] = self.chain.simulate(step.at, [self.chain.transaction(step)])
        self.play(iter([step]))
        name = row or step.action
        self.gas[name] = max(self.gas.get(name, 0), int(answer["gasUsed"], 16))

    def measure_all(self) -> None:
        """Measures every door that moves money or prices, in an order in which none is refused."""
        self.play(listing())
        self.play(funding())
        if self.scenarios:
            self.play(portfolio_margin(self.scenarios))
        for place, instrument in enumerate(self.instruments):
            self._trade(AT, instrument, _size(place))
        assert len(self.model.vault.ledger.holders[ALICE].instruments) == len(self.instruments)
        self.play(prints(AT + 60, 101))
        self._views(AT + 90)
        self._money(AT + 120)
        self._prices(AT + 180)
        self._auction(AT + 240)
        self._settlement(EXPIRIES[-1] + 1)

    def _views(self, at: int) -> None:
        for view, args in (("metrics", {"account": ALICE}), ("snapshot", {"ids": (ALICE,)}), ("curves", {})):
            call = {"to": self.chain.names.address(VAULT), "input": self.chain.vault.call(view, args), "gas": GAS}
            [answer] = self.chain.simulate(at, [call])
            assert answer["status"] == "0x1", view
            self.gas[f"view {view}"] = int(answer["gasUsed"], 16)

    def _trade(self, at: int, instrument: int, size: int) -> None:
        kind = market.kind_of(instrument)
        name = "an option" if market.is_option(kind) else "a perp" if kind == market.PERP else "a future"
        self.measure(trade(at, self.model, instrument, size), f"trade {name}")

    def _money(self, at: int) -> None:
        for name, sign in (("raises", 1), ("lowers", -1)):
            self.measure(trade(at, self.model, self.instruments[-1], sign * _size(len(self.instruments) - 1) // 2),
                         f"trade that {name} the last position")  # fmt: skip
        self.measure(doors.deposit_cash(at + 1, "alice", account=ALICE, amount_raw=1))
        self.measure(doors.withdraw_cash(at + 2, "alice", account=ALICE, amount_raw=1, to="alice"))
        self.measure(doors.deposit_collateral(at + 3, "alice", account=ALICE, collateral=7, amount_raw=1))
        self.measure(doors.withdraw_collateral(at + 4, "alice", account=ALICE, collateral=7, amount_raw=1, to="alice"))
        trades = [trade(at + 5, self.model, each, WAD // 100) for each in (self.instruments[0], self.instruments[-1])]
        calls = tuple(doors.call_of(each) for each in trades)
        self.measure(doors.batch(at + 5, "broker", calls=calls), "batch of two trades")
        filled = fill(at + 6, self.model, self.instruments[-1])
        self.measure(filled, "fill of one match")
        if self.scenarios:
            for mode in (STANDARD, PORTFOLIO):
                self.measure(doors.set_mode(at + 6, "alice", account=ALICE, mode=mode))
        self.measure(doors.cancel(at + 7, "bob", order=filled.args["matches"][0].maker))

    def _prices(self, at: int) -> None:
        self.measure(price(at, 0, 101), "publish_price, 8 open expiries")
        self.measure(forward(at, 0, EXPIRIES[0]))
        self.measure(surface(at, 0, EXPIRIES[0]))

    def _auction(self, at: int) -> None:
        """Alice's account fails at haircuts of 100 % and recovers when they are lowered."""
        for terms in (NOTHING, FAIR):
            self.play(haircuts(at, terms))
            turn = doors.start_liquidation if terms == NOTHING else doors.end_liquidation
            self.measure(turn(at, "x", account=ALICE))
        self.play(haircuts(at, NOTHING))
        self.measure(doors.start_liquidation(at, "x", account=ALICE))
        self.measure(_bid(at + 60, WAD // 10), "bid for a part")
        later = at + TERMS.fast_secs + TERMS.slow_secs
        self.measure(doors.declare_insolvent(later, "x", account=ALICE))
        self.measure(_bid(later + 60, WAD), "bid for all, insolvent")

    def _settlement(self, at: int) -> None:
        self.measure(price(at, 0, 101), "publish_price, 8 expiries settle")
        expiries = [market.expiry_of(each) for each in self.instruments if market.underlying_of(each) == 0]
        for expiry in {each for each in expiries if each}:
            self.measure(doors.settle(at, "x", underlying=0, expiry=expiry, accounts=(BOB,)), "settle one account")
