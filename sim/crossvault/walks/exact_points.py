"""Points at which a comparison turns, read off the model: a margin of exactly zero, a jump of exactly the most."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import VAULT, Step
from crossvault.mirror import account as accounts, fixed, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.walks.base import BROKER, FAUCET, STRANGER, WAD
from crossvault.walks.liquidations import LiquidationMoves

Reading = Callable[[], int]
Attempt = Generator[Step, None, bool]
"""Steps, and whether they led to what was wanted."""

_FINE = 3  # number of the collateral of 18 decimals whose price is about one
_MOST_TRIES = 90
_PLENTY_RAW = 50_000 * WAD
_WORTH = 1_000 * WAD  # of an account that is worth an auction
_MOST_BEATS = 12


class ExactPoints(LiquidationMoves):
    """Steps that end at equality, one raw unit before it and one after it."""

    def _reached(self, model: Model, step: Step, reading: Reading) -> int | None:
        """A reading of the model after a step that is taken back; None where the step is refused."""
        try:
            model.call(step)
            return reading()
        except Refusal:
            return None
        finally:
            model.journal.undo()
            model.vault.events = ()

    def _least(self, model: Model, of: Callable[[int], Step], reading: Reading, most: int) -> int | None:
        """The least number from 1 whose step leaves a reading that is not below zero; readings rise with numbers."""
        low, high = 0, most
        greatest = self._reached(model, of(most), reading) if most > 0 else None
        if greatest is None or greatest < 0:
            return None
        for _ in range(_MOST_TRIES):
            if high - low <= 1:
                break
            middle = (low + high) // 2
            found = self._reached(model, of(middle), reading)
            low, high = (low, middle) if found is not None and found >= 0 else (middle, high)
        return high

    def _margin(self, model: Model, account: AccountId) -> int:
        """Maintenance margin of an account: its balance less the requirement [wad]."""
        [metrics] = model.metrics([account], self._at)
        return metrics.maintenance_equity_wad - metrics.maintenance_requirement_wad

    def _fine_deposit(self, account: AccountId, amount_raw: int) -> Step:
        return doors.deposit_collateral(
            self._at, account.owner, account=account, collateral=_FINE, amount_raw=amount_raw
        )  # fmt: skip

    def _drained(self, model: Model) -> Iterator[Step]:
        """An account withdraws until its initial margin is exactly zero, and then one raw unit more."""
        account = self._random.choice(self._idle(model))
        yield from self._leveraged(model, account, self._random.choice((0, 1)))
        asset = model.vault.ledger.assets[_FINE]
        yield doors.mint(self._at, FAUCET, token=asset.token, to=account.owner, amount_raw=2 * _PLENTY_RAW)
        yield self._fine_deposit(account, _PLENTY_RAW)
        yield self._emptied(model, account)
        held = model.vault.ledger.holders[account].balances[_FINE]

        def left(kept: int) -> Step:
            return doors.withdraw_collateral(
                self._at, account.owner, account=account, collateral=_FINE, amount_raw=held - kept, to=account.owner
            )

        kept = self._least(model, left, lambda: 0, held - 1) if held > 1 else None
        if kept is None:
            return
        yield left(kept - 1)
        yield left(kept)
        yield doors.withdraw_cash(self._at, account.owner, account=account, amount_raw=1, to=account.owner)
        yield doors.start_liquidation(self._at, STRANGER, account=account)

    def _leveraged(self, model: Model, victim: AccountId, underlying: int) -> Attempt:
        """A perp of the size that the free collateral carries, then every raw unit of free cash withdrawn."""
        random = self._random
        yield from self._refreshed(model)
        if self._free(model, victim) < _WORTH:
            yield doors.deposit_cash(self._at, victim.owner, account=victim, amount_raw=random.randrange(10**9, 10**10))
        others = [each for each in self._idle(model) if each != victim]
        found = self._quotation(model, market.perp(underlying))
        if not others or found is None:
            return False
        maker = max(others, key=lambda each: self._free(model, each))
        free = min(self._free(model, victim), self._free(model, maker)) * random.choice((50, 90)) // 100
        before = accounts.entry(model.vault.ledger.holders[victim], market.perp(underlying)).size
        sign = (1 if before > 0 else -1) if before else random.choice((1, -1))
        size = free * WAD // max(1, self._need(model, market.perp(underlying), sign))
        if size == 0:
            return False
        yield doors.trade(
            self._at, BROKER, maker=maker, taker=victim, instrument=market.perp(underlying), size=sign * size,
            price_wad=max(1, found[0]),
        )  # fmt: skip
        yield self._emptied(model, victim)
        return accounts.entry(model.vault.ledger.holders[victim], market.perp(underlying)).size != 0

    def _given_away(self, model: Model, loser: AccountId, winner: AccountId, instrument: int) -> Iterator[Step]:
        """A failing account closes all of a position at the edge of the band, then a part, then a bit at the mark."""
        for part, edges in ((WAD, 1), (WAD // 10, 1), (WAD // 1_000, 0)):
            size, found = (
                accounts.entry(model.vault.ledger.holders[loser], instrument).size,
                self._quotation(model, instrument),
            )
            if found is None or size == 0:
                return
            mark, band = found
            price = mark - edges * band if size > 0 else mark + edges * band
            yield doors.trade(
                self._at, BROKER, maker=winner, taker=loser, instrument=instrument, size=-(size * part // WAD),
                price_wad=max(1, price),
            )  # fmt: skip

    def _emptied(self, model: Model, account: AccountId) -> Step:
        """A withdrawal of all free collateral, or of all the cash that the vault has."""
        held_raw = model.tokens[model.vault.ledger.cash.token].balance_of(VAULT)
        amount = min(self._free(model, account) // 10**12, held_raw)
        return doors.withdraw_cash(self._at, account.owner, account=account, amount_raw=amount, to=account.owner)

    def _edged(self, model: Model) -> Iterator[Step]:
        """The price of a perp moves until the maintenance margin of an account is exactly zero, then one wei beyond."""
        victim, chosen = self._random.choice(self._idle(model)), self._random.choice((0, 1))
        yield from self._leveraged(model, victim, chosen)
        size = accounts.entry(model.vault.ledger.holders[victim], market.perp(chosen)).size
        sign = 1 if size > 0 else -1
        goal = self._edge(model, victim, chosen, sign) if size else None
        if goal is None:
            return
        yield from self._walked(model, chosen, goal, model.vault.ledger.guards[chosen].max_jump)
        yield self._printed(chosen, model.vault.ledger.prices[chosen].index)  # funding is paid until now
        yield from self._refreshed(model)
        goal = self._edge(model, victim, chosen, sign)
        for price in (goal, goal - sign) if goal else ():
            yield self._printed(chosen, price)
            yield doors.start_liquidation(self._at, STRANGER, account=victim)

    def _edge(self, model: Model, account: AccountId, underlying: int, sign: int) -> int | None:
        """The last price at which the maintenance margin of an account is not below zero, if it is near [wad]."""
        price = model.vault.ledger.prices[underlying]
        index = price.index
        far = index - sign * (index // 3)

        def margin(moved: int) -> int:
            price.index, price.premium = far + sign * moved, 0
            found = self._margin(model, account)
            model.journal.undo()
            return found

        low, high = 0, index // 3
        if margin(low) >= 0 or margin(high) < 0:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if margin(middle) >= 0 else (middle, high)
        return far + sign * high

    def _walked(self, model: Model, underlying: int, goal: int, jump: int) -> Iterator[Step]:
        """Prints as far apart as a guard lets pass, up to a price."""
        for _ in range(40):
            index = model.vault.ledger.prices[underlying].index
            most = fixed.mul_div_down(index, jump or WAD, WAD)
            if abs(goal - index) <= most or not most:
                return
            self._at += 1
            yield self._printed(underlying, index + (most if goal > index else -most))

    def _jumped(self, model: Model) -> Iterator[Step]:
        """Prints at exactly the largest jump, one wei beyond it, and its confirmation a second early and in time."""
        random = self._random
        state = model.vault.ledger
        underlying = random.choice([each for each in (0, 1, 2) if state.guards[each].max_jump] or [0])
        guard, sign = state.guards[underlying], random.choice((1, -1))
        for beyond in (0, 1):
            index = state.prices[underlying].index
            most = fixed.mul_div_down(index, guard.max_jump, WAD)
            yield self._printed(underlying, max(1, index + sign * (most + beyond)))
            self._at += random.choice((0, 1))
        pending, since = state.prices[underlying].pending, state.prices[underlying].pending_at
        if not pending:
            return
        yield self._withdrawn(model)
        for wait in (guard.confirm_secs - 1, guard.confirm_secs):
            self._at = max(self._at, since + wait)
            near = fixed.mul_div_down(pending, guard.max_jump, WAD)
            yield self._printed(underlying, max(1, pending + random.choice((0, near, -near))))
            if not state.prices[underlying].pending:
                break
        self._prices[underlying] = state.prices[underlying].index

    def _withdrawn(self, model: Model) -> Step:
        account = self._account()
        amount = max(1, self._free(model, account) // 10**12)
        return doors.withdraw_cash(self._at, BROKER, account=account, amount_raw=amount, to=account.owner)

    def _printed(self, underlying: int, index_wad: int) -> Step:
        """A print without a premium, of full confidence."""
        self._prices[underlying] = max(1, index_wad)
        return doors.publish_price(
            self._at, "feeder", underlying=underlying, index_wad=max(1, index_wad), premium_wad=0, confidence_wad=WAD,
            published_at=self._at,
        )  # fmt: skip

    def _kept_fresh(self, model: Model, until: int) -> Iterator[Step]:
        """Prints often enough up to a time that no price has a gap, as one would restart the clock of an auction."""
        state = model.vault.ledger
        beat = min(risk.heartbeat_secs for risk in state.risks)
        for _ in range(_MOST_BEATS):
            if self._at + beat >= until:
                break
            self._at += beat
            yield from self._refreshed(model)
        self._at = max(self._at, until)

    def _refreshed(self, model: Model) -> Iterator[Step]:
        """Prints of what is stale, prices as they are."""
        state = model.vault.ledger
        for underlying in self._prices:
            price = state.prices[underlying]
            if self._at - price.published_at >= state.risks[underlying].heartbeat_secs // 2:
                yield self._printed(underlying, price.index)
        yield from (step for step in self._stale(model) if step.action != "publish_price")
