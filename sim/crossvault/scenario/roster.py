"""Names of a story (roles, accounts, tokens, underlyings) and the parameters of its parts in integers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from crossvault.differential.step import CHAIN_ID, EXCHANGE, VAULT, BadStrike, TokenSpec, account_id, instrument_number
from crossvault.mirror import caps, cash, collateral, liquidation, market, oracle
from crossvault.mirror.account import AccountId
from crossvault.mirror.exchange import Order, Signature
from crossvault.mirror.fixed import CAP
from crossvault.mirror.number_errors import ParameterOutOfRange
from crossvault.scenario import parameter_fields, persons, quantity
from crossvault.scenario.quantity import Quantity
from crossvault.scenario.script import Script
from crossvault.scenario.source import Route, did_you_mean
from crossvault.scenario.steps import SignedOrder
from crossvault.scenario.world import (
    AuctionPart,
    DepegPart,
    GuardPart,
    HaircutPart,
    InterestPart,
    OptionsPart,
    RiskPart,
    WorldPart,
)


class FieldError(ValueError):
    """A field with an unknown name or an invalid amount; the field may lie deeper, as a route."""

    def __init__(self, field: str | Route, problem: str) -> None:
        super().__init__(problem)
        self.route: Route = field if isinstance(field, tuple) else (field,) if field else ()


class NameTable:
    """Looks up every name of a script; a failed lookup raises FieldError with the field."""

    def __init__(self, script: Script) -> None:
        world = script.world
        self.script = script
        self.quote = world.quote.name
        self.roles = world.roles
        self.underlyings = tuple(world.underlyings)
        self.collaterals = tuple(world.collaterals)
        self.tokens = (
            TokenSpec(self.quote, world.quote.decimals, world.quote.kind),
            *(TokenSpec(name, part.decimals, part.kind) for name, part in world.collaterals.items()),
        )
        self.decimals = {spec.name: spec.decimals for spec in self.tokens}
        self.accounts = {name: account_id(name) for name in script.actors}
        self.role_names = dict.fromkeys(
            (*(account.owner for account in self.accounts.values()), *world.roles.model_dump().values())
        )
        self.orders = {written.name: written for written in script.steps if isinstance(written, SignedOrder)}
        self.makers = [name for name, actor in script.actors.items() if actor.kind == "maker"]

    def problems(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """Invalid names of actors, collaterals and prices, each with its field."""
        for name, account in self.accounts.items():
            if str(account) != name:
                yield ("actors", name), f"is account {account}: write {str(account)!r}"
            if account.owner in (VAULT, EXCHANGE, *self.decimals):
                yield ("actors", name), _of_a_contract(account.owner)
        for role, name in self.roles.model_dump().items():
            if name in (VAULT, EXCHANGE, *self.decimals):
                yield ("world", "roles", role), _of_a_contract(name)
        yield from persons.problems(self.script)
        yield from world_problems(self.script.world)
        for name in self.script.prices:
            if name not in self.underlyings:
                yield ("prices", name), missing(name, self.underlyings)

    def first_maker(self, name: str) -> AccountId | None:
        """The first maker other than the actor of a name."""
        return next((self.accounts[maker] for maker in self.makers if maker != name), None)

    def account(self, field: str, name: str) -> AccountId:
        """An account of the story."""
        if name not in self.accounts:
            raise FieldError(field, missing(name, self.accounts))
        return self.accounts[name]

    def role(self, field: str, name: str) -> str:
        """A role of the story."""
        if name not in self.role_names:
            raise FieldError(field, missing(name, self.role_names))
        return name

    def underlying(self, field: str, name: str) -> int:
        """The number of an underlying."""
        if name not in self.underlyings:
            raise FieldError(field, missing(name, self.underlyings))
        return self.underlyings.index(name)

    def collateral(self, field: str, name: str) -> int:
        """The number of a collateral."""
        if name not in self.collaterals:
            raise FieldError(field, missing(name, self.collaterals))
        return self.collaterals.index(name)

    def instrument(self, field: str, name: str) -> int:
        """The number of an instrument."""
        try:
            return instrument_number(name, self.underlyings)
        except BadStrike as wrong:
            raise FieldError(field, f"{name}: {wrong}") from None
        except ValueError:
            raise FieldError(field, missing(name, self._instruments())) from None

    def _instruments(self) -> list[str]:
        """Candidates for a misspelt instrument."""
        dated = [
            form
            for name, part in self.script.world.underlyings.items()
            for expiry in part.expiries
            for form in (f"{name}-{expiry}", f"{name}-{expiry}-STRIKE-C", f"{name}-{expiry}-STRIKE-P")
        ]
        return [*(f"{name}-PERP" for name in self.underlyings), *dated]

    def order(self, field: str, name: str) -> tuple[Order, Signature]:
        """An order and its signature."""
        if name not in self.orders:
            raise FieldError(field, missing(name, self.orders))
        written = self.orders[name]
        account, instrument = (
            self.account("account", written.account),
            self.instrument("instrument", written.instrument),
        )
        size, expires_at = self.size("size", written.size, written.instrument), written.expires.at(self.script.starts)
        order = Order(account, instrument, size, written.limit, expires_at, written.salt, written.epoch)
        signer = self.role("signer", written.signer) if written.signer else account.owner
        return order, Signature(signer, order, CHAIN_ID, EXCHANGE, written.version)

    def raw(self, field: str, amount: Quantity) -> int:
        """An amount of a token [raw], not negative."""
        if amount.unit not in self.decimals:
            raise FieldError(field, missing(amount.unit, self.decimals))
        if amount.digits < 0:
            raise FieldError(field, f"'{amount}' is negative: expected an amount of zero or more")
        return _scaled(field, amount, self.decimals[amount.unit])

    def deposit(self, field: str, amount: Quantity) -> int:
        """An amount of a token [raw], above zero."""
        if self.raw(field, amount) == 0:
            raise FieldError(field, f"'{amount}' is zero: expected more than zero")
        return self.raw(field, amount)

    def size(self, field: str, amount: Quantity, instrument: str) -> int:
        """A signed size in an instrument [wad], written in its underlying."""
        unit = self.underlyings[market.underlying_of(self.instrument(field, instrument))]
        if amount.unit != unit:
            raise FieldError(field, f"'{amount}' is in {amount.unit}: expected a size in {unit}, such as '2 {unit}'")
        return _scaled(field, amount, quantity.WAD_DECIMALS)

    def value(self, field: str, amount: Quantity) -> int:
        """A signed value in quote [wad], written in the quote token or in USD."""
        if amount.unit not in (self.quote, "USD"):
            raise FieldError(
                field, f"'{amount}' is in {amount.unit}: expected {self.quote}, such as '1,200 {self.quote}'"
            )
        return _scaled(field, amount, quantity.WAD_DECIMALS)

    def depeg(self, part: DepegPart) -> cash.DepegTerms:
        """Terms of the quote token."""
        return cash.DepegTerms(self.underlying("feed", part.feed), part.threshold, part.factor)


def cap(world: WorldPart, field: str, what: str, number: int, amount: Quantity) -> int:
    """A cap of the whole vault: in quote [wad], of a collateral in its token [raw], or in the underlying [wad].

    Raises FieldError for another unit or a negative amount.
    """
    units = {
        caps.BORROWING: (world.quote.name,),
        caps.COLLATERAL: tuple(world.collaterals),
        caps.INTEREST: tuple(world.underlyings),
    }
    unit = units[what][number]
    if amount.unit != unit:
        raise FieldError(field, f"'{amount}' is in {amount.unit}: expected an amount in {unit}, such as '1,000 {unit}'")
    if amount.digits < 0:
        raise FieldError(field, f"'{amount}' is negative: expected an amount of zero or more")
    decimals = world.collaterals[unit].decimals if what == caps.COLLATERAL else quantity.WAD_DECIMALS
    return _scaled(field, amount, decimals)


def world_problems(world: WorldPart) -> Iterable[tuple[tuple[str, ...], str]]:
    """Invalid names of a world, each with its field."""
    if world.quote.name in (VAULT, EXCHANGE):
        yield ("world", "quote", "name"), _of_a_contract(world.quote.name)
    for name, part in world.collaterals.items():
        if name == world.quote.name:
            yield ("world", "collaterals", name), "is the quote token: cash needs no entry here"
        if name in (VAULT, EXCHANGE):
            yield ("world", "collaterals", name), _of_a_contract(name)
        if part.underlying not in world.underlyings:
            yield ("world", "collaterals", name, "underlying"), missing(part.underlying, world.underlyings)


def _of_a_contract(name: str) -> str:
    return f"{name!r} is the name of a contract: expected another"


def risk(part: RiskPart, underlying: str) -> market.MarketRisk:
    """Risk parameters of an underlying in the vault's form."""
    skew = part.skew_scale or Quantity(CAP, quantity.WAD_DECIMALS, underlying)
    if skew.unit != underlying:
        raise FieldError("skew scale", f"'{skew}': expected a size in {underlying}, such as '1,000 {underlying}'")
    skew_wad = _scaled("skew scale", skew, quantity.WAD_DECIMALS)
    if not 0 <= skew_wad <= CAP:
        raise FieldError("skew scale", parameter_fields.out_of_range(skew_wad, 1, CAP, underlying))
    return market.MarketRisk(
        heartbeat_secs=part.heartbeat,
        mark_band=part.mark_band,
        trade_band=part.trade_band,
        initial_rate=part.initial_margin,
        base_rate=part.base_rate,
        impact_rate=part.impact_rate,
        maintenance_rate=part.maintenance_margin,
        maintenance_scale=part.maintenance_scale,
        spread_rate=part.spread_rate,
        profit_weight=part.profit_weight,
        confidence_threshold=part.confidence_threshold,
        confidence_factor=part.confidence_factor,
        funding_base=part.funding_base,
        funding_cap=part.funding_cap,
        skew_scale=skew_wad,
    )


def options(part: OptionsPart) -> market.OptionRisk:
    """Risk parameters of options in the vault's form."""
    return market.OptionRisk(
        heartbeat_secs=part.heartbeat,
        trade_band=part.trade_band,
        max_spot_rate=part.max_spot_rate,
        min_spot_rate=part.min_spot_rate,
        call_rate=part.call_rate,
        put_rate=part.put_rate,
        put_mark_rate=part.put_mark_rate,
        put_initial_scale=part.put_initial_scale,
        unpaired_initial=part.unpaired_initial,
        unpaired_maintenance=part.unpaired_maintenance,
        value_band=part.value_band,
    )


def guard(part: GuardPart) -> oracle.PriceGuard:
    """Price guard of an underlying in the vault's form."""
    return oracle.PriceGuard(part.max_jump, part.confirm, part.stable_rate, part.surface_move)


def interest(part: InterestPart) -> cash.Interest:
    """Interest rate parameters in the vault's form."""
    return cash.Interest(part.min_rate, part.low_slope, part.high_slope, part.optimal_utilisation, part.reserve_factor)


def terms(part: HaircutPart) -> collateral.HaircutTerms:
    """Haircut terms of a collateral in the vault's form."""
    cap_wad = CAP if part.cap is None else part.cap
    if cap_wad > CAP:
        raise FieldError("cap", parameter_fields.out_of_range(cap_wad, 0, CAP, parameter_fields.PRICE))
    return collateral.HaircutTerms(part.haircut_initial, part.haircut_maintenance, cap_wad, part.stale)


def auction(part: AuctionPart) -> liquidation.AuctionTerms:
    """Auction terms in the vault's form."""
    return liquidation.AuctionTerms(
        part.buffer, part.start, part.knee, part.fast, part.slow, part.insolvent, part.grace, part.floor
    )


def require(valid: Callable[[Any], None], parameters: object) -> None:
    """Requires parameters that the vault accepts. Raises FieldError with the field and range of a refused one."""
    try:
        valid(parameters)
    except ParameterOutOfRange as refused:
        raise FieldError(*parameter_fields.problem(refused, parameters)) from None


def missing(name: str, known: Iterable[str]) -> str:
    """The message for an unknown name."""
    return f"unknown name {name!r}: {did_you_mean(name, known)}"


def _scaled(field: str, amount: Quantity, decimals: int) -> int:
    try:
        return amount.scaled(decimals)
    except ValueError as error:
        raise FieldError(field, str(error)) from None
