"""Underlyings, expiries and collaterals that the vault lists, and their parameters, which change after a delay."""

from __future__ import annotations

from crossvault.mirror import (
    collateral as collaterals,
    fixed,
    ledger,
    market,
    market_errors,
    oracle,
    tightening,
)
from crossvault.mirror.store import Store

MAX_TERM = 3650 * 24 * 60 * 60

_LAST_EXPIRY = 2**40 - 1


class Listing(Store):
    """Underlyings, expiries and collaterals that the vault lists, and their parameters, which change after a delay."""

    __slots__ = ()

    def schedule_underlying(self, name: str, risk: market.MarketRisk, *, sender: str, now: int) -> None:
        """Announces an underlying and the perp on it."""
        self.require_owner(sender)
        market.require_valid(risk)
        due_at = self.schedule(("underlying", name, risk), now=now)
        self.emit("UnderlyingScheduled", sender, name, risk, due_at)

    def list_underlying(self, name: str, risk: market.MarketRisk, *, sender: str, now: int) -> None:
        """Lists an underlying and the perp on it."""
        self.require_owner(sender)
        market.require_valid(risk)
        self.admit(("underlying", name, risk), now=now)
        count = len(self.ledger.risks)
        if count == market.MAX_UNDERLYINGS:
            raise market_errors.TooManyUnderlyings(count + 1, market.MAX_UNDERLYINGS)
        self.ledger.names = (*self.ledger.names, name)
        self.ledger.risks = (*self.ledger.risks, risk)
        self.emit("UnderlyingListed", sender, name, risk, count)

    def open_expiry(self, underlying: int, expiry: int, *, sender: str, now: int) -> None:
        """Opens an expiry of an underlying: its future, and its options where the underlying has any."""
        self.require_owner(sender)
        self.require_underlying(underlying)
        ledger.require_fresh(self.ledger, underlying, now=now)
        low_at = now + oracle.WINDOW + 1
        high_at = fixed.min(now + MAX_TERM, _LAST_EXPIRY)
        if expiry < low_at or expiry > high_at:
            raise market_errors.ExpiryOutOfRange(expiry, low_at, high_at)
        curve = self.ledger.curves[market.term_of(underlying, expiry)]
        if curve.listed_at != 0:
            raise market_errors.ExpiryListed(underlying, expiry)
        count = len(self.ledger.expiries[underlying]) + 1
        if count > market.MAX_EXPIRIES:
            raise market_errors.TooManyExpiries(count, market.MAX_EXPIRIES)
        curve.listed_at = now
        self.ledger.expiries[underlying] = (*self.ledger.expiries[underlying], expiry)
        self.emit("ExpiryOpened", sender, underlying, expiry)

    def schedule_collateral(
        self, token: str, underlying: int, terms: collaterals.HaircutTerms, *, sender: str, now: int
    ) -> None:
        """Announces a token as collateral."""
        self.require_owner(sender)
        self.require_underlying(underlying)
        collaterals.require_valid(terms)
        due_at = self.schedule(("collateral", token, underlying, terms), now=now)
        self.emit("CollateralScheduled", sender, token, underlying, terms, due_at)

    def list_collateral(
        self, token: str, underlying: int, terms: collaterals.HaircutTerms, *, sender: str, now: int
    ) -> None:
        """Lists a token as collateral."""
        self.require_owner(sender)
        self.require_underlying(underlying)
        collaterals.require_valid(terms)
        self.admit(("collateral", token, underlying, terms), now=now)
        count = len(self.ledger.assets)
        if count == collaterals.MAX_COLLATERALS:
            raise market_errors.TooManyCollaterals(count + 1, collaterals.MAX_COLLATERALS)
        if token == self.ledger.cash.token:
            raise market_errors.TokenListed(token)
        for listed in self.ledger.assets:
            if listed.token == token:
                raise market_errors.TokenListed(token)
        asset = collaterals.Asset(self.journal)
        asset.token = token
        asset.decimals = collaterals.require_decimals(self.tokens[token])
        asset.underlying = underlying
        asset.terms = terms
        self.ledger.assets = (*self.ledger.assets, asset)
        self.emit("CollateralListed", sender, token, underlying, terms, asset.decimals, count)

    def schedule_risk(self, underlying: int, risk: market.MarketRisk, *, sender: str, now: int) -> None:
        """Announces new risk parameters of an underlying."""
        self.require_owner(sender)
        self.require_underlying(underlying)
        market.require_valid(risk)
        due_at = self.schedule(("risk", underlying, risk), now=now)
        self.emit("RiskScheduled", sender, underlying, risk, due_at)

    def enact_risk(self, underlying: int, risk: market.MarketRisk, *, sender: str, now: int) -> None:
        """Puts announced risk parameters of an underlying into force, or tighter ones."""
        self.require_owner(sender)
        risks = self.ledger.risks
        at_once = underlying < len(risks) and tightening.is_tighter_risk(risks[underlying], risk)
        if at_once:
            market.require_valid(risk)
        self.permit(("risk", underlying, risk), at_once, now=now)
        index = ledger.accrue_funding(self.ledger, underlying, now=now)
        if risks[underlying].heartbeat_secs != risk.heartbeat_secs:
            self.ledger.biddable_since = now
        self.ledger.risks = (*risks[:underlying], risk, *risks[underlying + 1 :])
        self.emit("RiskEnacted", sender, underlying, risk, index)

    def schedule_options(self, underlying: int, risk: market.OptionRisk, *, sender: str, now: int) -> None:
        """Announces new risk parameters of the options on an underlying."""
        self.require_owner(sender)
        self.require_underlying(underlying)
        market.require_valid_options(risk)
        due_at = self.schedule(("options", underlying, risk), now=now)
        self.emit("OptionsScheduled", sender, underlying, risk, due_at)

    def enact_options(self, underlying: int, risk: market.OptionRisk, *, sender: str, now: int) -> None:
        """Puts announced risk parameters of the options on an underlying into force, or tighter ones."""
        self.require_owner(sender)
        at_once = tightening.is_tighter_options(self.ledger.option_risks[underlying], risk)
        if at_once:
            market.require_valid_options(risk)
        self.permit(("options", underlying, risk), at_once, now=now)
        if self.ledger.option_risks[underlying].heartbeat_secs != risk.heartbeat_secs:
            self.ledger.biddable_since = now
        self.ledger.option_risks[underlying] = risk
        self.emit("OptionsEnacted", sender, underlying, risk)

    def schedule_guard(self, underlying: int, guard: oracle.PriceGuard, *, sender: str, now: int) -> None:
        """Announces a new price guard of an underlying."""
        self.require_owner(sender)
        self.require_underlying(underlying)
        oracle.require_valid(guard)
        due_at = self.schedule(("guard", underlying, guard), now=now)
        self.emit("GuardScheduled", sender, underlying, guard, due_at)

    def enact_guard(self, underlying: int, guard: oracle.PriceGuard, *, sender: str, now: int) -> None:
        """Puts an announced price guard of an underlying into force."""
        self.require_owner(sender)
        self.enact(("guard", underlying, guard), now=now)
        self.ledger.guards[underlying] = guard
        self.emit("GuardEnacted", sender, underlying, guard)

    def schedule_haircut(self, collateral: int, terms: collaterals.HaircutTerms, *, sender: str, now: int) -> None:
        """Announces new haircut terms of a collateral."""
        self.require_owner(sender)
        self.require_collateral(collateral)
        collaterals.require_valid(terms)
        due_at = self.schedule(("haircut", collateral, terms), now=now)
        self.emit("HaircutScheduled", sender, collateral, terms, due_at)

    def enact_haircut(self, collateral: int, terms: collaterals.HaircutTerms, *, sender: str, now: int) -> None:
        """Puts announced haircut terms of a collateral into force, or tighter ones."""
        self.require_owner(sender)
        assets = self.ledger.assets
        at_once = collateral < len(assets) and tightening.is_tighter_haircut(assets[collateral].terms, terms)
        if at_once:
            collaterals.require_valid(terms)
        self.permit(("haircut", collateral, terms), at_once, now=now)
        self.ledger.assets[collateral].terms = terms
        self.emit("HaircutEnacted", sender, collateral, terms)
