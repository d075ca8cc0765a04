"""An accepted bid with the figures of its auction, as the rules of sales see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.auction_clocks import bid_clock_from, is_restarted
from crossvault.judge.auction_figures import AuctionFigures, auction_figures, discount, price_of_part
from crossvault.judge.bid_parts import MovingAccount, after_bid
from crossvault.judge.late_positions import SaleValue, sale_value
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import WAD, ceiling

if TYPE_CHECKING:
    from crossvault.judge.account_value import AccountValue
    from crossvault.judge.books import Books, SaleBook
    from crossvault.mirror.account import AccountId


class SaleBid(NamedTuple):
    """A bid: parties, what was wanted, taken and paid [wad], the auction before it, the account's value and figures.

    discount_wad: d by the clock of the auction, 0 once it is insolvent. fair_wad: d by the seconds in which a bid was
    possible. sale: after it is restarted, where the account has recovered. elapsed_secs: by the clock of the auction;
    biddable_secs: in which a bid was possible. excess_wad: value of whole raw units beyond the part. kept: collaterals
    that stay, by number: those of a solvent account at stale prices.
    """

    account: AccountId
    bidder: AccountId
    sender: str
    fraction_wad: int
    taken_wad: int
    cost_wad: int
    sale: SaleBook
    value: AccountValue | SaleValue
    figures: AuctionFigures
    discount_wad: int
    fair_wad: int
    elapsed_secs: int
    biddable_secs: int
    excess_wad: int
    kept: frozenset[int]

    @property
    def is_solvent(self) -> bool:
        """Whether the auction is that of a solvent account."""
        return not self.sale.insolvent_at

    def price(self, value_wad: int, discount_wad: int) -> int:
        """The price of what the bid takes of a value, at a discount: its part, and whole raw units beyond it [wad]."""
        return price_of_part(value_wad, discount_wad, self.taken_wad) + self.excess_wad


def sale_bid(moment: Moment) -> SaleBid | None:
    """The bid that a step made; None for another step, or a refused one."""
    if moment.step.action != "bid" or not moment.accepted:
        return None
    if "bid" not in moment.noted:
        moment.noted["bid"] = _sale_bid(moment)
    bid: SaleBid = moment.noted["bid"]
    return bid


def _sale_bid(moment: Moment) -> SaleBid:
    event = next(each for each in moment.outcome.events if each.name == "Bid")
    sender, account, bidder, fraction_wad, _, deal, *_ = event.values
    sale, terms = moment.before.account(account).sale, moment.before.auction
    biddable = moment.clocks.biddable_secs(moment.before, account, sale.insolvent_at or sale.started_at, moment.at)
    elapsed = moment.at - bid_clock_from(moment.before, account, moment.at)
    if is_restarted(moment.outcome):
        sale, elapsed, biddable = sale._replace(started_at=moment.at, insolvent_at=0, deficit_wad=0), 0, 0
    accrued = moment.before._replace(cash=moment.after.cash)  # the interest of the bid's time, as it is stored
    value = sale_value(accrued, account, moment.at)
    kept = frozenset[int]() if sale.insolvent_at else value.left_numbers
    return SaleBid(
        account, bidder, sender, fraction_wad, deal.taken_wad, deal.cost_wad, sale, value,
        auction_figures(value, sale, terms),
        0 if sale.insolvent_at else discount(terms, elapsed),
        discount(terms, biddable),
        elapsed,
        biddable,
        excess(moment.before, account, deal.taken_wad, kept),
        kept,
    )  # fmt: skip


def excess(books: Books, account: AccountId, taken_wad: int, kept: frozenset[int]) -> int:
    """The value of collateral beyond a part, as raw units move whole; by collateral rounded up [wad]."""
    pairs = zip(books.collaterals, books.account(account).balances, strict=False)
    return sum(
        ceiling(
            -balance * taken_wad % WAD * books.underlyings[each.underlying].price.index_wad, WAD * 10**each.decimals
        )
        for number, (each, balance) in enumerate(pairs)
        if number not in kept
    )


def moved_accounts(moment: Moment, bid: SaleBid) -> tuple[MovingAccount, MovingAccount]:
    """Seller and bidder as a bid should leave them, at the indexes that the step has stored."""
    return after_bid(
        moment.before, moment.after.cash, (bid.account, bid.bidder), (bid.taken_wad, bid.kept), bid.cost_wad, moment.at
    )
