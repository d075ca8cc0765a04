"""Random trades: perps, futures and options that two accounts can just afford, spreads in batches, closings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import account as accounts, fixed, market, standard
from crossvault.mirror.account import AccountId
from crossvault.mirror.standard import Exposure, HeldOption, Level
from crossvault.walks.base import BROKER, USUAL_PRICES, WAD
from crossvault.walks.price_moves import ListedExpiry, PriceMoves

_OPTIONS = (market.CALL, market.PUT)


class TradeMoves(PriceMoves):
    """Trades of a broker for two accounts."""

    def _trade(self, model: Model) -> Step:
        random = self._random
        maker, taker = random.sample(self._idle(model), 2)
        if random.random() < 0.3 and (closing := self._closing(model)):
            return closing
        instrument = self._instrument(model)
        mark, band = self._quotation(model, instrument) or (self._prices.get(0, WAD), 0)
        size = self._size(model, maker, taker, instrument)
        if random.random() < 0.02:
            size = random.choice((0, 1, -1, fixed.CAP, -fixed.CAP - 1, 2**255 - 1, -(2**255)))
        return self._deal(maker, taker, instrument, size, self._offered(mark, band))

    def _deal(self, maker: AccountId, taker: AccountId, instrument: int, size: int, price: int) -> Step:
        sender = BROKER if self._random.random() < 0.98 else self._random.choice((taker.owner, maker.owner))
        return doors.trade(
            self._at, sender, maker=maker, taker=taker, instrument=instrument, size=size, price_wad=price
        )

    def _offered(self, mark: int, band: int) -> int:
        """A price at the mark, within its band, at its edges or just beyond."""
        low, high = mark - min(mark, band), mark + band
        edges = low, high, high + 1, low - 1
        usual = mark, mark, mark, self._random.randint(low, high), self._random.randint(low, high)
        return max(0 if self._random.random() < 0.05 else 1, self._random.choice(usual * 4 + edges))

    def _instrument(self, model: Model) -> int:
        """A perp, or something dated: mostly of an expiry that can be priced."""
        random = self._random
        if random.random() < 0.3:
            return market.perp(random.choices((0, 1, 2, 8), (50, 40, 10, 1))[0])
        held = [each for account in self.accounts for each in accounts.instruments(model.vault.ledger.holders[account])]
        dated = [each for each in held if market.expiry_of(each)]
        if dated and random.random() < 0.4:
            return random.choice(dated)
        term = self._priced_term(model)
        if random.random() < 0.3:
            return market.instrument_of(term.underlying, market.FUTURE, term.expiry, 0)
        return self._option(term)

    def _priced_term(self, model: Model) -> ListedExpiry:
        """Mostly an expiry whose forward and surface are fresh, else any."""
        curves = model.vault.ledger.curves
        known = [each for each in self._open(model) if each.expiry > self._at]
        priced = [each for each in known if curves[market.term_of(*each)].surface_published_at]
        fresh = [each for each in priced if self._quotation(model, self._option(each)) is not None]
        return self._random.choice(fresh) if fresh and self._random.random() < 0.95 else self._term(model)

    def _option(self, term: ListedExpiry) -> int:
        return market.instrument_of(*self._of_kind(term, self._random.choice(_OPTIONS)), self._strike(term))

    def _of_kind(self, term: ListedExpiry, kind: int) -> tuple[int, int, int]:
        return term.underlying, kind, term.expiry

    def _strike(self, term: ListedExpiry) -> int:
        """One of few, around the index; sometimes far out."""
        grid = USUAL_PRICES.get(term.underlying, WAD) // 10
        near = round(self._prices.get(term.underlying, WAD) / grid)
        apart = self._random.choice((-2, -1, 0, 0, 1, 2))
        if self._random.random() < 0.06:
            return self._random.choice((1, grid, grid * near * 8, fixed.CAP, 0))
        return grid * max(1, near + apart)

    def _size(self, model: Model, maker: AccountId, taker: AccountId, instrument: int) -> int:
        """A size that both sides can margin, or a little more than one of them can."""
        random = self._random
        sign = random.choice((-1, 1))
        free = self._free(model, maker), self._free(model, taker)
        needs = self._need(model, instrument, -sign), self._need(model, instrument, sign)
        carried = [money * WAD // max(1, need) for money, need in zip(free, needs, strict=True)]
        most = min(carried) if random.random() < 0.9 else max(carried)
        size = self._near(most) if random.random() < 0.3 else random.randrange(most // 4, most + 2)
        return min(size, 2**255 - 1) * sign

    def _need(self, model: Model, instrument: int, sign: int) -> int:
        """Initial margin requirement of one more unit of an instrument, roughly [wad]."""
        state = model.vault.ledger
        underlying, kind = market.underlying_of(instrument), market.kind_of(instrument)
        if underlying >= len(state.risks):
            return WAD
        mark = (self._quotation(model, instrument) or (WAD, 0))[0]
        risk, price = state.risks[underlying], state.prices[underlying]
        shaky = standard.doubt_rate(risk, price.confidence) + WAD // 100
        if kind not in _OPTIONS:
            offset = abs(price.index - price.stable)
            return mark * (risk.initial_rate + risk.base_rate + shaky) // WAD + offset
        if sign > 0:
            return mark + price.index * shaky // WAD
        exposure = Exposure(risk=risk, option_risk=state.option_risks[underlying])
        exposure.index_wad, exposure.stable_wad = max(1, price.index), max(1, price.stable)
        line = HeldOption(strike_wad=market.strike_of(instrument), is_call=kind == market.CALL, mark_wad=mark)
        return standard.short_requirement(exposure, line, Level.INITIAL) + price.index * shaky // WAD

    def _closing(self, model: Model) -> Step | None:
        """A trade between two accounts with opposite positions."""
        random, holders = self._random, model.vault.ledger.holders
        taker = random.choice(self._idle(model))
        if not accounts.instruments(holders[taker]):
            return None
        instrument = random.choice(accounts.instruments(holders[taker]))
        size = accounts.entry(holders[taker], instrument).size
        others = [each for each in self._idle(model) if accounts.entry(holders[each], instrument).size * size < 0]
        maker = random.choice(others or [each for each in self.accounts if each != taker])
        met = min(abs(size), abs(accounts.entry(holders[maker], instrument).size)) or abs(size)
        part = random.choice((met, met, met, abs(size), random.randrange(met) + 1, 2 * met))
        mark, band = self._quotation(model, instrument) or (WAD, 0)
        return self._deal(maker, taker, instrument, -part if size > 0 else part, self._offered(mark, band))

    def _collect(self, model: Model) -> Step:
        """Tiny positions for one account, until it holds the limit."""
        taker, maker = self.accounts[-1], self._random.choice(self.accounts[:-1])
        term = self._priced_term(model)
        grid = USUAL_PRICES.get(term.underlying, WAD) // 10
        calls = []
        for _ in range(self._random.choice((1, 3, 6))):
            strike = grid * self._random.randint(1, 30)
            instrument = market.instrument_of(*self._of_kind(term, self._random.choice(_OPTIONS)), strike)
            mark, _ = self._quotation(model, instrument) or (WAD, 0)
            step = self._deal(maker, taker, instrument, 10**12, max(1, mark))
            calls.append(doors.call_of(step))
        return doors.batch(self._at, BROKER, calls=tuple(calls))

    def _batch(self, model: Model) -> Step:
        """A batch, mostly of doors that may be batched."""
        if self._random.random() < 0.6:
            return self._spread(model)
        moves = {move.__name__: move for move in (self._trade, *self._batched())}
        weights = {name: 3 if name == "_trade" else 1 for name in moves}
        calls = []
        for _ in range(self._random.choice((1, 2, 2, 2, 3))):
            good, key = self._random.random() < 0.99, self._random.getrandbits(64)
            odd = self._random.choice((self._settle, self._pause, self._forward))
            step = (moves[self._race(weights, key)] if good else odd)(model)
            calls.append(doors.call_of(step))
        sender = BROKER if self._random.random() < 0.97 else self._account().owner
        return doors.batch(self._at, sender, calls=tuple(calls))

    def _batched(self) -> list[Callable[[Model], Step]]:
        """Moves besides trades that may be batched."""
        return []

    def _spread(self, model: Model) -> Step:
        """Some options of one expiry, and perhaps its future, between two accounts: the short legs first."""
        random = self._random
        maker, taker = random.sample(self._idle(model), 2)
        term = self._priced_term(model)
        grid, strike = USUAL_PRICES.get(term.underlying, WAD) // 10, self._strike(term)
        call, put = (partial(market.instrument_of, *self._of_kind(term, kind)) for kind in _OPTIONS)
        future = market.instrument_of(term.underlying, market.FUTURE, term.expiry, 0)
        width = grid * random.choice((1, 1, 2, 5))
        legs = random.choice(
            (
                ((call(strike), -1), (call(strike + width), 1)),
                ((put(strike + width), -1), (put(strike), 1)),
                ((call(strike + width), -1), (call(strike), 1)),
                ((call(strike), -1), (put(strike), -1), (call(strike + width), 1)),
                ((call(strike), -1), (put(strike), 1), (future, 1)),
                ((call(strike), -2), (call(strike + width), 1), (call(max(1, strike - width)), 1)),
            )
        )
        free = min(self._free(model, maker), self._free(model, taker))
        most = (
            2 * free * WAD // self._prices.get(term.underlying, WAD) if legs[-1][0] == future else free * WAD // width
        )
        unit = random.randrange(1, max(2, most))
        calls = []
        for instrument, count in legs:
            mark, band = self._quotation(model, instrument) or (WAD, 0)
            step = self._deal(maker, taker, instrument, count * unit, self._offered(mark, band // 8))
            calls.append(doors.call_of(step))
        return doors.batch(self._at, BROKER, calls=tuple(calls))
