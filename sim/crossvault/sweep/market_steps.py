"""A drawn market and some of its accounts as steps, so that the same books can be had on a chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crossvault.differential.step import Step, TokenSpec, World
from crossvault.mirror import liquidation, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import WAD
from crossvault.sweep import units
from crossvault.sweep.instruments import Market
from crossvault.sweep.population import Population

OWNER, GOVERNOR, FEEDER, QUOTE = "crowd", "gov", "feed", "USDC"
DEPOSIT_RAW = 10**15
COUNTERPARTS = 10**6  # from this number on: the other side of every trade
TERMS = liquidation.AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)


def world_of(self: Market) -> World:
    """What there is before the first step: the quote token, and one token for each collateral."""
    tokens = [TokenSpec(f"T{i}", asset.decimals) for i, asset in enumerate(self.state.assets)]
    return World((TokenSpec(QUOTE, 6), *tokens), QUOTE, GOVERNOR, 0, TERMS, self.now)


def accounts_of(population: Population) -> list[AccountId]:
    """The accounts that the steps fill."""
    return [AccountId(OWNER, i) for i in range(len(population))]


def steps_of(self: Market, population: Population) -> Iterator[Step]:
    """A market, and the positions of some accounts at mark, each with much cash, in the mode of the population."""
    yield from _listing(self)
    yield from _prices(self)
    yield from _accounts(self, population)
    for account, mode in zip(accounts_of(population), population.modes.tolist(), strict=True):
        if mode:
            yield Step(self.now, OWNER, "set_mode", {"account": account, "mode": mode})


def _listing(self: Market) -> Iterator[Step]:
    """Underlyings, collateral and the parameters of both ways of margin."""
    state, at = self.state, self.now
    yield Step(at, GOVERNOR, "set_feeder", {"feeder": FEEDER, "allowed": True})
    for i, name in enumerate(state.names):
        yield Step(at, GOVERNOR, "list_underlying", {"name": name, "risk": state.risks[i]})
    for i, asset in enumerate(state.assets):
        args = {"token": f"T{i}", "underlying": asset.underlying, "terms": asset.terms}
        yield Step(at, GOVERNOR, "list_collateral", args)
    changes: list[tuple[str, dict[str, object]]] = [("rules", {"rules": state.rules})]
    for i in range(self.underlyings):
        changes.append(("options", {"underlying": i, "risk": state.option_risks[i]}))
        changes.append(("portfolio", {"underlying": i, "risk": state.portfolio_risks[i]}))
    for verb in ("schedule", "enact"):
        for what, args in changes:
            yield Step(at, GOVERNOR, f"{verb}_{what}", args)


def _prices(self: Market) -> Iterator[Step]:
    """Every price, and every expiry with its forward and its surface."""
    at = self.now
    for i in range(self.underlyings):
        price = self.state.prices[i]
        args = {"underlying": i, "index_wad": price.index, "premium_wad": price.premium}
        yield Step(at, FEEDER, "publish_price", {**args, "confidence_wad": price.confidence, "published_at": at})
    for each in self.instruments:
        if market.kind_of(each) != market.FUTURE:
            continue
        curve, where = self.curve(each), {"underlying": market.underlying_of(each), "expiry": market.expiry_of(each)}
        yield Step(at, GOVERNOR, "open_expiry", where)
        sure = {"confidence_wad": curve.confidence, "published_at": at}
        forward = {**where, "forward_wad": curve.forward, "rate_wad": curve.rate, **sure}
        yield Step(at, FEEDER, "publish_forward", forward)
        yield Step(at, FEEDER, "publish_surface", {**where, "svi": curve.svi, **sure})


def _accounts(self: Market, population: Population) -> Iterator[Step]:
    """Cash, collateral and trades, each against a counterpart of the account."""
    ids, at = accounts_of(population), self.now
    yield Step(at, "faucet", "mint", {"token": QUOTE, "to": OWNER, "amount_raw": 2 * DEPOSIT_RAW * (len(ids) + 1)})
    balances, width = population.balances.ints(), population.balances.whole.shape[1]
    for i, account in enumerate(ids):
        for each in (account, _counterpart(account)):
            yield Step(at, OWNER, "deposit_cash", {"account": each, "amount_raw": DEPOSIT_RAW})
        for number, raw in enumerate(balances[i * width : (i + 1) * width]):
            if raw:
                yield Step(at, "faucet", "mint", {"token": f"T{number}", "to": OWNER, "amount_raw": raw})
                args = {"account": account, "collateral": number, "amount_raw": raw}
                yield Step(at, OWNER, "deposit_collateral", args)
    columns = units.units_of(self).columns
    yield from _trades(self, population, [each.mark for each in columns], ids)


def _trades(self: Market, population: Population, marks: Sequence[int], ids: Sequence[AccountId]) -> Iterator[Step]:
    held = zip(population.owners().tolist(), population.columns.tolist(), population.sizes.ints(), strict=True)
    for owner, column, size in held:
        args = {"maker": _counterpart(ids[owner]), "taker": ids[owner], "instrument": self.instruments[column]}
        yield Step(self.now, OWNER, "trade", {**args, "size": size, "price_wad": max(1, marks[column])})


def _counterpart(account: AccountId) -> AccountId:
    return AccountId(account.owner, account.number + COUNTERPARTS)
