"""Reads every alarm of the acts and moments of a drawn market, as steps are executed on its model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log10

from crossvault.attack.act_alarms import LEAST_WAD, OF_ACTS, PROFIT
from crossvault.attack.market_draw import WAD, MarketDraw
from crossvault.attack.market_opening import ALICE, BOB, COALITION, MAKER, world
from crossvault.attack.market_worth import TruePrices, coalition_of, equity, wallets, worths
from crossvault.attack.moment_alarms import IDLE, idle_funding, locked, locked_by_dust, shielded
from crossvault.attack.played_act import AlarmKey, AlarmReading, PlayedAct, SoldAccount
from crossvault.attack.price_path import FIRST_PRICES, START_AT, MarketEvent, events
from crossvault.attack.rewound_model import RewoundModel
from crossvault.attack.silent_time import silent_spans
from crossvault.differential.step import Event, Step
from crossvault.mirror import account as accounts, margin, market, valuation
from crossvault.mirror.account import AccountId, Holder
from crossvault.mirror.evm import Call
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.standard import Level

WATCHED = (ALICE, BOB, MAKER, *COALITION)
_MONEY_DOORS = frozenset({"deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral", "batch"})
_FAR = 9.0
_PERP = market.perp(0)
_PERP_ALONE = (_PERP,)


@dataclass(slots=True)
class PlayState:
    """What a play knows at a place of its genes.

    gained_wad: profit so far; stated_wad: the part of stated weaknesses; best_wad: the maximum of the rest. keep: the
    least share of its equity that an account of the coalition keeps at an own act. near and worth: the least buffer and
    equity by requirement of one of its accounts. shielded: moments at which a failing one could not be sold. lock:
    logarithm of cash locked by deficit. phase: of the auction of one of its accounts that is worth something. found:
    the largest reading of each alarm and circumstance with the number of steps until it, and its time. calls: those of
    a batch that is being made.
    """

    cursor: int = 0
    at: int = START_AT
    true_wad: TruePrices = field(default_factory=lambda: {0: FIRST_PRICES[0]})
    steps: int = 0
    gained_wad: int = 0
    stated_wad: int = 0
    best_wad: int = 0
    keep: float = 1.0
    near: float = _FAR
    worth: float = _FAR
    shielded: int = 0
    lock: float = 0.0
    phase: int = 0
    found: dict[AlarmKey, tuple[int, int, int]] = field(default_factory=dict)
    calls: list[Call] | None = None

    def copied(self) -> PlayState:
        """The same, to go on from here more than once."""
        return replace(self, found=dict(self.found), calls=None if self.calls is None else list(self.calls))


class AlarmReader:
    """A model in a drawn market, and what its alarms have read. steps: the accepted ones; refused: the last refusal."""

    def __init__(self, draw: MarketDraw) -> None:
        self.draw = draw
        self.model = RewoundModel(world())
        self.events: Sequence[MarketEvent] = events(draw)
        self.state = PlayState()
        self.steps: list[Step] = []
        self.refused: Refusal | None = None
        self._silent = silent_spans(draw, self.events)
        self._misprint_at = next((each.at for each in self.events if each.name.startswith("misprint")), None)
        self._failed: tuple[tuple[int, int], list[AccountId]] = (-1, 0), []

    def happen(self, at: int, steps: Sequence[Step], true_wad: TruePrices) -> None:
        """Lets an event of the market happen, whose outcome is part of it."""
        self.state.at, self.state.true_wad = max(at, self.state.at), true_wad
        gained_wad = idle_funding(self.model, self.state.at)
        for step in steps:
            self.model.execute(step)
            self._keep(step)
        if gained_wad > LEAST_WAD:
            self._read(AlarmReading(IDLE, "funding of a dead feed", gained_wad))

    def execute(self, step: Step, is_own: bool) -> bool:
        """Executes an act, and reads the alarms of it; returns whether it was accepted."""
        own = coalition_of(step.accounts())
        state, model, at = self.state, self.model, step.at
        before = worths(model, own, state.true_wad, at)
        moves_money = step.action in _MONEY_DOORS and (own or is_own)
        wallets_wad = wallets(model, state.true_wad) if moves_money else 0
        sold = self._sold(step) if step.action == "bid" and (own or is_own) else None
        initial = self._initial(own) if model.vault.paused else 0
        failing = self.failing() if is_own and step.action in ("trade", "batch") else []
        refusal, events_ = model.execute(step)
        self.refused = refusal
        if refusal:
            return False
        self._keep(step)
        if own or is_own:
            moved_wad = wallets(model, state.true_wad) - wallets_wad if moves_money else 0
            rise_wad = self._initial(own) - initial if model.vault.paused else 0
            after = worths(model, own, state.true_wad, at)
            self._note(PlayedAct(
                model, self.draw, step, [Event(*each) for each in events_], state.true_wad, is_own, before, after,
                moved_wad, rise_wad, sold, failing, self._is_misled(at),
            ))  # fmt: skip
        return True

    def _is_misled(self, at: int) -> bool:
        """Whether a misprint came by then, which no guard could hold back."""
        return self._misprint_at is not None and at >= self._misprint_at and not self.draw.confirm_secs

    def _initial(self, own: Sequence[AccountId]) -> int:
        found = self.model.metrics(own, self.state.at)
        return sum(each.initial_requirement_wad for each in found)

    def _sold(self, step: Step) -> SoldAccount:
        account, state = step.args["account"], self.state
        sale = self.model.vault.ledger.sales[account]
        worth = worths(self.model, (account,), state.true_wad, step.at)[account]
        lost = sum(max(0, min(step.at, until) - max(sale.started_at, first)) for first, until in self._silent)
        return SoldAccount(sale.started_at, sale.insolvent_at, worth, lost)

    def _note(self, act: PlayedAct) -> None:
        for rule in OF_ACTS:
            for reading in rule.readings(act):
                if rule.name == PROFIT:
                    self._profit(reading)
                else:
                    self._read(reading)
        if act.is_own and act.step.action != "bid":
            for account, after in act.after.items():
                if (equity_wad := act.before[account].equity_wad) > LEAST_WAD:
                    self.state.keep = min(self.state.keep, after.equity_wad / equity_wad)

    def _profit(self, reading: AlarmReading) -> None:
        state = self.state
        state.gained_wad += reading.money_wad
        if reading.weakness:
            state.stated_wad += max(0, reading.money_wad)
        beyond_wad = state.gained_wad - state.stated_wad
        state.best_wad = max(state.best_wad, beyond_wad)
        gained_wad = state.gained_wad if reading.weakness else beyond_wad
        if reading.money_wad > LEAST_WAD and gained_wad > LEAST_WAD:
            self._read(reading._replace(money_wad=gained_wad))

    def _read(self, reading: AlarmReading) -> None:
        if reading.money_wad <= LEAST_WAD:
            return
        if reading.money_wad > self.state.found.get(reading.key, (0, 0, 0))[0]:
            self.state.found[reading.key] = reading.money_wad, self.state.steps, self.state.at

    def failing(self) -> list[AccountId]:
        """The accounts that fail their maintenance margin requirement at the last prices."""
        ledger, at = self.model.vault.ledger, self.state.at
        key = self.model.memory.version, at
        if self._failed[0] == key:
            return self._failed[1]
        found = []
        for account in WATCHED:
            holder = ledger.holders[account]
            if (not accounts.instruments(holder) and holder.principal >= 0) or self._is_healthy(account, holder):
                continue
            book = valuation.book(ledger, account, now=at)
            buffer_wad = margin.margin(book, Level.MAINTENANCE)
            if account in COALITION:
                required_wad = max(1, margin.requirement(book, Level.MAINTENANCE))
                self.state.near = min(self.state.near, buffer_wad / required_wad)
                self.state.worth = min(self.state.worth, margin.equity(book) / required_wad)
            if buffer_wad < 0:
                found.append(account)
        self._failed = key, found
        return found

    def _is_healthy(self, account: AccountId, holder: Holder) -> bool:
        """Whether the equity of an account with nothing but cash and a perp is clearly more than is required."""
        if holder.mode or accounts.instruments(holder) != _PERP_ALONE:
            return False
        ledger, position = self.model.vault.ledger, accounts.entry(holder, _PERP)
        price, risk = ledger.prices[0], ledger.risks[0]
        notional_wad = abs(position.size) * price.index // WAD
        rate_wad = max(risk.initial_rate, 2 * risk.maintenance_rate) + risk.base_rate
        equity_wad = holder.principal + position.quote + position.size * price.index // WAD
        required_wad = notional_wad * rate_wad // WAD
        if equity_wad < required_wad * (3 if self.draw.has_funding or self.draw.has_interest else 1):
            return False
        if account in COALITION:
            self.state.near = min(self.state.near, 2 * equity_wad / max(1, required_wad) - 1)
        return True

    def watch(self) -> None:
        """Reads the alarms of a moment."""
        at, state = self.state.at, self.state
        for _, reading in shielded(self.model, self.failing(), at):
            state.shielded += 1
            self._read(reading)
        if (lock := locked(self.model, at)) is not None:
            state.lock = max(state.lock, log10(max(1, lock.locked_wad) / lock.deficit_wad) + 1)
            if dust := locked_by_dust(lock):
                self._read(dust)
        state.phase = max(state.phase, self._phase())

    def _phase(self) -> int:
        """How far the auction of an account of the coalition is that is worth something: 4 is before the fund pays."""
        ledger, at = self.model.vault.ledger, self.state.at
        phases = [0]
        for account in COALITION:
            sale, terms = ledger.sales[account], ledger.terms
            if not sale.started_at or equity(self.model, account, at) <= 0:
                continue
            over = at - sale.started_at
            phases.append(
                4 if sale.insolvent_at else 1 + (over >= terms.fast_secs) + (over >= terms.fast_secs + terms.slow_secs)
            )
        return max(phases)

    def _keep(self, step: Step) -> None:
        self.steps.append(step)
        self.state.steps += 1
