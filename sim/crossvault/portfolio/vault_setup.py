"""A portfolio as steps of the vault: the same for the model and for a chain.

The doors refuse positions that fail initial margin, and a portfolio to be measured may fail it. So a bail token covers
it during the set-up, and its price then falls to one wei, at which half a token has the value zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ParamSpec

from crossvault.differential import doors
from crossvault.differential.feeder import Feeder
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, TokenSpec, World, instrument_name
from crossvault.differential.story import mark
from crossvault.mirror import account as accounts, cash, collateral, fixed, liquidation, market, ruleset
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.oracle import PriceGuard
from crossvault.portfolio.own_terms import OWN, OwnTerms
from crossvault.portfolio.portfolio_file import BAIL, Portfolio, confidence, premium
from crossvault.portfolio.position_cost import cost_trades
from crossvault.scenario import quantity, rules
from crossvault.scenario.curves import FollowedExpiry
from crossvault.scenario.preset import Preset
from crossvault.scenario.refusal_text import FileUnits, sentence
from crossvault.scenario.roster import FieldError
from crossvault.scenario.source import Route, ScenarioError, field_path

CROSS, FOLIO, MAKER = AccountId("trader"), AccountId("trader", 1), AccountId("maker")
FIRST_STANDALONE = 2

OWNER, FEEDER, _DAY = "governor", "feeder", 86_400
_AUCTION = liquidation.AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
_BAIL_RAW, _FLOAT_RAW = WAD // 2, 10**10 * WAD

P = ParamSpec("P")
Apply = Callable[[Step], Outcome]


@dataclass(slots=True)
class VaultSetup:
    """A portfolio set up in a vault: `trader` in standard mode, `trader/1` in portfolio mode, each position alone."""

    portfolio: Portfolio
    model: Model
    apply: Apply

    def standalone(self) -> dict[int, AccountId]:
        """The accounts that hold one position each, by instrument."""
        return {each: AccountId(CROSS.owner, FIRST_STANDALONE + k) for k, each in enumerate(self.portfolio.positions)}

    def accounts(self) -> list[AccountId]:
        """Every account that is measured."""
        return [CROSS, FOLIO, *self.standalone().values()]

    def moving(self) -> list[int]:
        """The underlyings and what follows them, but not the quote token."""
        followers = [number for numbers in self.portfolio.followers.values() for number in numbers]
        return [*range(len(self.portfolio.units)), *followers]

    def set_up(self, first: Preset) -> None:
        """Sets up the portfolio, with portfolio margin by a first preset. Raises ScenarioError."""
        self._list()
        self._publish()
        self._deposit_bail(MAKER)
        at = self.portfolio.at
        self._accepted(doors.set_operator(at, MAKER.owner, account=MAKER, operator=CROSS.owner, allowed=True))
        self._deposit(MAKER, self.portfolio.quote, _FLOAT_RAW)
        for account in self.accounts():
            self._deposit_bail(account)
        for account in (CROSS, FOLIO):
            for number, asset in enumerate(self.portfolio.assets):
                self._deposit_collateral(account, number, asset.token, asset.amount_raw)
            self._open(account, *self.portfolio.positions)
            self._set_cash(account, self.portfolio.cash_wad)
        for instrument, account in self.standalone().items():
            self._open(account, instrument)
            self._set_cash(account, 0)
        self.apply_preset(first)
        self._accepted(doors.set_mode(at, FOLIO.owner, account=FOLIO, mode=accounts.PORTFOLIO))
        self._price(self._bail, 1, 0, WAD)

    def apply_preset(self, preset: Preset) -> None:
        """Enacts the portfolio margin of a preset."""
        assert preset.rules is not None
        for number, name in enumerate(self.portfolio.units):
            own = self.portfolio.own.get(number)
            risk = preset.portfolio_risk if preset.name != OWN else own.portfolio if own is not None else None
            if risk is not None:
                self._enact(doors.PORTFOLIO, underlying=number, risk=risk)
            elif ruleset.risk_of(
                self.model.vault.ledger.model.data, number
            ).vol.floor_secs:  # a vault does not take it back
                where = f"{self.portfolio.source.where(('prices', name))}: prices.{name}.margin"
                raise ScenarioError(f"{where}: has no 'portfolio', so its own rules come alone: --method {OWN}")
        try:
            parameters = rules.rules(preset.rules, self.portfolio.units)
        except FieldError as wrong:
            route: Route = ("rules", *wrong.route)
            raise ScenarioError(f"{preset.name}: {field_path(route)}: {wrong}") from None
        self._enact(doors.RULES, rules=parameters)

    # the world

    def _list(self) -> None:
        perps, options = self.portfolio.standard.perps, self.portfolio.standard.options
        assert perps is not None and options is not None
        at = self.portfolio.at
        self._accepted(doors.set_feeder(at, OWNER, feeder=FEEDER, allowed=True))
        names = (*self.portfolio.units, *(f"{feed.token} feed" for feed in self.portfolio.feeds), BAIL)
        for number, name in enumerate(names):
            own = self.portfolio.own.get(number, OwnTerms(perps, options, None))
            risk = own.perps._replace(heartbeat_secs=_DAY, mark_band=WAD - 1, trade_band=WAD)
            self._accepted(doors.list_underlying(at, OWNER, name=name, risk=risk))
            of_options = (own.options or options)._replace(heartbeat_secs=_DAY, trade_band=WAD)
            self._enact(doors.OPTIONS, underlying=number, risk=of_options)
        listed = [(asset.token, asset.underlying, asset.terms) for asset in self.portfolio.assets]
        listed.append((BAIL, self._bail, collateral.HaircutTerms(0, 0, CAP)))
        for token, underlying, terms in listed:
            self._accepted(doors.list_collateral(at, OWNER, token=token, underlying=underlying, terms=terms))

    def _publish(self) -> None:
        for number, (name, part) in enumerate(self.portfolio.prices.items()):
            if part.stable is not None:  # the first print sets it, and no time passes until the second
                self._enact(doors.GUARD, underlying=number, guard=PriceGuard(stable_rate=1))
                self._price(number, part.stable, 0, confidence(part), ("prices", name, "stable"))
            self._price(number, part.index, premium(part), confidence(part), ("prices", name))
            for text, written in part.expiries.items():
                expiry, route = quantity.expiry(text), ("prices", name, "expiries", text)
                opening = doors.open_expiry(self.portfolio.at, OWNER, underlying=number, expiry=expiry)
                self._accepted(opening, route)
                follower = FollowedExpiry(FEEDER, number, expiry, written, self.portfolio.at)
                for step in (
                    follower.forward(self.model, self.portfolio.at),
                    follower.surface(self.model, self.portfolio.at),
                ):
                    if step is not None:
                        self._accepted(step, route)
        for number, feed in enumerate(self.portfolio.feeds, len(self.portfolio.units)):
            self._price(number, feed.index_wad, 0, feed.confidence_wad)
        self._price(self._bail, CAP, 0, WAD)
        if self.portfolio.depeg is not None:
            self._enact(doors.DEPEG, terms=self.portfolio.depeg)

    @property
    def _bail(self) -> int:
        """The underlying that prices the bail token, after all others."""
        return len(self.portfolio.units) + len(self.portfolio.feeds)

    def _price(self, number: int, index_wad: int, premium_wad: int, confidence_wad: int, route: Route = ()) -> None:
        feeder = Feeder(FEEDER, confidence_wad)
        self._accepted(feeder.price(self.portfolio.at, number, index_wad, premium_wad), route)

    # the accounts

    def _deposit_bail(self, account: AccountId) -> None:
        self._deposit_collateral(account, len(self.portfolio.assets), BAIL, _BAIL_RAW)

    def _open(self, account: AccountId, *instruments: int) -> None:
        for instrument in instruments:
            price_wad = max(1, mark(self.model, instrument, self.portfolio.at))
            self._trade(account, instrument, self.portfolio.positions[instrument], price_wad)
            if instrument in self.portfolio.costs:
                self._set_cost(account, instrument, price_wad)

    def _set_cost(self, account: AccountId, instrument: int, price_wad: int) -> None:
        """Trades until a position has the cost that the file states."""
        position = accounts.entry(self.model.vault.ledger.holders[account], instrument)
        gap_wad = -self.portfolio.costs[instrument] - position.quote
        try:
            for size, leg_wad in cost_trades(gap_wad, position.size, price_wad):
                self._trade(account, instrument, size, leg_wad)
        except ValueError as wrong:
            route = ("positions", instrument_name(instrument, self.portfolio.units), "cost")
            raise ScenarioError(f"{self.portfolio.source.where(route)}: {field_path(route)}: {wrong}") from None

    def _trade(self, account: AccountId, instrument: int, size: int, price_wad: int) -> None:
        trade = doors.trade(
            self.portfolio.at, CROSS.owner, maker=MAKER, taker=account, instrument=instrument, size=size,
            price_wad=price_wad,
        )  # fmt: skip
        self._accepted(trade, ("positions", instrument_name(instrument, self.portfolio.units)))

    def _set_cash(self, account: AccountId, cash_wad: int) -> None:
        """Deposits or withdraws until an account has `cash_wad` of cash."""
        state = self.model.vault.ledger
        missing = cash_wad - cash.present(state.cash, state.holders[account].principal, now=self.portfolio.at)
        if missing > 0:
            self._deposit(account, self.portfolio.quote, missing, ("cash",))
        elif missing < 0:
            owner = account.owner
            withdrawal = doors.withdraw_cash(self.portfolio.at, owner, account=account, amount_raw=-missing, to=owner)
            self._accepted(withdrawal, ("cash",))

    def _deposit(self, account: AccountId, token: str, amount_raw: int, route: Route = ()) -> None:
        self._mint(account, token, amount_raw)
        deposit = doors.deposit_cash(self.portfolio.at, account.owner, account=account, amount_raw=amount_raw)
        self._accepted(deposit, route)

    def _deposit_collateral(self, account: AccountId, number: int, token: str, amount_raw: int) -> None:
        self._mint(account, token, amount_raw)
        deposit = doors.deposit_collateral(
            self.portfolio.at, account.owner, account=account, collateral=number, amount_raw=amount_raw
        )
        self._accepted(deposit, ("collateral", token))

    def _mint(self, account: AccountId, token: str, amount_raw: int) -> None:
        self._accepted(doors.mint(self.portfolio.at, OWNER, token=token, to=account.owner, amount_raw=amount_raw))

    # the doors

    def _enact(self, change: doors.DelayedChange[P], *args: P.args, **kwargs: P.kwargs) -> None:
        for verb in doors.VERBS:
            self._accepted(change.by(verb)(self.portfolio.at, OWNER, *args, **kwargs))

    def _accepted(self, step: Step, route: Route = ()) -> None:
        """Applies a step of a field of the file. Raises ScenarioError where the vault refuses it."""
        if refusal := self.apply(step).refusal:
            source, units = self.portfolio.source, FileUnits(self.portfolio.units, self.portfolio.quote)
            raise ScenarioError(source.problem(route, sentence(refusal, units)))


def world(held: Portfolio) -> World:
    """The tokens and the owner before the first step."""
    tokens = [TokenSpec(held.quote, 18), *(TokenSpec(each.token, 18) for each in held.assets), TokenSpec(BAIL, 18)]
    return World(tuple(tokens), held.quote, OWNER, 0, _AUCTION, held.at)


def after_premiums(held: Portfolio, model: Model, trades: dict[int, int]) -> Portfolio:
    """The portfolio after trades at the mark: premiums of options and profits of closed positions move cash.

    Perps and futures that were entered at the mark cost nothing and have no profit.
    """
    paid_wad, costs, traded = 0, dict(held.costs), held.traded(trades)
    for instrument, size in trades.items():
        premium_wad = fixed.mul_div_ceil(size, mark(model, instrument, held.at), WAD)
        if market.is_option(market.kind_of(instrument)):
            paid_wad += premium_wad
        elif instrument in costs:
            costs[instrument] += premium_wad
            if instrument not in traded.positions:
                paid_wad += costs.pop(instrument)
    return replace(traded, cash_wad=held.cash_wad - paid_wad, costs=costs)
