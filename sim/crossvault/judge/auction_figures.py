"""The figures of an auction, from the statements of "Liquidation" in contracts/README.md.

Each takes and gives exact integers where the value of the account is exact, else bounds: an account with options is
known up to the stated error of their marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.bracket import Bracket
from crossvault.judge.rounding import WAD, ceiling

if TYPE_CHECKING:
    from crossvault.judge.account_value import AccountValue
    from crossvault.judge.books import SaleBook
    from crossvault.judge.late_positions import SaleValue
    from crossvault.mirror.liquidation import AuctionTerms


class AuctionFigures(NamedTuple):
    """Equity E, margin_MM, buffer margin BM, and value E - R of an account on sale [wad].

    paid: max(margin_MM, E - requirement), whose opposite the payout of an insolvent account rises to. sold: what the
    price of a solvent account is of, E - R without collateral at stale prices, at least 0; credit_wad: what that
    collateral counts in margin_MM and BM. most: E with positions at stale prices at the most that they may be worth,
    which margin_MM, BM and paid have, too; the fund pays for what is missing even so.
    """

    equity: Bracket
    margin: Bracket
    paid: Bracket
    buffer: Bracket
    value: Bracket
    sold: Bracket
    credit_wad: int
    most: Bracket


def auction_figures(value: AccountValue | SaleValue, sale: SaleBook, terms: AuctionTerms) -> AuctionFigures:
    """The figures of an account; BM = margin + (margin - E) * buffer, its last product rounded down.

    Collateral at stale prices has no part in the product.
    """
    margin, stale = value.maintenance_margin, Bracket.of(value.left_wad)
    most = value.equity.plus(value.rise)
    short = margin.minus(most.minus(stale)).minus(Bracket.of(value.left_credit_wad))
    buffer = Bracket(
        margin.low + short.low * terms.buffer_wad // WAD,
        margin.high + short.high * terms.buffer_wad // WAD,
    )
    unpaid = most.minus(value.maintenance_requirement)
    paid = Bracket(max(margin.low, unpaid.low), max(margin.high, unpaid.high))
    worth = value.equity.minus(Bracket.of(sale.reserved_wad))
    fresh = worth.minus(stale)
    sold = Bracket(max(0, fresh.low), max(0, fresh.high))
    return AuctionFigures(value.equity, margin, paid, buffer, worth, sold, value.left_credit_wad, most)


def discount(terms: AuctionTerms, elapsed_secs: int) -> int:
    """d: from start to knee in the fast phase, from knee towards 0 in the slow one, to the floor; rounded up [wad]."""
    slow = elapsed_secs - terms.fast_secs
    if slow < 0:
        return terms.knee_wad + ceiling((terms.start_wad - terms.knee_wad) * -slow, terms.fast_secs)
    return max(terms.floor_wad, ceiling(terms.knee_wad * max(0, terms.slow_secs - slow), terms.slow_secs))


def largest_fraction(figures: AuctionFigures, reserved_wad: int, discount_wad: int) -> Bracket:
    """f_max = |BM| / (|BM| + C + E d + R (1 - d)); rounded down, but at least one wei [wad].

    E is that of what is sold and R, C what the rest counts: it restores nothing.
    """
    kept = ceiling(reserved_wad * (WAD - discount_wad), WAD) + figures.credit_wad
    bounds = []
    for missing, sold in ((-figures.buffer.high, figures.sold.high), (-figures.buffer.low, figures.sold.low)):
        gained = ceiling((sold + reserved_wad) * discount_wad, WAD) + kept
        bounds.append(max(1, max(0, missing) * WAD // max(1, max(0, missing) + gained)))
    return Bracket(min(bounds), max(bounds))


def price_of_part(value_wad: int, discount_wad: int, taken_wad: int) -> int:
    """The price of a part of a solvent account: (E - R) d for all of it, rounded up, and its part rounded up [wad]."""
    return ceiling(ceiling(value_wad * discount_wad, WAD) * taken_wad, WAD)


def payout(figures: AuctionFigures, elapsed_secs: int, insolvent_secs: int) -> Bracket:
    """The payment for all of an insolvent account: from -most to -paid over its ramp, rounded down [wad].

    The fund pays nothing where positions at stale prices may be worth more than is missing: then it goes for nothing.
    """
    secs = min(elapsed_secs, insolvent_secs)
    is_late = figures.most != figures.equity
    return Bracket(
        _payout(figures.most.high, figures.paid.high, secs, insolvent_secs, is_late),
        _payout(figures.most.low, figures.paid.low, secs, insolvent_secs, is_late),
    )


def _payout(equity_wad: int, paid_wad: int, secs: int, insolvent_secs: int, is_late: bool) -> int:
    paid = (equity_wad - paid_wad) * secs // insolvent_secs - equity_wad
    return min(paid, 0) if is_late and equity_wad > 0 else paid
