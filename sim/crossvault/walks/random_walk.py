"""Random steps that keep accounts alive and near their limits, drawn from the state of the model and a seed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import VAULT, Outcome, Step
from crossvault.differential.story import Story
from crossvault.mirror import fixed, market
from crossvault.mirror.account import PORTFOLIO, AccountId
from crossvault.walks.base import (
    BROKER,
    COLLATERALS,
    FAUCET,
    FEEDER,
    GOVERNOR,
    PRICED_BY,
    START_AT,
    STRANGER,
    TOKENS,
    UNDERLYINGS,
    WAD,
)
from crossvault.walks.distress import DistressEpisodes
from crossvault.walks.streams import DRAWS
from crossvault.walks.variety import WalkParameters

__all__ = ["COLLATERALS", "START_AT", "UNDERLYINGS", "WAD", "Walk"]

Move = Callable[[Model], Step]


class Walk(DistressEpisodes):
    """A sequence of steps, each drawn from the state of the model."""

    def __init__(self, seed: int, steps: int, owners: int = 8, variety: WalkParameters | None = None) -> None:
        """variety: parameters other than those of a plain walk, owners included."""
        super().__init__(seed, variety or WalkParameters(owners))
        self._count = steps
        self._moves: Sequence[tuple[int, Move]] = (
            (40, self._trade), (8, self._batch), (5, self._wide), (4, self._collect), (12, self._price),
            (2, self._forward), (2, self._surface), (4, self._open_expiry), (2, self._settle), (5, self._deposit_cash),
            (8, self._deposit_collateral), (10, self._withdraw_cash), (5, self._withdraw_collateral), (5, self._start),
            (5, self._sale), (2, self._fund), (3, self._mint), (2, self._operator),
            (2, self._donate), (1, self._pause), (1, self._unpause), (4, self._schedule), (4, self._enact),
            (1, self._ownership), (4, self._mode), (1, self._list), (2, self._cap), (1, self._bad_terms),
            (2, self._nonsense),
        )  # fmt: skip

    def story(self) -> Story:
        """The walk as a story; it can be played once."""
        return Story(
            name=f"walk-{self._seed}",
            about="random steps near the limits",
            seed=self._seed,
            hash=f"walk {self._seed} {self._count} {len(self.accounts)} draws {DRAWS}",
            world=self.world,
            underlyings=UNDERLYINGS,
            collaterals=COLLATERALS,
            expected_steps=self._count,
            steps=self.steps,
        )

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The set-up, then the given number of random steps."""
        yield from self.setup()
        yield from self._opening(model)
        yield from self._first_modes()
        weights = {move.__name__: weight for weight, move in self._moves}
        moves = {move.__name__: move for _, move in self._moves}
        for number in range(self._count):
            self._draw(number, "episode")
            if scripted := self._scripted(model):
                yield scripted
                continue
            self._draw(number, "time")
            self._pass_time(model)
            self._draw(number, "pending")
            if pending := self._pending(model):
                yield pending
                continue
            name = self._race(weights, number)
            self._draw(number, name)
            yield moves[name](model)

    def _pending(self, model: Model) -> Step | None:
        """Returns mostly the step that the market waits for, where there is one."""
        if self._random.random() < 0.85 and (stale := next(self._stale(model), None)):
            return stale
        if model.vault.paused and self._random.random() < 0.5:
            return self._unpause(model)
        if self._random.random() < 0.2 and (needed := self._needed(model)):
            return needed(model)
        return None

    def _needed(self, model: Model) -> Move | None:
        """A move that a market in distress waits for, if there is one."""
        pool = model.vault.ledger.cash
        if pool.deficit_wad > pool.insurance_wad and self._random.random() < 0.5:
            return self._fund
        if self._random.random() < 0.3 and self._waiting(model):
            return self._settle
        return self._sale if self._selling(model) else None

    def setup(self) -> Iterator[Step]:
        """Lists and prices everything, and funds every account."""
        self._draw("setup")
        yield from self._listings()
        for underlying in self._prices:
            yield self._publish(underlying, WAD, 0)
        for account in self.accounts + self.buyers:
            for token in ("USDC", *COLLATERALS):
                yield doors.mint(self._at, FAUCET, token=token, to=account.owner, amount_raw=10**30)
            wealth = self._random.choice((10**11, 10**11, 10**12, 10**13))
            cash_raw = wealth if account in self.buyers else self._random.randrange(10**9, 10**11)
            yield doors.deposit_cash(self._at, account.owner, account=account, amount_raw=cash_raw)
            yield doors.set_operator(self._at, account.owner, account=account, operator=BROKER, allowed=True)

    def _opening(self, model: Model) -> Iterator[Step]:
        """Enacts options, guards and interest, and opens the first expiries."""
        self._draw("opening")
        announced = self._announcements()
        for change in announced:
            yield change.schedule(self._at, GOVERNOR)
        self._at += model.vault.delay_secs
        for change in announced:
            yield change.enact(self._at, GOVERNOR)
        for underlying in self._prices:
            yield self._publish(underlying, WAD, 0)
        for _ in range(6):
            yield self._open_expiry(model)
        for term in self._open(model):
            if term.underlying < 2:
                yield self._print_forward(model, term)
                yield self._print_surface(model, term)

    def _first_modes(self) -> Iterator[Step]:
        """The share of accounts that begins with portfolio margin."""
        self._draw("modes")
        for account in self.accounts if self._variety.portfolio_pct else ():
            if self._random.randrange(100) < self._variety.portfolio_pct:
                yield doors.set_mode(self._at, account.owner, account=account, mode=PORTFOLIO)

    def _mode(self, model: Model) -> Step:
        """A switch of margin mode, mostly to the other mode."""
        account = self._account()
        mode = 1 - model.vault.ledger.holders[account].mode
        if self._random.random() < 0.1:
            mode = self._random.choice((0, 1, 2))
        return doors.set_mode(self._at, self._actor(account), account=account, mode=mode)

    def _batched(self) -> list[Move]:
        return [self._withdraw_cash, self._withdraw_collateral, self._deposit_cash, self._deposit_collateral]

    def _deposit_cash(self, model: Model) -> Step:
        """A deposit, mostly into the account with the least equity; a buyer may return cash."""
        random = self._random
        account = random.choice((self._account(), self._poorest(model), self._poorest(model)))
        amount = self._near(10**10)
        if random.random() < 0.1:
            account, amount = random.choice(self.buyers), 10**11
        return doors.deposit_cash(self._at, self._actor(account), account=account, amount_raw=amount)

    def _deposit_collateral(self, model: Model) -> Step:
        account = self._account()
        number = self._random.choices(range(len(COLLATERALS)), (8, 8, 6, 6, 1, 5, 5))[0]
        decimals = model.vault.ledger.assets[number].decimals
        whole = 12_000 * WAD * 10**decimals // max(1, self._prices[PRICED_BY[COLLATERALS[number]]])
        amount_raw, sender = self._near(whole), self._actor(account)
        return doors.deposit_collateral(self._at, sender, account=account, collateral=number, amount_raw=amount_raw)

    def _withdraw_cash(self, model: Model) -> Step:
        """A withdrawal of free collateral, so that many accounts borrow; a buyer may take nearly all cash."""
        random = self._random
        account = random.choice(self.buyers) if random.random() < 0.1 else self._account()
        most = self._free(model, account) // 10**12
        amount = max(0, most - random.choice((0, 1, most // 20))) if random.random() < 0.35 else self._near(most)
        actor = self._actor(account)
        return doors.withdraw_cash(self._at, actor, account=account, amount_raw=amount, to=account.owner)

    def _withdraw_collateral(self, model: Model) -> Step:
        account = self._account()
        balances = model.vault.ledger.holders[account].balances
        held = [number for number in range(len(COLLATERALS)) if balances[number]]
        number = self._random.choice(held) if held else self._random.randrange(len(COLLATERALS))
        most = balances[number]
        if self._random.random() < 0.8:
            asset = model.vault.ledger.assets[number]
            price = max(1, model.vault.ledger.prices[asset.underlying].index)
            most = min(most, self._free(model, account) * 10**asset.decimals // price)
        amount_raw, sender = self._near(most), self._actor(account)
        return doors.withdraw_collateral(
            self._at, sender, account=account, collateral=number, amount_raw=amount_raw, to=account.owner
        )

    def _wide(self, model: Model) -> Step:
        """A batch that touches four or eight accounts, often too much for the last of them alone."""
        random = self._random
        free = [(each, self._free(model, each) // 10**12) for each in self._idle(model)]
        able = [each for each in free if each[1] > 1]
        count = next((each for each in random.choice(((8, 4), (4,), (4,))) if len(able) >= each), 0)
        if not count:
            return self._batch(model)
        chosen = random.sample(able, count)
        amounts = [random.randrange(1, max(2, most // 20)) for _, most in chosen]
        last = chosen[-1][1]
        amounts[-1] = random.choice((last + 1, last + 1, last, amounts[-1]))
        steps = [
            doors.withdraw_cash(self._at, BROKER, account=each, amount_raw=amount, to=each.owner)
            for (each, _), amount in zip(chosen, amounts, strict=True)
        ]
        return doors.batch(self._at, BROKER, calls=tuple(map(doors.call_of, steps)))

    def _mint(self, model: Model) -> Step:
        token = self._random.choice(TOKENS).name
        return doors.mint(self._at, FAUCET, token=token, to=self._account().owner, amount_raw=10**20)

    def _donate(self, model: Model) -> Step:
        token = self._random.choice(("USDC", "WETH", "WBTC"))
        amount = self._random.randrange(10**9)
        return doors.transfer(self._at, self._account().owner, token=token, to=VAULT, amount_raw=amount)

    def _nonsense(self, model: Model) -> Step:
        """A step that no state of the vault accepts."""
        random, account = self._random, self._account()
        odd = random.choice((7, market.perp(0) + 1, 2**152 + market.perp(0), market.instrument_of(0, 2, 5, 0)))
        first, second = AccountId("owner1"), AccountId("owner0", 1)
        return random.choice(
            (
                self._print(STRANGER, 0, WAD, 0),
                self._print(FEEDER, 9, WAD, 0),
                self._print(FEEDER, 2, random.choice((0, fixed.CAP + 1)), 2**95 - 1),
                self._print(FEEDER, 2, WAD, -(2**95)),
                doors.deposit_collateral(self._at, account.owner, account=account, collateral=9, amount_raw=1),
                self._unit(account, account, market.perp(0)),
                self._unit(first, second, odd),
            )
        )

    def _print(self, sender: str, underlying: int, index_wad: int, premium_wad: int) -> Step:
        return doors.publish_price(
            self._at, sender, underlying=underlying, index_wad=index_wad, premium_wad=premium_wad, confidence_wad=WAD,
            published_at=self._at,
        )  # fmt: skip

    def _unit(self, maker: AccountId, taker: AccountId, instrument: int) -> Step:
        return doors.trade(self._at, BROKER, maker=maker, taker=taker, instrument=instrument, size=WAD, price_wad=WAD)
