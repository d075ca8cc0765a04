"""What must hold after every step, whatever the story: the numbered invariants of contracts/README.md.

V7 and V8 are laws of the arithmetic and have their tests in tests/mirror/.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sim.conservation import broken
from sim.mirror.account import AccountId, Image
from sim.mirror.exchange import Match, Order, Signature
from sim.model import Model
from sim.run import Broken
from sim.side import CHAIN_ID, EXCHANGE, VAULT, Outcome, Step

_LIQUIDATION = ("start_liquidation", "declare_insolvent", "bid", "end_liquidation")
_UNASKED = ("start_liquidation", "declare_insolvent", "end_liquidation")  # doors that anyone may open for any account


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

    def before(self, step: Step, model: Model) -> None:
        """Notes what a step may not worsen."""
        self._margins = {account: _margin(model, account, step.at) for account in step.accounts()}
        if self.every == 1:
            self._state, self._globals = _images(model), model.snapshot(()).globals

    def after(self, step: Step, outcome: Outcome, model: Model) -> None:
        """Checks what a step has left. Raises BrokenInvariant."""
        self._steps += 1
        if outcome.refusal is None:
            self._note_donation(step)
            self._require_authority(step, model)
            self._require_margins(step, model)
            if step.action == "fill":
                self._require_signed(step, model)
        if self.every == 1:
            self._require_untouched(step, outcome, model)
        if self._steps % self.every == 0:
            self.require_conserved(model, str(step))

    def require_conserved(self, model: Model, where: str = "at the end") -> None:
        """V1, V2, V3: nothing is lost and nothing made. Raises BrokenInvariant."""
        for number, how in broken(model, self._donated):
            _require(number, False, how, where)

    def _note_donation(self, step: Step) -> None:
        if step.action in ("transfer", "mint") and step.args["to"] == VAULT:
            self._donated[step.args["token"]] += step.args["amount_raw"]

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
        """V4: every touched account passes initial margin, or its margin did not fall."""
        for account, before in self._margins.items():
            after = _margin(model, account, step.at)
            sold = step.action == "bid" and account == step.args["account"]
            fine = after >= 0 or after >= before or sold
            _require("V4", fine, f"{account}: margin {before} before, {after} after", str(step))

    def _require_untouched(self, step: Step, outcome: Outcome, model: Model) -> None:
        """V5: a liquidation touches no third party; V10: a refused call changes nothing."""
        touched: tuple[AccountId, ...] = () if outcome.refusal else step.accounts()
        number = "V10" if outcome.refusal else "V5" if step.action in _LIQUIDATION else "V9"
        for account, image in _images(model).items():
            if account not in touched and account in self._state:
                same = image == self._state[account]
                _require(number, same, f"{account} was {self._state[account]}, is {image}", str(step))
        if outcome.refusal:
            state = model.snapshot(()).globals
            _require("V10", state == self._globals, f"globals were {self._globals}, are {state}", str(step))


def _require(number: str, holds: bool, what: str, where: str) -> None:
    if not holds:
        raise BrokenInvariant(f"{number}: {what} ({where})")


def _margin(model: Model, account: AccountId, at: int) -> int:
    [metrics] = model.metrics([account], at)
    return metrics.initial_equity_wad - metrics.initial_requirement_wad


def _images(model: Model) -> dict[AccountId, Image]:
    accounts = tuple(model.vault.ledger.holders)
    return {state.account: state.image for state in model.snapshot(accounts).accounts}
