"""Arguments of valuations: ledgers, accounts and the options and dated positions that they hold."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import cast

from books import BOOK
from crossvault.mirror import market, surface, valuation
from crossvault.mirror.account import PORTFOLIO, STANDARD, Image
from crossvault.mirror.fixed import CAP
from crossvault.mirror.standard import HeldOption
from inputs import LINE, SIZE, svi, usual_svi
from ledgers import (
    IDS,
    Drawn,
    draw_any,
    draw_call,
    draw_curve,
    draw_position,
    draw_price,
    draw_quoted,
    draw_setup,
)  # fmt: skip
from probing import NOW, Integer

NEAR_OR_NEVER = [0, NOW, NOW - 59, NOW - 60, NOW - 61, NOW - 3_600]


def draw_linear(random: Random) -> Drawn:
    """A perp, or a future that has not settled; held or not."""
    drawn = draw_quoted(random)
    while market.is_option(market.kind_of(drawn["instrument"])):
        drawn = draw_quoted(random)
    setup = drawn["self"]
    held = [
        entry.instrument for entry in setup.owned[0].image.entries if market.kind_of(entry.instrument) == market.PERP
    ]
    instrument = random.choice(held) if held and random.random() < 0.5 else drawn["instrument"]
    return {"self": setup, "account": IDS[0], "instrument": instrument}


def draw_option(random: Random) -> Drawn:
    drawn = draw_quoted(random)
    while not market.is_option(market.kind_of(drawn["instrument"])):
        drawn = draw_quoted(random)
    return {**drawn, "size": SIZE.draw(random)}


def draw_dated(random: Random) -> Drawn:
    drawn = draw_quoted(random)
    while market.kind_of(drawn["instrument"]) == market.PERP:
        drawn = draw_quoted(random)
    return drawn


def draw_marked(random: Random) -> HeldOption:
    """An option before, at or after its expiry, at the volatility of a surface."""
    price = draw_price(random)
    curve, line = draw_curve(random, 0, price).curve, LINE.draw(random)
    line.secs = random.choice([0, 1, 60, 3_600, 86_400, 30 * 86_400, 10**9])
    if random.random() < 0.7:
        base = max(1, price.index)
        line.forward_wad, line.strike_wad = base, max(1, base * random.randint(30, 300) // 100)
        curve.svi = svi(random) if random.random() < 0.3 else usual_svi(random, base, line.secs)
    line.vol_wad = surface.vol(curve.svi, line.strike_wad) if curve.svi.ref_forward else 0
    line.rate_wad = curve.rate
    return cast(HeldOption, line)


def draw_surfaced(random: Random) -> Drawn:
    """Options, each with the surface that it is priced by, or none."""
    lines = [draw_marked(random) for _ in range(random.choice([1, 3]))]
    secs = [max(1, line.secs) for line in lines]
    surfaces = [usual_svi(random, line.forward_wad, each) for line, each in zip(lines, secs, strict=True)]
    return {"lines": lines, "surfaces": [each if random.random() < 0.8 else surface.Svi() for each in surfaces]}


def draw_position_call(random: Random) -> Drawn:
    setup = draw_setup(random)
    return {"self": setup, "instrument": draw_position(random, setup)}


def draw_note(random: Random) -> Drawn:
    valued = BOOK.draw(random)
    if random.random() < 0.7:
        valued.stale.underlying = 0
    drawn = {"underlying": random.randrange(8), "expiry": Integer(0, 2**40 - 1).draw(random)}
    heartbeat = random.choice([0, 60, 3_600])
    return {"valued": valued, **drawn, "published_at": random.choice(NEAR_OR_NEVER), "heartbeat_secs": heartbeat}


def draw_noted(random: Random) -> Drawn:
    valued = BOOK.draw(random)
    if random.random() < 0.5:
        valued.stale.underlying = 0
    return {"valued": valued}


def draw_ruled(random: Random) -> Drawn:
    """An account in either mode, in a vault with portfolio margin rules."""
    drawn = draw_call(random)
    while not drawn["self"].rules.scenarios:
        drawn = draw_call(random)
    return drawn


def draw_held(random: Random) -> Drawn:
    setup = draw_setup(random)
    return {"self": setup, "held": setup.owned[0].image}


def draw_holdings(random: Random) -> Drawn:
    """Holdings at, within or just beyond one of their bounds."""
    setup = draw_setup(random)
    held = setup.owned[0].image
    entries = [each for each in held.entries if market.kind_of(each.instrument) == market.PERP]
    entries = [each._replace(size=random.choice([CAP, -CAP, CAP + 1, 1])) for each in entries[: random.randrange(3)]]
    limit = valuation.MAX_HELD
    if entries and random.random() < 0.3:
        entries[0] = entries[0]._replace(
            quote=random.choice([limit, -limit - 1]), funding_index=random.choice([0, limit + 1])
        )
    if entries and random.random() < 0.1:
        entries[0] = entries[0]._replace(instrument=draw_any(random, setup))
    balances = held.balances if random.random() < 0.8 else (*held.balances, 0)
    principal = random.choice([0, limit, -limit, limit + 1])
    mode = random.choice([held.mode, STANDARD, PORTFOLIO, 2])
    return {"self": setup, "held": Image(principal, mode, balances, tuple(entries))}


def draw_alike(random: Random) -> Drawn:
    """Options, of which some are priced already, in the same places or others."""
    lines = draw_lines(random)
    priced = [replace(each, size=1, mark_wad=random.randrange(9)) for each in lines if random.random() < 0.7]
    random.shuffle(priced)
    return {"self": draw_setup(random), "lines": lines, "priced": [*priced, *draw_lines(random)]}


def draw_lines(random: Random) -> list[HeldOption]:
    return [draw_marked(random) for _ in range(random.choice([0, 1, 3]))]
