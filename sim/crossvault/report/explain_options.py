"""The requirement of the options of an account: each short naked, an expiry bounded, and the lesser of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from crossvault.differential.step import expiry_name, instrument_name
from crossvault.mirror import fixed, margin, market, option, standard
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import Book
from crossvault.mirror.standard import Exposure, HeldOption, Level
from crossvault.report.figures import amount, percent, usd


class StatementLine(NamedTuple):
    """A line of a margin statement: label, formula, value [wad]; a line that does not count is a step to another."""

    label: str
    formula: str
    value_wad: int
    counts: bool = True


def strip_terms(book: Book, level: Level, names: Sequence[str]) -> Iterator[StatementLine]:
    """The requirement of the options of a valued account, expiry by expiry."""
    for place, line in enumerate(book.lines):
        if margin.is_modelled(book, line.underlying):
            continue
        exposure = book.exposures[line.underlying]
        if margin.is_first(book.lines, place):
            yield from _strip(exposure, book.lines, place, level, names)
        doubt = standard.short_contingency(exposure, line, book.depeg_rate_wad, level)
        if doubt:
            yield StatementLine(f"{_name(line, names)} doubtful price or peg", f"{amount(-line.size)} short", doubt)


def _strip(
    exposure: Exposure, lines: Sequence[HeldOption], first: int, level: Level, names: Sequence[str]
) -> Iterator[StatementLine]:
    strip = [line for line in lines if standard.is_same_term(line, lines[first])]
    naked = [_naked(exposure, line, level, names) for line in strip if line.size < 0]
    if not naked:
        return
    total_wad, bounds = sum(term.value_wad for term in naked), list(_bounds(exposure, strip, level))
    bound_wad = sum(term.value_wad for term in bounds)
    label = f"{names[lines[first].underlying]}-{expiry_name(lines[first].expiry)} options"
    formula = f"the lesser of {usd(total_wad)} naked and {usd(bound_wad)} bounded"
    yield from naked
    yield from bounds
    yield StatementLine(label, formula, standard.strip_requirement(exposure, lines, first, level))


def _naked(exposure: Exposure, line: HeldOption, level: Level, names: Sequence[str]) -> StatementLine:
    unit_wad = standard.short_requirement(exposure, line, level)
    formula = f"{amount(-line.size)} × ({_unit(exposure, line, level)})"
    return StatementLine(f"{_name(line, names)} naked", formula, fixed.mul_div_up(-line.size, unit_wad, WAD), False)


def _unit(exposure: Exposure, line: HeldOption, level: Level) -> str:
    """The formula of the requirement of one naked short."""
    risk, index, mark = exposure.option_risk, usd(exposure.index_wad), f"mark {usd(line.mark_wad)}"
    if level == Level.MAINTENANCE:
        if line.is_call:
            return f"{percent(risk.call_rate)} of {index} + {mark}"
        return (
            f"the larger of {percent(risk.put_rate)} of {index} and {percent(risk.put_mark_rate)} of {mark}, + {mark}"
        )
    sides = (line.strike_wad, exposure.index_wad) if line.is_call else (exposure.index_wad, line.strike_wad)
    out = fixed.mul_div_down(option.payoff(*sides, True), WAD, exposure.index_wad)
    rate = percent(risk.max_spot_rate)
    if out:
        rate = f"the larger of {rate} less {percent(out)} out of the money and {percent(risk.min_spot_rate)},"
    least = "" if line.is_call else f"; no less than {percent(risk.put_initial_scale)} of maintenance"
    rise_wad = standard.waiting_rise(exposure, line.is_call)
    waits = f"; at the waiting price {usd(exposure.pending_wad)} with {usd(rise_wad)} on top" if rise_wad else ""
    return f"{rate} of {index} + {mark}{least}{waits}"


def _bounds(exposure: Exposure, strip: Sequence[HeldOption], level: Level) -> Iterator[StatementLine]:
    loss_wad = fixed.mul_div_up(standard.max_loss(strip, 0), 1, WAD)
    worst = min((0, *(line.strike_wad for line in strip)), key=lambda spot: _payoff(strip, spot))
    yield StatementLine("largest loss at the end", f"at {usd(worst)}, of nothing and all strikes", loss_wad, False)
    calls = sum(line.size for line in strip if line.is_call)
    if calls < 0:
        risk = exposure.option_risk
        unpaired = risk.unpaired_initial if level == Level.INITIAL else risk.unpaired_maintenance
        unit_wad = fixed.mul_div_up(unpaired, strip[0].forward_wad, WAD)
        formula = f"{amount(-calls)} × {percent(unpaired)} of forward {usd(strip[0].forward_wad)}"
        yield StatementLine("calls without cover", formula, fixed.mul_div_up(-calls, unit_wad, WAD), False)


def _payoff(strip: Sequence[HeldOption], spot_wad: int) -> int:
    return sum(line.size * option.payoff(spot_wad, line.strike_wad, line.is_call) for line in strip)


def _name(line: HeldOption, names: Sequence[str]) -> str:
    kind = market.CALL if line.is_call else market.PUT
    return instrument_name(market.instrument_of(line.underlying, kind, line.expiry, line.strike_wad), names)
