"""Steps through the doors of governance: roles, listings, and parameters that change after a delay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Concatenate, Generic, Literal, ParamSpec

from crossvault.differential.step import Step
from crossvault.mirror import cash, collateral as collaterals, liquidation, market, oracle, portfolio
from crossvault.mirror.ruleset import Rules

P = ParamSpec("P")
Verb = Literal["schedule", "enact"]


@dataclass(frozen=True, slots=True)
class DelayedChange(Generic[P]):
    """A parameter that changes after a delay: its announcement and its change, which take the same arguments."""

    schedule: Callable[Concatenate[int, str, P], Step]
    enact: Callable[Concatenate[int, str, P], Step]

    def by(self, verb: Verb) -> Callable[Concatenate[int, str, P], Step]:
        """The constructor of its announcement or of its change."""
        return self.schedule if verb == "schedule" else self.enact

    def of(self, *args: P.args, **kwargs: P.kwargs) -> Announcement:
        """The change to some values."""
        return Announcement(
            lambda at, sender: self.schedule(at, sender, *args, **kwargs),
            lambda at, sender: self.enact(at, sender, *args, **kwargs),
        )


@dataclass(frozen=True, slots=True)
class Announcement:
    """A change of a parameter to some values: the steps at a time, by a sender, that announce and enact it."""

    schedule: Callable[[int, str], Step]
    enact: Callable[[int, str], Step]


def offer_ownership(at: int, sender: str, *, to: str) -> Step:
    """Offer of the ownership of the vault."""
    return Step(at, sender, "offer_ownership", {"to": to})


def accept_ownership(at: int, sender: str) -> Step:
    """Acceptance of an offered ownership."""
    return Step(at, sender, "accept_ownership")


def schedule_guardian(at: int, sender: str, *, to: str) -> Step:
    """Announcement of a guardian."""
    return Step(at, sender, "schedule_guardian", {"to": to})


def set_guardian(at: int, sender: str, *, to: str) -> Step:
    """Appointment of the guardian, who may pause and cancel."""
    return Step(at, sender, "set_guardian", {"to": to})


def set_feeder(at: int, sender: str, *, feeder: str, allowed: bool) -> Step:
    """Permission, or its end, of a feeder to publish prices."""
    return Step(at, sender, "set_feeder", {"feeder": feeder, "allowed": allowed})


def schedule_feeder(at: int, sender: str, *, feeder: str) -> Step:
    """Announcement of a feeder."""
    return Step(at, sender, "schedule_feeder", {"feeder": feeder})


def pause(at: int, sender: str) -> Step:
    """Halt of everything that adds risk."""
    return Step(at, sender, "pause")


def unpause(at: int, sender: str) -> Step:
    """End of a pause."""
    return Step(at, sender, "unpause")


def seal(at: int, sender: str) -> Step:
    """Seal of the vault, after which what is added waits for its delay."""
    return Step(at, sender, "seal")


def cancel_changes(at: int, sender: str) -> Step:
    """Cancellation of all that is announced."""
    return Step(at, sender, "cancel_changes")


def schedule_underlying(at: int, sender: str, *, name: str, risk: market.MarketRisk) -> Step:
    """Announcement of an underlying."""
    return Step(at, sender, "schedule_underlying", {"name": name, "risk": risk})


def list_underlying(at: int, sender: str, *, name: str, risk: market.MarketRisk) -> Step:
    """Listing of an underlying with the risk parameters of its perpetual future."""
    return Step(at, sender, "list_underlying", {"name": name, "risk": risk})


def schedule_collateral(at: int, sender: str, *, token: str, underlying: int, terms: collaterals.HaircutTerms) -> Step:
    """Announcement of a collateral token."""
    return Step(at, sender, "schedule_collateral", {"token": token, "underlying": underlying, "terms": terms})


def list_collateral(at: int, sender: str, *, token: str, underlying: int, terms: collaterals.HaircutTerms) -> Step:
    """Listing of a collateral token with its haircut."""
    return Step(at, sender, "list_collateral", {"token": token, "underlying": underlying, "terms": terms})


def open_expiry(at: int, sender: str, *, underlying: int, expiry: int) -> Step:
    """Listing of the futures and options of an expiry."""
    return Step(at, sender, "open_expiry", {"underlying": underlying, "expiry": expiry})


def schedule_risk(at: int, sender: str, *, underlying: int, risk: market.MarketRisk) -> Step:
    """Announcement of a change of the risk parameters of an underlying."""
    return Step(at, sender, "schedule_risk", {"underlying": underlying, "risk": risk})


def enact_risk(at: int, sender: str, *, underlying: int, risk: market.MarketRisk) -> Step:
    """Change of the risk parameters of an underlying, as announced."""
    return Step(at, sender, "enact_risk", {"underlying": underlying, "risk": risk})


def schedule_haircut(at: int, sender: str, *, collateral: int, terms: collaterals.HaircutTerms) -> Step:
    """Announcement of a change of the haircut of a collateral."""
    return Step(at, sender, "schedule_haircut", {"collateral": collateral, "terms": terms})


def enact_haircut(at: int, sender: str, *, collateral: int, terms: collaterals.HaircutTerms) -> Step:
    """Change of the haircut of a collateral, as announced."""
    return Step(at, sender, "enact_haircut", {"collateral": collateral, "terms": terms})


def schedule_auction(at: int, sender: str, *, terms: liquidation.AuctionTerms) -> Step:
    """Announcement of a change of the terms of auctions."""
    return Step(at, sender, "schedule_auction", {"terms": terms})


def enact_auction(at: int, sender: str, *, terms: liquidation.AuctionTerms) -> Step:
    """Change of the terms of auctions, as announced."""
    return Step(at, sender, "enact_auction", {"terms": terms})


def schedule_depeg(at: int, sender: str, *, terms: cash.DepegTerms) -> Step:
    """Announcement of a change of the terms of a depeg of the quote token."""
    return Step(at, sender, "schedule_depeg", {"terms": terms})


def enact_depeg(at: int, sender: str, *, terms: cash.DepegTerms) -> Step:
    """Change of the terms of a depeg of the quote token, as announced."""
    return Step(at, sender, "enact_depeg", {"terms": terms})


def schedule_options(at: int, sender: str, *, underlying: int, risk: market.OptionRisk) -> Step:
    """Announcement of a change of the option parameters of an underlying."""
    return Step(at, sender, "schedule_options", {"underlying": underlying, "risk": risk})


def enact_options(at: int, sender: str, *, underlying: int, risk: market.OptionRisk) -> Step:
    """Change of the option parameters of an underlying, as announced."""
    return Step(at, sender, "enact_options", {"underlying": underlying, "risk": risk})


def schedule_guard(at: int, sender: str, *, underlying: int, guard: oracle.PriceGuard) -> Step:
    """Announcement of a change of the price guard of an underlying."""
    return Step(at, sender, "schedule_guard", {"underlying": underlying, "guard": guard})


def enact_guard(at: int, sender: str, *, underlying: int, guard: oracle.PriceGuard) -> Step:
    """Change of the price guard of an underlying, as announced."""
    return Step(at, sender, "enact_guard", {"underlying": underlying, "guard": guard})


def schedule_interest(at: int, sender: str, *, interest: cash.Interest) -> Step:
    """Announcement of a change of the interest curve."""
    return Step(at, sender, "schedule_interest", {"interest": interest})


def enact_interest(at: int, sender: str, *, interest: cash.Interest) -> Step:
    """Change of the interest curve, as announced."""
    return Step(at, sender, "enact_interest", {"interest": interest})


def schedule_portfolio(at: int, sender: str, *, underlying: int, risk: portfolio.PortfolioRisk) -> Step:
    """Announcement of a change of the portfolio margin parameters of an underlying."""
    return Step(at, sender, "schedule_portfolio", {"underlying": underlying, "risk": risk})


def enact_portfolio(at: int, sender: str, *, underlying: int, risk: portfolio.PortfolioRisk) -> Step:
    """Change of the portfolio margin parameters of an underlying, as announced."""
    return Step(at, sender, "enact_portfolio", {"underlying": underlying, "risk": risk})


def schedule_rules(at: int, sender: str, *, rules: Rules) -> Step:
    """Announcement of a change of the rules of portfolio margin."""
    return Step(at, sender, "schedule_rules", {"rules": rules})


def schedule_cap(at: int, sender: str, *, what: str, number: int, amount: int) -> Step:
    """Announcement of a cap of the vault: on `borrowing` (number 0) [wad], a `collateral` [raw], or the `open interest`
    of an underlying [wad]; an amount of 0 is no cap."""
    return Step(at, sender, "schedule_cap", {"what": what, "number": number, "amount": amount})


def enact_cap(at: int, sender: str, *, what: str, number: int, amount: int) -> Step:
    """Change of a cap of the vault: a tighter one at once, a looser one as announced."""
    return Step(at, sender, "enact_cap", {"what": what, "number": number, "amount": amount})


def enact_rules(at: int, sender: str, *, rules: Rules) -> Step:
    """Change of the rules of portfolio margin, as announced."""
    return Step(at, sender, "enact_rules", {"rules": rules})


RISK = DelayedChange(schedule_risk, enact_risk)
HAIRCUT = DelayedChange(schedule_haircut, enact_haircut)
AUCTION = DelayedChange(schedule_auction, enact_auction)
DEPEG = DelayedChange(schedule_depeg, enact_depeg)
OPTIONS = DelayedChange(schedule_options, enact_options)
GUARD = DelayedChange(schedule_guard, enact_guard)
INTEREST = DelayedChange(schedule_interest, enact_interest)
PORTFOLIO = DelayedChange(schedule_portfolio, enact_portfolio)
RULES = DelayedChange(schedule_rules, enact_rules)
GUARDIAN = DelayedChange(schedule_guardian, set_guardian)
CAP = DelayedChange(schedule_cap, enact_cap)
FEEDER = DelayedChange(schedule_feeder, partial(set_feeder, allowed=True))
UNDERLYING = DelayedChange(schedule_underlying, list_underlying)
COLLATERAL = DelayedChange(schedule_collateral, list_collateral)
