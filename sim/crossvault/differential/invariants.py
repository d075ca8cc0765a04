"""The numbered invariants of contracts/README.md, which hold after every step of any story.

V7 and V8 are laws of the arithmetic and have their tests in tests/mirror/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crossvault.differential.compare import value_differences
from crossvault.differential.conservation import broken, growth_bound_ray, residue_ray
from crossvault.differential.ending import BrokenInvariant
from crossvault.differential.model import Model
from crossvault.differential.step import CHAIN_ID, EXCHANGE, VAULT, Action, Outcome, Step, traded
from crossvault.mirror import cash, fixed, ledger, market
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.exchange import Match, Order, Signature
from crossvault.mirror.valuation import Metrics

_NEIGHBOURLY: tuple[Action, ...] = (
    "start_liquidation", "declare_insolvent", "bid", "end_liquidation", "settle",
)  # fmt: skip
"""Doors after which third parties have what they had before."""
_OPEN_TO_ALL: tuple[Action, ...] = ("start_liquidation", "declare_insolvent", "end_liquidation", "settle")
"""Doors that take any sender for any account."""
_ACCRUING: tuple[Action, ...] = ("deposit_cash", "withdraw_cash", "trade", "settle", "bid", "enact_interest")


@dataclass(slots=True)
class Invariants:
    """Checks the model before and after every step; checks that read all accounts run at each `every`-th step."""

    every: int = 1
    _steps: int = 0
    _donated: Counter[str] = field(default_factory=Counter)
    _margins: dict[AccountId, int] = field(default_factory=dict)
    _state: dict[AccountId, Image] = field(default_factory=dict)
    _globals: Any = None
    _fills: Counter[Order] = field(default_factory=Counter)
    _unsettled: dict[AccountId, tuple[Metrics, int]] = field(default_factory=dict)
    _accrued: Any = None
    _residue: int = 0
    _held: int = 0

    def copied(self) -> Invariants:
        """The same, to go on from here more than once."""
        return replace(self, _donated=Counter(self._donated), _fills=Counter(self._fills))

    def before(self, step: Step, model: Model) -> None:
        """Notes the state that a step must not worsen."""
        self._margins = {account: _margin(model, account, step.at) for account in step.accounts()}
        if self.every == 1:
            self._state, self._globals = _images(model), model.snapshot(()).globals
            self._accrued = _accrued(model, step.at)
            self._held = _changes(model, step)
            self._residue = residue_ray(model, self._donated, step.at)
        if step.action == "settle":
            self._unsettled = _unsettled(model, step)

    def after(self, step: Step, outcome: Outcome, model: Model) -> None:
        """Checks the state after a step, first by the rules of the user. Raises BrokenInvariant."""
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
            self.require_conserved(model, _place(step))

    def require_conserved(self, model: Model, where: str = "at the end") -> None:
        """V1, V2, V3: no value is lost or made. Raises BrokenInvariant."""
        for number, how in broken(model, self._donated):
            _require(number, False, how, where)

    def _note_donation(self, step: Step) -> None:
        if step.action in ("transfer", "mint") and step.args["to"] == VAULT:
            self._donated[step.args["token"]] += step.args["amount_raw"]

    def _require_residue(self, step: Step, model: Model) -> None:
        """V3: the residue of roundings never falls, and grows by at most the roundings of the step."""
        most = growth_bound_ray(model, self._held)
        grown = residue_ray(model, self._donated) - self._residue
        _require("V3", 0 <= grown <= most, f"residue grew by {grown} e-45, at most {most} was expected", _place(step))

    def _require_accrued(self, step: Step, model: Model) -> None:
        """V6: indexes accrue once at a time and not again."""
        pool = model.vault.ledger.cash
        if step.action in _ACCRUING:
            _require("V6", pool.accrued_at == step.at, f"interest accrued until {pool.accrued_at}", _place(step))
        if self.every == 1:
            now = _accrued(model, step.at)[: len(self._accrued)]  # a step may list one underlying more
            _require("V6", now == self._accrued, f"indexes were to be {self._accrued}, are {now}", _place(step))

    def _require_worthless(self, step: Step, model: Model) -> None:
        """V13: a settlement changes no margin metric, apart from the rounding of each movement."""
        pool = model.vault.ledger.cash
        unit = 2 + max(pool.borrow_index, pool.supply_index) // fixed.RAY
        for account, (before, held) in self._unsettled.items():
            [after] = model.metrics([account], step.at)
            pairs = (
                (before.equity_wad, after.equity_wad),
                (before.initial_equity_wad, after.initial_equity_wad),
                (before.maintenance_equity_wad, after.maintenance_equity_wad),
            )
            for was, is_ in pairs:
                _require("V13", 0 <= was - is_ <= held * unit, f"{account} had {before}, now {after}", _place(step))
            same = (before.initial_requirement_wad, before.maintenance_requirement_wad)
            fine = same == (after.initial_requirement_wad, after.maintenance_requirement_wad)
            _require("V13", fine, f"{account} had requirements {same}, now {after}", _place(step))

    def _require_alive(self, step: Step) -> None:
        """V14: no instrument is traded after its end."""
        for instrument in traded(step.action, step.args):
            ends = market.expiry_of(instrument)
            _require("V14", ends == 0 or step.at < ends, f"{instrument} ended at {ends}", _place(step))

    def _require_authority(self, step: Step, model: Model) -> None:
        """V9: the sender has the authority of every account that it acts for."""
        if step.action in _OPEN_TO_ALL:
            return
        own = [step.args["bidder"]] if step.action == "bid" else step.accounts()
        actor = EXCHANGE if step.action == "fill" else step.sender
        for account in own:
            allowed = model.vault.is_authorized(account, actor)
            _require("V9", allowed, f"{actor} acted for {account}", _place(step))

    def _require_signed(self, step: Step, model: Model) -> None:
        """V12: fills respect the size, price and time that owners signed, and positions move by exactly the fills."""
        moved: Counter[tuple[AccountId, int]] = Counter()
        matches: tuple[Match, ...] = step.args["matches"]
        for pair in matches:
            for order, signature in ((pair.maker, pair.maker_signature), (pair.taker, pair.taker_signature)):
                sign = 1 if order.size > 0 else -1
                moved[order.account, order.instrument] += sign * pair.size_wad
                self._fills[order] += pair.size_wad
                owner = order.account.owner
                signed = Signature(model.exchange.wallets.get(owner, owner), order, CHAIN_ID, EXCHANGE)
                _require("V12", signature == signed, f"{order} was filled by {signature}", _place(step))
                _require("V12", 0 < self._fills[order] <= abs(order.size), f"{order} was overfilled", _place(step))
                _require("V12", step.at <= order.expires_at, f"{order} was filled too late", _place(step))
                better = (order.limit_wad - pair.maker.limit_wad) * sign >= 0
                _require("V12", better, f"{order} was filled at {pair.maker.limit_wad}", _place(step))
        for order in {each for pair in matches for each in (pair.maker, pair.taker)}:
            noted = model.exchange.filled_wad(order)
            _require("V12", noted == self._fills[order], f"{order}: {self._fills[order]}, noted {noted}", _place(step))
        for (account, instrument), size in moved.items() if self.every == 1 else ():
            before = self._state[account].entries if account in self._state else ()
            held = sum(entry.size for entry in before if entry.instrument == instrument)
            now = model.vault.ledger.holders[account].positions[instrument].size
            _require("V12", now - held == size, f"{account}: {held} before, {now} after {size}", _place(step))

    def _require_margins(self, step: Step, model: Model) -> None:
        """V4: every touched account passes initial margin, or its margin did not fall, at the end of the whole step."""
        if step.action == "settle":
            return
        for account, before in self._margins.items():
            after = _margin(model, account, step.at)
            sold = step.action == "bid" and account == step.args["account"]
            fine = after >= 0 or after >= before or sold
            _require("V4", fine, f"{account}: margin {before} before, {after} after", _place(step))

    def _require_untouched(self, step: Step, outcome: Outcome, model: Model) -> None:
        """V5: a liquidation touches no third party; V10: a refused call changes nothing."""
        touched: tuple[AccountId, ...] = () if outcome.refusal else step.accounts()
        number = "V10" if outcome.refusal else "V5" if step.action in _NEIGHBOURLY else "V9"
        for account, image in _images(model).items():
            if account not in touched and account in self._state:
                same = image == _widened(self._state[account], len(image.balances))
                _require(number, same, _changed(account, self._state[account], image), _place(step))
        if outcome.refusal:
            state = model.snapshot(()).globals
            _require("V10", state == self._globals, f"globals were {self._globals}, are {state}", _place(step))


def _widened(image: Image, collaterals: int) -> Image:
    """The image of an account with further collaterals listed."""
    return image._replace(balances=image.balances + (0,) * (collaterals - len(image.balances)))


def _place(step: Step) -> str:
    return f"{step.action} by {step.sender}"


def _changed(account: AccountId, before: Image, after: Image) -> str:
    """The first field of an account that changed."""
    first = next(iter(value_differences(str(account), after, _widened(before, len(after.balances)))), None)
    return f"{first.field} was {first.model}, is {first.chain}" if first else f"{account} is as before"


def _require(number: str, holds: bool, what: str, where: str) -> None:
    if not holds:
        raise BrokenInvariant(number, what, where)


def _margin(model: Model, account: AccountId, at: int) -> int:
    [metrics] = model.metrics([account], at)
    return metrics.initial_equity_wad - metrics.initial_requirement_wad


def _accrued(model: Model, at: int) -> tuple[Any, ...]:
    """The indexes of interest and of funding as of a time."""
    state = model.vault.ledger
    indexes = cash.indexes(state.cash, now=at)
    tracks = (ledger.funding_index(state, market.perp(each), now=at) for each in range(len(state.risks)))
    return indexes.supply, indexes.borrow, *tracks


def _unsettled(model: Model, step: Step) -> dict[AccountId, tuple[Metrics, int]]:
    """The margin metrics of the accounts of a settlement before it, and the number of their positions that it ends."""
    accounts = step.accounts()
    found = zip(accounts, model.metrics(accounts, step.at), strict=True)
    return {account: (metrics, _ending(model, account, step.args)) for account, metrics in found}


def _ending(model: Model, account: AccountId, args: Mapping[str, Any]) -> int:
    """The number of positions of an account in an expiry."""
    term = args["underlying"], args["expiry"]
    held = model.vault.ledger.holders[account].instruments
    return sum((market.underlying_of(each), market.expiry_of(each)) == term for each in held)


def _changes(model: Model, step: Step) -> int:
    """The largest number of changes of positions and cash balances that a step can make."""
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
