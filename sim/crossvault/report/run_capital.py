"""Peak capital of positions, each alone and all in one account."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from crossvault.mirror import fixed, margin, standard
from crossvault.mirror.margin import Book
from crossvault.mirror.standard import Exposure, HeldOption, Level

Key = int | tuple[int, int, int, bool]


@dataclass(slots=True)
class Capital:
    """Cash that the positions of an account have needed so far, to never fail a level [wad].

    The need of a position is its requirement less its own unrealised profit (weighted as the level weighs it), or plus
    its loss. isolated: each position is funded for its own worst moment, and its excess stays with it. cross: all are
    funded together for the worst moment of their sum, since a position with more profit than it needs pays for the
    others. Perps and futures on one underlying are one position, a short option alone is a naked one, and a long one
    needs nothing. Collateral does not enter: both are the least cash that suffices. Isolated is never below cross,
    unless the account is in portfolio mode: then cross is by portfolio margin, and alone is standard.
    """

    at: int = 0
    cross_wad: int = 0
    alone_wad: dict[Key, int] = field(default_factory=dict)

    @property
    def isolated_wad(self) -> int:
        """The sum over positions of the most that each has needed."""
        return sum(self.alone_wad.values())

    def note(self, book: Book, level: Level, at: int) -> None:
        """Takes an account as it is valued at a moment [unix seconds] into account."""
        needs: dict[Key, int] = {
            underlying: _need(exposure, book.depeg_rate_wad, level)
            for underlying, exposure in enumerate(book.exposures)
            if exposure.gross_wad2
        }
        cross_wad = _whole_need(book, level) if book.stakes else sum(needs.values()) + _options_need(book, level)
        for line in book.lines:
            needs[line.underlying, line.expiry, line.strike_wad, line.is_call] = _naked_need(book, line, level)
        for key, need in needs.items():
            self.alone_wad[key] = max(need, self.alone_wad.get(key, 0))
        if cross_wad > self.cross_wad:
            self.at, self.cross_wad = at, cross_wad


def _need(exposure: Exposure, depeg_rate_wad: int, level: Level) -> int:
    alone = replace(exposure, base_wad=0) if exposure.base_wad else exposure
    weight = exposure.risk.profit_weight if level == Level.INITIAL else fixed.WAD
    profit = fixed.mul_div_down(exposure.gain_wad, weight, fixed.WAD) + exposure.loss_wad
    required = standard.requirement(alone, level) + standard.contingency(alone, depeg_rate_wad, level)
    return required - profit


def _whole_need(book: Book, level: Level) -> int:
    """Requirement of the whole by portfolio margin, less the profits of the positions."""
    bare = replace(book, cash_wad=0, exposures=[], lines=[])
    earned = margin.adjusted_equity(book, level) - book.cash_wad - margin.adjusted_equity(bare, level)
    return margin.requirement(book, level) - earned


def _options_need(book: Book, level: Level) -> int:
    """Requirement of all options together."""
    total = 0
    for place, line in enumerate(book.lines):
        exposure = book.exposures[line.underlying]
        total += standard.short_contingency(exposure, line, book.depeg_rate_wad, level)
        if margin.is_first(book.lines, place):
            total += standard.strip_requirement(exposure, book.lines, place, level)
    return total


def _naked_need(book: Book, line: HeldOption, level: Level) -> int:
    if line.size >= 0:
        return 0
    exposure = book.exposures[line.underlying]
    naked_wad = fixed.mul_div_up(-line.size, standard.short_requirement(exposure, line, level), fixed.WAD)
    return naked_wad + standard.short_contingency(exposure, line, book.depeg_rate_wad, level)
