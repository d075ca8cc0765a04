"""The market of one walk of an attack search, drawn from a seed: parameters, and what happens in it."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import NamedTuple

from crossvault.mirror import fixed, market

WAD = fixed.WAD
PRINTS = 28  # of the index, after the first
MINUTES, DAYS = 600, 10 * 86_400  # seconds between two prints
PRESETS = ("crossvault", "deribit", "derive", "paradex")
JUMPS = ("none", "confirmed", "rebound", "running")
MISPRINTS = ("none", "spike", "ladder", "forward")
ORDERS = ("coalition first", "liquidator first", "no liquidator")


class SilentSpan(NamedTuple):
    """Some prints in a row during which the vault is paused or a feed is silent: the first, from 1, and how many."""

    first: int = 0
    prints: int = 0

    def has(self, number: int) -> bool:
        """Whether a print is one of them."""
        return self.first <= number < self.first + self.prints


class MarketDraw(NamedTuple):
    """What a market has, and what happens in it.

    rates: `plain` (10 % and 5 %, bands of 5 %), `wide` (with a trade band of 100 %), or the name of a preset.
    every_secs: between two prints. order: who acts first at a moment. jump: the shape of one print far from the last,
    at print jump_at, by jump_pct. trend_bps: of every other print. confirm_secs: of the guard; 0: there is none.
    pause and dead: when the vault is paused and when the feed of ETH is silent. fund_usd: the insurance fund at first.
    has_old: a collateral whose feed stops; has_bar: one without decimals; has_cap: a cap on WETH; has_dated: a future
    and options; has_portfolio: portfolio margin; has_agent: an honest account lets the coalition match its trades.
    """

    seed: int
    rates: str
    every_secs: int
    order: str
    jump: str
    jump_at: int
    jump_pct: int
    trend_bps: int
    misprint: str
    misprint_at: int
    confirm_secs: int
    pause: SilentSpan
    dead: SilentSpan
    fund_usd: int
    has_interest: bool
    has_funding: bool
    has_old: bool
    has_bar: bool
    has_cap: bool
    has_dated: bool
    has_portfolio: bool
    has_agent: bool

    def labels(self) -> tuple[str, ...]:
        """The events and features of the market, as a search counts them."""
        guarded = "with a guard" if self.confirm_secs else "without a guard"
        found = [f"rates: {self.rates}", self.order, f"fund of {self.fund_usd:,} USDC"]
        found += [f"jump: {self.jump}, {guarded}"] if self.jump != "none" else []
        found += [f"misprint: {self.misprint}"] if self.misprint != "none" else []
        found += ["pause"] if self.pause.prints else []
        found += ["dead feed"] if self.dead.prints else []
        features = ("interest", "funding", "old", "bar", "cap", "dated", "portfolio", "agent")
        found += [name for name in features if getattr(self, f"has_{name}")]
        return (*found, "prints of days" if self.every_secs == DAYS else "prints of minutes")

    @property
    def heartbeat_secs(self) -> int:
        """The longest age of a price of ETH."""
        return 365 * 86_400 if self.every_secs == DAYS and not self.dead.prints else 6 * self.every_secs


LABELS = (
    *(f"rates: {name}" for name in ("plain", "wide", *PRESETS)),
    *ORDERS,
    *(f"jump: {jump}, {how} a guard" for jump in JUMPS[1:] for how in ("with", "without")),
    *(f"misprint: {name}" for name in MISPRINTS[1:]),
    "pause", "dead feed", "interest", "funding", "old", "bar", "cap", "dated", "portfolio", "agent",
)  # fmt: skip
"""The events and features that a search can draw, but for sizes of the fund."""


def drawn_market(seed: int) -> MarketDraw:
    """The market of a seed."""
    random = Random(f"market {seed}")

    def chance(part: float) -> bool:
        return random.random() < part

    has_jump = chance(0.55)
    has_dated = chance(0.25)
    return MarketDraw(
        seed=seed,
        rates=random.choice(("plain", "plain", "plain", "wide", random.choice(PRESETS))),
        every_secs=DAYS if chance(0.15) else MINUTES,
        order=random.choice((*ORDERS, ORDERS[0])),
        jump=random.choice(JUMPS[1:]) if has_jump else "none",
        jump_at=random.randrange(3, 12),
        jump_pct=random.choice((-45, -30, -25, -15, -11, -11, 12, 25, 40)),
        trend_bps=random.choice((-100, -60, -60, 0, 0, 60, 100)),
        misprint=random.choice(MISPRINTS[1:]) if chance(0.3) else "none",
        misprint_at=random.randrange(4, 22),
        confirm_secs=random.choice((60, 600)) if chance(0.45) else 0,
        pause=_span(random, 0.3),
        dead=_span(random, 0.3),
        fund_usd=random.choice((0, 0, 1_000, 20_000, 20_000)),
        has_interest=chance(0.35),
        has_funding=chance(0.3),
        has_old=chance(0.4),
        has_bar=chance(0.3),
        has_cap=chance(0.25),
        has_dated=has_dated,
        has_portfolio=has_dated and chance(0.3),
        has_agent=chance(0.06),
    )


def _span(random: Random, part: float) -> SilentSpan:
    if random.random() >= part:
        return SilentSpan()
    return SilentSpan(random.randrange(3, 12), random.randrange(2, 17))


def risk(draw: MarketDraw) -> market.MarketRisk:
    """The risk parameters of ETH."""
    known = _preset_risk(draw.rates) if draw.rates in PRESETS else None
    plain = known or market.MarketRisk(
        mark_band=WAD // 20,
        trade_band=WAD if draw.rates == "wide" else WAD // 20,
        initial_rate=WAD // 10,
        maintenance_rate=WAD // 20,
        maintenance_scale=WAD,
        spread_rate=WAD // 100,
        skew_scale=fixed.CAP,
    )
    funding = {"funding_base": WAD // 10_000, "funding_cap": WAD // 200} if draw.has_funding else {}
    return plain._replace(heartbeat_secs=draw.heartbeat_secs, profit_weight=0, **funding)


@cache
def _preset_risk(name: str) -> market.MarketRisk | None:
    from crossvault.scenario import preset

    return preset.load(name).perps
