"""Converts a random market and some of its accounts to steps, so that a chain can hold the same books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crossvault.differential import doors
from crossvault.differential.feeder import Feeder
from crossvault.differential.step import Step, TokenSpec, World
from crossvault.mirror import liquidation, market, ruleset
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import WAD
from crossvault.sweep import units
from crossvault.sweep.instruments import Market
from crossvault.sweep.population import Population

OWNER, GOVERNOR, FEEDER, QUOTE = "holder", "gov", "feed", "USDC"
DEPOSIT_RAW = 10**15
COUNTERPARTIES = 10**6  # from this number on: the other side of every trade
TERMS = liquidation.AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)


def world_of(self: Market) -> World:
    """The world before the first step: the quote token, and one token for each collateral."""
    tokens = [TokenSpec(f"T{i}", asset.decimals) for i, asset in enumerate(self.state.assets)]
    return World((TokenSpec(QUOTE, 6), *tokens), QUOTE, GOVERNOR, 0, TERMS, self.now)


def accounts_of(population: Population) -> list[AccountId]:
    """The accounts that the steps open."""
    return [AccountId(OWNER, i) for i in range(len(population))]


def steps_of(self: Market, population: Population) -> Iterator[Step]:
    """Yields the steps that list a market and open the positions of accounts at mark, in their margin mode."""
    yield from _listing(self)
    yield from _prices(self)
    yield from _accounts(self, population)
    for account, mode in zip(accounts_of(population), population.modes.tolist(), strict=True):
        if mode:
            yield doors.set_mode(self.now, OWNER, account=account, mode=mode)


def _listing(self: Market) -> Iterator[Step]:
    """Steps that list underlyings and collateral, with the parameters of both margin methods."""
    state, at = self.state, self.now
    yield doors.set_feeder(at, GOVERNOR, feeder=FEEDER, allowed=True)
    for i, name in enumerate(state.names):
        yield doors.list_underlying(at, GOVERNOR, name=name, risk=state.risks[i])
    for i, asset in enumerate(state.assets):
        yield doors.list_collateral(at, GOVERNOR, token=f"T{i}", underlying=asset.underlying, terms=asset.terms)
    for verb in doors.VERBS:
        yield doors.RULES.by(verb)(at, GOVERNOR, rules=state.model.data.rules)
        for i in range(self.underlyings):
            yield doors.OPTIONS.by(verb)(at, GOVERNOR, underlying=i, risk=state.option_risks[i])
            yield doors.PORTFOLIO.by(verb)(at, GOVERNOR, underlying=i, risk=ruleset.risk_of(state.model.data, i))


def _prices(self: Market) -> Iterator[Step]:
    """Steps that publish every price, and every expiry with its forward and surface."""
    at = self.now
    for i in range(self.underlyings):
        price = self.state.prices[i]
        yield Feeder(FEEDER, price.confidence).price(at, i, price.index, price.premium)
    for each in self.instruments:
        if market.kind_of(each) != market.FUTURE:
            continue
        curve, underlying, expiry = self.curve(each), market.underlying_of(each), market.expiry_of(each)
        yield doors.open_expiry(at, GOVERNOR, underlying=underlying, expiry=expiry)
        feeder = Feeder(FEEDER, curve.confidence)
        yield feeder.forward(at, underlying, expiry, curve.forward, curve.rate)
        yield feeder.surface(at, underlying, expiry, curve.svi)


def _accounts(self: Market, population: Population) -> Iterator[Step]:
    """Steps that deposit cash and collateral, and trade against a counterparty of each account."""
    ids, at = accounts_of(population), self.now
    yield doors.mint(at, "faucet", token=QUOTE, to=OWNER, amount_raw=2 * DEPOSIT_RAW * (len(ids) + 1))
    balances, width = population.balances.ints(), population.balances.whole.shape[1]
    for i, account in enumerate(ids):
        for each in (account, _counterparty(account)):
            yield doors.deposit_cash(at, OWNER, account=each, amount_raw=DEPOSIT_RAW)
        for number, raw in enumerate(balances[i * width : (i + 1) * width]):
            if raw:
                yield doors.mint(at, "faucet", token=f"T{number}", to=OWNER, amount_raw=raw)
                yield doors.deposit_collateral(at, OWNER, account=account, collateral=number, amount_raw=raw)
    columns = units.units_of(self).columns
    yield from _trades(self, population, [each.mark for each in columns], ids)


def _trades(self: Market, population: Population, marks: Sequence[int], ids: Sequence[AccountId]) -> Iterator[Step]:
    held = zip(population.owners().tolist(), population.columns.tolist(), population.sizes.ints(), strict=True)
    for owner, column, size in held:
        yield doors.trade(
            self.now, OWNER, maker=_counterparty(ids[owner]), taker=ids[owner], instrument=self.instruments[column],
            size=size, price_wad=max(1, marks[column]),
        )  # fmt: skip


def _counterparty(account: AccountId) -> AccountId:
    return AccountId(account.owner, account.number + COUNTERPARTIES)
