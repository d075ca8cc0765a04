"""What must hold after every step, whatever the story: the numbered invariants of contracts/README.md.

V7 and V8 are laws of the arithmetic and have their tests in tests/mirror/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossvault.differential.conservation import broken, growth_bound_ray, residue_ray
from crossvault.differential.model import Model
from crossvault.differential.step import CHAIN_ID, EXCHANGE, VAULT, Outcome, Step
from crossvault.lockstep.run import Broken
from crossvault.mirror import cash, fixed, ledger, market
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.exchange import Match, Order, Signature
from crossvault.mirror.valuation import Metrics

_NEIGHBOURLY = (
    "start_liquidation",
    "declare_insolvent",
    "bid",
    "end_liquidation",
    "settle",
)  # third parties stay as is
_UNASKED = ("start_liquidation", "declare_insolvent", "end_liquidation", "settle")  # anyone may, for any account
_ACCRUING = ("deposit_cash", "withdraw_cash", "trade", "settle", "bid", "enact_interest")


class BrokenInvariant(Broken):
    """An invariant does not hold: its number, the step, and the numbers that should agree."""


@dataclass(slots=True)
class Invariants:
    """Checks the model around every step; `every` spaces the checks that read all accounts."""

    every: int = 1
    _steps: int = 0
    _donated: Counter[str] = field(default_factory=Counter)
    _margins: dict[AccountId, int] = field(default_factory=dict)
    _state: dict[AccountId, Image] = field(default_factory=dict)
    _globals: Any = None
    _fills: Counter[Order] = field(default_factory=Counter)
    _told: dict[AccountId, tuple[Metrics, int]] = field(default_factory=dict)
    _accrued: Any = None
    _residue: int = 0
    _held: int = 0

    def before(self, step: Step, model: Model) -> None:
        """Notes what a step may not worsen."""
        self._margins = {account: _margin(model, account, step.at) for account in step.accounts()}
        if self.every == 1:
            self._state, self._globals = _images(model), model.snapshot(()).globals
            self._accrued = _accrued(model, step.at)
            self._held = _changes(model, step)
            self._residue = residue_ray(model, self._donated, step.at)
        if step.action == "settle":
            self._told = _told(model, step)

    def after(self, step: Step, outcome: Outcome, model: Model) -> None:
        """Checks what a step has left. Raises BrokenInvariant."""
        self._steps += 1
        if outcome.refusal is None:
            self._note_donation(step)
            self._require_authority(step, model)
            self._require_margins(step, model)
            self._require_alive(step)
            self._require_accrued(step, model)
            if step.action == "settle":
                self._require_worthless(step, model)
            if step.action == "fill":
                self._require_signed(step, model)
        if self.every == 1:
            self._require_untouched(step, outcome, model)
            self._require_residue(step, model)
        if self._steps % self.every == 0:
            self.require_conserved(model, str(step))

    def require_conserved(self, model: Model, where: str = "at the end") -> None:
        """V1, V2, V3: nothing is lost and nothing made. Raises BrokenInvariant."""
        for number, how in broken(model, self._donated):
            _require(number, False, how, where)

    def _note_donation(self, step: Step) -> None:
        if step.action in ("transfer", "mint") and step.args["to"] == VAULT:
            self._donated[step.args["token"]] += step.args["amount_raw"]

    def _require_residue(self, step: Step, model: Model) -> None:
        """V3: what roundings leave in the vault never shrinks, and grows by no more than the step can round."""
        most = growth_bound_ray(model, self._held)
        grown = residue_ray(model, self._donated) - self._residue
        _require("V3", 0 <= grown <= most, f"residue grew by {grown} e-45, at most {most} was expected", str(step))

    def _require_accrued(self, step: Step, model: Model) -> None:
        """V6: what has accrued once at a time does not accrue again."""
        pool = model.vault.ledger.cash
        if step.action in _ACCRUING:
            _require("V6", pool.accrued_at == step.at, f"interest stands at {pool.accrued_at}", str(step))
        if self.every == 1:
            now = _accrued(model, step.at)[: len(self._accrued)]  # a step may list one underlying more
            _require("V6", now == self._accrued, f"indexes were to be {self._accrued}, are {now}", str(step))

    def _require_worthless(self, step: Step, model: Model) -> None:
        """V13: to be settled changes nothing of what an account is told, but for the rounding of each movement."""
        pool = model.vault.ledger.cash
        unit = 2 + max(pool.borrow_index, pool.supply_index) // fixed.RAY
        for account, (before, held) in self._told.items():
            [after] = model.metrics([account], step.at)
            pairs = (
                (before.equity_wad, after.equity_wad),
                (before.initial_equity_wad, after.initial_equity_wad),
                (before.maintenance_equity_wad, after.maintenance_equity_wad),
            )
            for was, is_ in pairs:
                _require("V13", 0 <= was - is_ <= held * unit, f"{account} was told {before}, now {after}", str(step))
            same = (before.initial_requirement_wad, before.maintenance_requirement_wad)
            fine = same == (after.initial_requirement_wad, after.maintenance_requirement_wad)
            _require("V13", fine, f"{account} had to hold {same}, now {after}", str(step))

    def _require_alive(self, step: Step) -> None:
        """V14: nothing is traded once it has ended."""
        for instrument in traded(step.action, step.args):
            ends = market.expiry_of(instrument)
            _require("V14", ends == 0 or step.at < ends, f"{instrument} ended at {ends}", str(step))

    def _require_authority(self, step: Step, model: Model) -> None:
        """V9: who acted for an account was allowed to."""
        if step.action in _UNASKED:
            return
        own = [step.args["bidder"]] if step.action == "bid" else step.accounts()
        actor = EXCHANGE if step.action == "fill" else step.sender
        for account in own:
            allowed = model.vault.is_authorized(account, actor)
            _require("V9", allowed, f"{actor} acted for {account}", str(step))

    def _require_signed(self, step: Step, model: Model) -> None:
        """V12: fills are what owners signed, in size, price and time, and positions moved by just that."""
        moved: Counter[tuple[AccountId, int]] = Counter()
        matches: tuple[Match, ...] = step.args["matches"]
        for pair in matches:
            for order, signature in ((pair.maker, pair.maker_signature), (pair.taker, pair.taker_signature)):
                sign = 1 if order.size > 0 else -1
                moved[order.account, order.instrument] += sign * pair.size_wad
                self._fills[order] += pair.size_wad
                owner = order.account.owner
                said = Signature(model.exchange.wallets.get(owner, owner), order, CHAIN_ID, EXCHANGE)
                _require("V12", signature == said, f"{order} was filled by {signature}", str(step))
                _require("V12", 0 < self._fills[order] <= abs(order.size), f"{order} was overfilled", str(step))
                _require("V12", step.at <= order.expires_at, f"{order} was filled too late", str(step))
                better = (order.limit_wad - pair.maker.limit_wad) * sign >= 0
                _require("V12", better, f"{order} was filled at {pair.maker.limit_wad}", str(step))
        for order in {each for pair in matches for each in (pair.maker, pair.taker)}:
            noted = model.exchange.filled_wad(order)
            _require("V12", noted == self._fills[order], f"{order}: {self._fills[order]}, noted {noted}", str(step))
        for (account, instrument), size in moved.items() if self.every == 1 else ():
            before = self._state[account].entries if account in self._state else ()
            held = sum(entry.size for entry in before if entry.instrument == instrument)
            now = model.vault.ledger.holders[account].positions[instrument].size
            _require("V12", now - held == size, f"{account}: {held} before, {now} after {size}", str(step))

    def _require_margins(self, step: Step, model: Model) -> None:
        """V4: every touched account passes initial margin, or its margin did not fall, at the end of the whole step."""
        if step.action == "settle":
            return
        for account, before in self._margins.items():
            after = _margin(model, account, step.at)
            sold = step.action == "bid" and account == step.args["account"]
            fine = after >= 0 or after >= before or sold
            _require("V4", fine, f"{account}: margin {before} before, {after} after", str(step))

    def _require_untouched(self, step: Step, outcome: Outcome, model: Model) -> None:
        """V5: a liquidation touches no third party; V10: a refused call changes nothing."""
        touched: tuple[AccountId, ...] = () if outcome.refusal else step.accounts()
        number = "V10" if outcome.refusal else "V5" if step.action in _NEIGHBOURLY else "V9"
        for account, image in _images(model).items():
            if account not in touched and account in self._state:
                same = image == _widened(self._state[account], len(image.balances))
                _require(number, same, f"{account} was {self._state[account]}, is {image}", str(step))
        if outcome.refusal:
            state = model.snapshot(()).globals
            _require("V10", state == self._globals, f"globals were {self._globals}, are {state}", str(step))


def _widened(image: Image, collaterals: int) -> Image:
    """What an account held, as it reads once further collaterals are listed."""
    return image._replace(balances=image.balances + (0,) * (collaterals - len(image.balances)))


def _require(number: str, holds: bool, what: str, where: str) -> None:
    if not holds:
        raise BrokenInvariant(f"{number}: {what} ({where})")


def _margin(model: Model, account: AccountId, at: int) -> int:
    [metrics] = model.metrics([account], at)
    return metrics.initial_equity_wad - metrics.initial_requirement_wad


def _accrued(model: Model, at: int) -> tuple[Any, ...]:
    """The indexes of interest and of funding as of a time."""
    state = model.vault.ledger
    indexes = cash.indexes(state.cash, now=at)
    tracks = (ledger.funding_index(state, market.perp(each), now=at) for each in range(len(state.risks)))
    return indexes.supply, indexes.borrow, *tracks


def _told(model: Model, step: Step) -> dict[AccountId, tuple[Metrics, int]]:
    """What the accounts of a settlement are told before it, and how many of their positions it ends."""
    accounts = step.accounts()
    told = zip(accounts, model.metrics(accounts, step.at), strict=True)
    return {account: (metrics, _ending(model, account, step.args)) for account, metrics in told}


def _ending(model: Model, account: AccountId, args: Mapping[str, Any]) -> int:
    """How many positions of an account an expiry ends."""
    term = args["underlying"], args["expiry"]
    held = model.vault.ledger.holders[account].instruments
    return sum((market.underlying_of(each), market.expiry_of(each)) == term for each in held)


def traded(action: str, args: Mapping[str, Any]) -> Iterator[int]:
    """The instruments that a step trades."""
    if action == "trade":
        yield args["instrument"]
    elif action == "fill":
        yield from (pair.maker.instrument for pair in args["matches"])
    elif action == "batch":
        for call in args["calls"]:
            yield from traded(call.action, call.args)


def _changes(model: Model, step: Step) -> int:
    """The most positions and cash balances that a step can change, each change counted."""
    if step.action == "bid":
        return 3 * len(model.vault.ledger.holders[step.args["account"]].instruments) + 4
    if step.action == "settle":
        return sum(_ending(model, account, step.args) for account in step.accounts())
    calls = [(call.action, call.args) for call in step.args["calls"]] if step.action == "batch" else []
    actions = [action for action, _ in calls] or [step.action]
    cash_moves = sum(action in ("deposit_cash", "withdraw_cash") for action in actions)
    return cash_moves + 2 * sum(1 for _ in traded(step.action, step.args))


def _images(model: Model) -> dict[AccountId, Image]:
    accounts = tuple(model.vault.ledger.holders)
    return {state.account: state.image for state in model.snapshot(accounts).accounts}
