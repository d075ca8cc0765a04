"""A governed vault of one underlying and one collateral, and a change of each kind of parameter."""

from collections.abc import Callable, Sequence
from typing import Any

from crossvault.differential import doors
from crossvault.differential.governance_doors import Announcement
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, TokenSpec, World
from crossvault.mirror import cash, collateral, correlation, liquidation, market, oracle, portfolio, ruleset, shock
from crossvault.mirror.fixed import WAD
from crossvault.mirror.ledger import State
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.ruleset import Rules

AT, DELAY, DAY = 1_700_000_000, 600, 86_400
OWNER, STRANGER, FEEDER = "governor", "stranger", "feeder"
TERMS = liquidation.AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
RISK = market.MarketRisk(heartbeat_secs=DAY, initial_rate=WAD // 10, maintenance_rate=WAD // 20, skew_scale=WAD)
OPTIONS = market.OptionRisk(
    heartbeat_secs=DAY, put_initial_scale=WAD, unpaired_initial=WAD, unpaired_maintenance=WAD
)  # fmt: skip
GUARD, HAIRCUT = oracle.PriceGuard(WAD // 10, 60, WAD // 100), collateral.HaircutTerms(WAD // 5, WAD // 10, WAD)
LOWER = HAIRCUT._replace(cap_wad=7)
INTEREST, DEPEG = cash.Interest(WAD // 100, 1, 2, WAD // 2, WAD // 10), cash.DepegTerms(0, WAD, WAD)
PORTFOLIO = portfolio.PortfolioRisk(
    shock.VolRisk(floor_secs=1), shock.SkewRisk(min_width=10**9), shock.RateRisk(), portfolio.BasisRisk(),
    portfolio.Contingency(),
)  # fmt: skip
RULES = Rules(
    (shock.Scenario(dampening=WAD),), correlation.LossTerms(loss_initial=WAD), correlation.Matrix((0,) * 28, (0,) * 28)
)

# of each change: its announcement, the event, the arguments before the due time, the field, a refused place
CHANGES: dict[str, tuple[Announcement, tuple[Any, ...], Callable[[State], Any]]] = {
    "Risk": (doors.RISK.of(underlying=0, risk=RISK._replace(skew_scale=2)), (0, RISK._replace(skew_scale=2)),
             lambda state: state.risks[0]),
    "Options": (doors.OPTIONS.of(underlying=0, risk=OPTIONS), (0, OPTIONS), lambda state: state.option_risks[0]),
    "Guard": (doors.GUARD.of(underlying=0, guard=GUARD), (0, GUARD), lambda state: state.guards[0]),
    "Haircut": (doors.HAIRCUT.of(collateral=0, terms=LOWER), (0, LOWER), lambda state: state.assets[0].terms),
    "Auction": (doors.AUCTION.of(terms=TERMS._replace(fast_secs=7)), (TERMS._replace(fast_secs=7),),
                lambda state: state.terms),
    "Depeg": (doors.DEPEG.of(terms=DEPEG), (DEPEG,), lambda state: state.cash.terms),
    "Interest": (doors.INTEREST.of(interest=INTEREST), (INTEREST,), lambda state: state.cash.interest),
    "Portfolio": (doors.PORTFOLIO.of(underlying=0, risk=PORTFOLIO), (0, PORTFOLIO),
                  lambda state: ruleset.risk_of(state.model.data, 0)),
    "Rules": (doors.RULES.of(rules=RULES), (RULES,), lambda state: state.model.data.rules),
}  # fmt: skip


class Governed:
    """A vault with one underlying and one collateral; each step is played at the next second, or at a given time."""

    def __init__(self) -> None:
        tokens = (TokenSpec("USDC", 6), *(TokenSpec(f"T{number}", 18) for number in range(9)))
        self.model, self.at = Model(World(tokens, "USDC", OWNER, DELAY, TERMS, AT)), AT
        self.accept(doors.list_underlying(self.next(), OWNER, name="ETH", risk=RISK))
        self.accept(doors.list_collateral(self.next(), OWNER, token="T0", underlying=0, terms=HAIRCUT))
        self.accept(doors.set_feeder(self.next(), OWNER, feeder=FEEDER, allowed=True))

    def next(self) -> int:
        self.at += 1
        return self.at

    def accept(self, step: Step) -> Sequence[tuple[str, tuple[Any, ...]]]:
        """The events of a step that must be accepted."""
        outcome: Outcome = self.model.apply(step)
        assert outcome.refusal is None, outcome.refusal
        return [(each.name, each.values) for each in outcome.events]

    def refuse(self, step: Step) -> Refusal:
        """The refusal of a step that must have one."""
        refusal = self.model.apply(step).refusal
        assert refusal is not None, step
        return refusal


def printed(vault: Governed, feeder: str = FEEDER) -> Step:
    return doors.publish_price(
        vault.next(), feeder, underlying=0, index_wad=2_000 * WAD, premium_wad=0, confidence_wad=WAD,
        published_at=vault.at,
    )  # fmt: skip
