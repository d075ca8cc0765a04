"""Parameters of portfolio margin and the caps of the vault: announced by the owner, in force after the delay."""

from __future__ import annotations

from crossvault.mirror import caps, correlation, market, market_errors, portfolio, ruleset, shock
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.store import Store


class Policy(Store):
    """Parameters of portfolio margin and the caps of the vault: announced by the owner, in force after the delay."""

    __slots__ = ()

    def schedule_portfolio(self, underlying: int, risk: portfolio.PortfolioRisk, *, sender: str, now: int) -> None:
        """Announces new portfolio margin parameters of an underlying."""
        self.require_owner(sender)
        self.require_underlying(underlying)
        portfolio.require_valid(risk)
        due_at = self.schedule(("portfolio", underlying, risk), now=now)
        self.emit("PortfolioScheduled", sender, underlying, risk, due_at)

    def enact_portfolio(self, underlying: int, risk: portfolio.PortfolioRisk, *, sender: str, now: int) -> None:
        """Puts announced portfolio margin parameters of an underlying into force."""
        self.require_owner(sender)
        self.enact(("portfolio", underlying, risk), now=now)
        ruleset.set_risk(self.ledger.model, underlying, risk)
        self.emit("PortfolioEnacted", sender, underlying, risk)

    def schedule_rules(self, rules: Rules, *, sender: str, now: int) -> None:
        """Announces new rules of portfolio margin."""
        self.require_owner(sender)
        shock.require_scenarios(rules.scenarios)
        correlation.require_valid(rules.terms)
        correlation.require_matrix(rules.matrix)
        due_at = self.schedule(("rules", rules), now=now)
        self.emit("RulesScheduled", sender, rules, due_at)

    def enact_rules(self, rules: Rules, *, sender: str, now: int) -> None:
        """Puts announced rules of portfolio margin into force."""
        self.require_owner(sender)
        self.enact(("rules", rules), now=now)
        ruleset.set_rules(self.ledger.model, rules)
        self.emit("RulesEnacted", sender, rules)

    def schedule_cap(self, what: str, number: int, amount: int, *, sender: str, now: int) -> None:
        """Announces a cap of the vault."""
        self.require_owner(sender)
        self.require_capped(what, number)
        due_at = self.schedule(("cap", what, number, amount), now=now)
        self.emit("CapScheduled", sender, what, number, amount, due_at)

    def enact_cap(self, what: str, number: int, amount: int, *, sender: str, now: int) -> None:
        """Sets a cap of the vault."""
        self.require_owner(sender)
        self.require_capped(what, number)
        at_once = not self.is_sealed or not caps.is_looser(amount, self.ledger.caps.limits[what][number])
        self.permit(("cap", what, number, amount), at_once, now=now)
        self.ledger.caps.limits[what][number] = amount
        self.emit("CapEnacted", sender, what, number, amount)

    def require_capped(self, what: str, number: int) -> None:
        """Requires a cap that the vault has."""
        if what == caps.COLLATERAL:
            return self.require_collateral(number)
        if what == caps.INTEREST:
            return self.require_underlying(number)
        if what != caps.BORROWING:
            raise market_errors.UnknownCap(what)
        market.require_within("number", number, 0, 0)
