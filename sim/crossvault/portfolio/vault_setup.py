"""A portfolio as steps of the vault: the same for the model and for a chain.

The doors let nobody open what fails initial margin, and a portfolio to be judged may. So a token vouches for it while
it is set up, and its price then falls to one wei, at which half a token is worth nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, TokenSpec, World
from crossvault.differential.story import mark
from crossvault.mirror import account as accounts
from crossvault.mirror import cash, collateral, fixed, liquidation, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import CAP, WAD
from crossvault.portfolio.portfolio_file import BAIL, Portfolio, premium
from crossvault.scenario import quantity, rules
from crossvault.scenario.curves import FollowedExpiry
from crossvault.scenario.preset import Preset
from crossvault.scenario.source import ScenarioError

CROSS, FOLIO, MAKER = AccountId("trader"), AccountId("trader", 1), AccountId("maker")
FIRST_ALONE = 2

_OWNER, _FEEDER, _DAY = "governor", "feeder", 86_400
_AUCTION = liquidation.AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
_VOUCHED_RAW, _FLOAT_RAW = WAD // 2, 10**10 * WAD

Apply = Callable[[Step], Outcome]


@dataclass(slots=True)
class Staging:
    """A portfolio on its way into the vault: `trader` by standard, `trader/1` by portfolio margin, the rest alone."""

    held: Portfolio
    model: Model
    apply: Apply

    def alone(self) -> dict[int, AccountId]:
        """The accounts that hold one position each, by instrument."""
        return {each: AccountId(CROSS.owner, FIRST_ALONE + k) for k, each in enumerate(self.held.positions)}

    def accounts(self) -> list[AccountId]:
        """Every account that is judged."""
        return [CROSS, FOLIO, *self.alone().values()]

    def set_up(self, first: Preset) -> None:
        """Everything until the portfolio stands, judged by a first preset. Raises ScenarioError."""
        self._list()
        self._publish()
        self._enter(MAKER)
        self._do(MAKER.owner, "set_operator", account=MAKER, operator=CROSS.owner, allowed=True)
        self._deposit(MAKER, self.held.quote, _FLOAT_RAW)
        for account in self.accounts():
            self._enter(account)
        for account in (CROSS, FOLIO):
            for number, asset in enumerate(self.held.assets):
                self._deposit_collateral(account, number, asset.token, asset.amount_raw)
            self._open(account, *self.held.positions)
            self._leave(account, self.held.cash_wad)
        for instrument, account in self.alone().items():
            self._open(account, instrument)
            self._leave(account, 0)
        self.judge_by(first)
        self._do(FOLIO.owner, "set_mode", account=FOLIO, mode=accounts.PORTFOLIO)
        self._price(len(self.held.units), 1, 0, WAD)

    def judge_by(self, preset: Preset) -> None:
        """Puts the portfolio margin of a preset into force."""
        assert preset.folio is not None and preset.rules is not None
        for number in range(len(self.held.units)):
            self._enact("portfolio", underlying=number, risk=preset.folio)
        self._enact("rules", rules=rules.rules(preset.rules, self.held.units))

    # the world

    def _list(self) -> None:
        perps, options = self.held.standard.perps, self.held.standard.options
        assert perps is not None and options is not None
        risk = perps._replace(heartbeat_secs=_DAY, mark_band=WAD - 1, trade_band=WAD)
        self._do(_OWNER, "set_feeder", feeder=_FEEDER, allowed=True)
        for number, name in enumerate((*self.held.units, BAIL)):
            self._do(_OWNER, "list_underlying", name=name, risk=risk)
            self._enact("options", underlying=number, risk=options._replace(heartbeat_secs=_DAY, trade_band=WAD))
        for asset in self.held.assets:
            args = {"token": asset.token, "underlying": asset.underlying, "terms": asset.terms}
            self._do(_OWNER, "list_collateral", **args)
        bail = {"token": BAIL, "underlying": len(self.held.units), "terms": collateral.HaircutTerms(0, 0, CAP)}
        self._do(_OWNER, "list_collateral", **bail)

    def _publish(self) -> None:
        for number, (_, part) in enumerate(self.held.prices.items()):
            self._price(number, part.index, premium(part), part.confidence)
            for text, written in part.expiries.items():
                expiry = quantity.expiry(text)
                self._do(_OWNER, "open_expiry", underlying=number, expiry=expiry)
                follower = FollowedExpiry(_FEEDER, number, expiry, written, self.held.at)
                for step in (follower.forward(self.model, self.held.at), follower.surface(self.model, self.held.at)):
                    if step is not None:
                        self._accepted(step)
        self._price(len(self.held.units), CAP, 0, WAD)

    def _price(self, number: int, index_wad: int, premium_wad: int, confidence_wad: int) -> None:
        given = {"underlying": number, "index_wad": index_wad, "premium_wad": premium_wad}
        at = {"confidence_wad": confidence_wad, "published_at": self.held.at}
        self._do(_FEEDER, "publish_price", **given, **at)

    # the accounts

    def _enter(self, account: AccountId) -> None:
        self._deposit_collateral(account, len(self.held.assets), BAIL, _VOUCHED_RAW)

    def _open(self, account: AccountId, *instruments: int) -> None:
        for instrument in instruments:
            price_wad = max(1, mark(self.model, instrument, self.held.at))
            args = {"instrument": instrument, "size": self.held.positions[instrument], "price_wad": price_wad}
            self._do(CROSS.owner, "trade", maker=MAKER, taker=account, **args)

    def _leave(self, account: AccountId, cash_wad: int) -> None:
        """Moves cash until an account has so much."""
        state = self.model.vault.ledger
        missing = cash_wad - cash.present(state.cash, state.holders[account].principal, now=self.held.at)
        if missing > 0:
            self._deposit(account, self.held.quote, missing)
        elif missing < 0:
            self._do(account.owner, "withdraw_cash", account=account, amount_raw=-missing, to=account.owner)

    def _deposit(self, account: AccountId, token: str, amount_raw: int) -> None:
        self._do(_OWNER, "mint", token=token, to=account.owner, amount_raw=amount_raw)
        self._do(account.owner, "deposit_cash", account=account, amount_raw=amount_raw)

    def _deposit_collateral(self, account: AccountId, number: int, token: str, amount_raw: int) -> None:
        self._do(_OWNER, "mint", token=token, to=account.owner, amount_raw=amount_raw)
        self._do(account.owner, "deposit_collateral", account=account, collateral=number, amount_raw=amount_raw)

    # the doors

    def _enact(self, what: str, **args: Any) -> None:
        for verb in ("schedule", "enact"):
            self._do(_OWNER, f"{verb}_{what}", **args)

    def _do(self, sender: str, action: str, **args: Any) -> None:
        self._accepted(Step(self.held.at, sender, action, args))

    def _accepted(self, step: Step) -> None:
        if refusal := self.apply(step).refusal:
            raise ScenarioError(f"{self.held.name}: the vault refuses {step.action}: {refusal}")


def world(held: Portfolio) -> World:
    """What exists before the first step."""
    tokens = [TokenSpec(held.quote, 18), *(TokenSpec(each.token, 18) for each in held.assets), TokenSpec(BAIL, 18)]
    return World(tuple(tokens), held.quote, _OWNER, 0, _AUCTION, held.at)


def after_premiums(held: Portfolio, model: Model, trades: dict[int, int]) -> Portfolio:
    """The portfolio after trades at the mark: options are paid in cash, perps and futures are not."""
    paid_wad = 0
    for instrument, size in trades.items():
        if market.is_option(market.kind_of(instrument)):
            paid_wad += fixed.mul_div_ceil(size, mark(model, instrument, held.at), WAD)
    return replace(held.traded(trades), cash_wad=held.cash_wad - paid_wad)
