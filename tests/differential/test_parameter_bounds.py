"""Every parameter at both ends of its range, inside and beyond: file, model and contracts accept the same values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step, TokenSpec, World
from crossvault.evm.codec import DoesNotFit
from crossvault.evm.inprocess import InProcessChain
from crossvault.mirror import cash, collateral, correlation, liquidation, market, oracle, portfolio, shock, surface
from crossvault.mirror.correlation import LossTerms, Matrix
from crossvault.mirror.fixed import WAD
from crossvault.mirror.number_errors import ParameterOutOfRange
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.shock import Scenario, VolRisk
from crossvault.mirror.surface import Svi
from crossvault.scenario.parameter_fields import FIELDS

START, DAY = 1_700_000_000, 86_400
EXPIRY = START + 7 * DAY
OWNER, FEEDER = "governor", "feeder"
TOKENS = (TokenSpec("USDC", 6), TokenSpec("WETH", 18))
AUCTION = liquidation.AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
MATRIX = Matrix((0,) * correlation.MAX_PAIRS, (0,) * correlation.MAX_PAIRS)
LOSS = LossTerms(loss_initial=WAD, loss_maintenance=WAD)
LISTED = market.MarketRisk(heartbeat_secs=DAY, initial_rate=1, maintenance_rate=1, skew_scale=1)
VOL, SKEW = VolRisk(floor_secs=1), shock.SkewRisk(min_width=10**9)
WIDEST = Svi(b=2 * WAD, sigma=surface.MAX_WIDTH, ref_secs=1, ref_forward=1)


def of_portfolio(name: str) -> Callable[[Any], Step]:
    risk = portfolio.PortfolioRisk(VOL, SKEW, shock.RateRisk(), portfolio.BasisRisk(), portfolio.Contingency())
    return lambda each: doors.schedule_portfolio(START, OWNER, underlying=0, risk=risk._replace(**{name: each}))


def published(svi: Svi) -> Step:
    return doors.publish_surface(
        START, FEEDER, underlying=0, expiry=EXPIRY, svi=svi, confidence_wad=WAD, published_at=START
    )


STEPS: dict[type, Callable[[Any], Step]] = {
    market.MarketRisk: lambda each: doors.schedule_risk(START, OWNER, underlying=0, risk=each),
    market.OptionRisk: lambda each: doors.schedule_options(START, OWNER, underlying=0, risk=each),
    oracle.PriceGuard: lambda each: doors.schedule_guard(START, OWNER, underlying=0, guard=each),
    collateral.HaircutTerms: lambda each: doors.schedule_haircut(START, OWNER, collateral=0, terms=each),
    liquidation.AuctionTerms: lambda each: doors.schedule_auction(START, OWNER, terms=each),
    cash.Interest: lambda each: doors.schedule_interest(START, OWNER, interest=each),
    cash.DepegTerms: lambda each: doors.schedule_depeg(START, OWNER, terms=each),
    Scenario: lambda each: doors.schedule_rules(START, OWNER, rules=Rules((each,), LOSS, MATRIX)),
    LossTerms: lambda each: doors.schedule_rules(START, OWNER, rules=Rules((Scenario(),), each, MATRIX)),
    VolRisk: of_portfolio("vol"),
    shock.SkewRisk: of_portfolio("skew"),
    shock.RateRisk: of_portfolio("rate"),
    portfolio.BasisRisk: of_portfolio("basis"),
    portfolio.Contingency: of_portfolio("contingency"),
    Svi: published,
}
PARAMETERS = [(kind, name) for kind, fields in FIELDS.items() for name in fields]


@dataclass(frozen=True)
class Sides:
    """The model and the contracts of one world, where parameters are announced and never in force."""

    model: Model
    chain: InProcessChain

    def outcomes(self, step: Step) -> tuple[Any, Any]:
        return self.model.apply(step), self.chain.apply(step)


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    world = World(TOKENS, "USDC", OWNER, 0, AUCTION, START)
    model, chain = Model(world), InProcessChain(world)
    for step in (
        doors.set_feeder(START, OWNER, feeder=FEEDER, allowed=True),
        doors.list_underlying(START, OWNER, name="ETH", risk=LISTED),
        doors.list_collateral(START, OWNER, token="WETH", underlying=0, terms=collateral.HaircutTerms()),
        doors.publish_price(
            START, FEEDER, underlying=0, index_wad=WAD, premium_wad=0, confidence_wad=WAD, published_at=START
        ),
        doors.open_expiry(START, OWNER, underlying=0, expiry=EXPIRY),
    ):
        assert model.apply(step) == chain.apply(step)
    yield Sides(model, chain)
    chain.close()


def holding(kind: type, name: str, value: int) -> Any:
    """Parameters that are valid if one value is: what it may not exceed is at its most, the rest at its least."""
    fields = FIELDS[kind]
    found = kind()._replace(**{each: field.low for each, field in fields.items()})
    if isinstance(found, Svi):
        found = WIDEST._replace(rho=0, b=0 if name == "rho" else WIDEST.b)
    above = fields[name].below
    while above:
        found = found._replace(**{above: fields[above].high})
        above = fields[above].below
    return found._replace(**{name: value})


def test_every_parameter_of_the_contracts_has_a_field() -> None:
    for kind, fields in FIELDS.items():
        others = {"cap_wad", "feed"}  # a cap is as wide as its type, and a feed is an underlying
        assert set(kind._fields) - others == set(fields), kind  # type: ignore[attr-defined]  # a NamedTuple


@pytest.mark.parametrize(("kind", "name"), PARAMETERS)
def test_model_and_contracts_accept_the_same_range(sides: Sides, kind: type, name: str) -> None:
    field = FIELDS[kind][name]
    inside = Random(f"{kind.__name__}.{name}").randint(field.low, field.high)
    for value in {field.low, inside, field.high}:
        ours, theirs = sides.outcomes(STEPS[kind](holding(kind, name, value)))
        assert ours.refusal is None and ours == theirs, value
    for value in (field.low - 1, field.high + 1):
        step = STEPS[kind](holding(kind, name, value))
        assert isinstance(sides.model.apply(step).refusal, ParameterOutOfRange), value
        try:
            ours, theirs = sides.outcomes(step)
        except DoesNotFit as wrong:
            assert wrong.path.rpartition(".")[2] == name and wrong.exit_code == 2
            assert f"{value} does not fit " in str(wrong)
            continue
        assert ours == theirs


def test_the_codec_names_the_argument_that_does_not_fit(sides: Sides) -> None:
    risk = portfolio.PortfolioRisk(VOL, SKEW._replace(linear_base=10 * WAD))
    with pytest.raises(
        DoesNotFit, match=r"^schedule_portfolio\.risk\.skew\.linear_base: 10000000000000000000 does not fit int64$"
    ):
        sides.chain.apply(doors.schedule_portfolio(START, OWNER, underlying=0, risk=risk))
    rules = Rules((Scenario(), Scenario(spot_shock=2**63)), LOSS, MATRIX)
    with pytest.raises(
        DoesNotFit, match=r"^schedule_rules\.rules\.scenarios\[1\]\.spot_shock: 9223372036854775808 does not fit int64$"
    ):
        sides.chain.apply(doors.schedule_rules(START, OWNER, rules=rules))
