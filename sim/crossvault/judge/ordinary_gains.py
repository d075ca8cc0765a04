"""The gain that an auction's own rule leaves to a bidder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.judge.auction_clocks import is_restarted
from crossvault.judge.auction_figures import auction_figures, discount
from crossvault.judge.late_positions import sale_value
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import WAD, ceiling
from crossvault.judge.true_worth import true_equities, waiting_prices

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


def auction_gain(moment: Moment, person: str) -> int:
    """What a bidder gains by the rule of the auction; nothing in an auction of its own person [wad].

    Of a solvent account: its part of the value that is sold * (1 - d), d counting only seconds in which a bid was
    possible. Of an insolvent one: its part of the payout beyond -E. An auction is priced at the index: while a jump
    waits, what is moved is worth more at that price by its part, and by the raw units beyond it.
    """
    step = moment.step
    if step.action != "bid" or not moment.accepted:
        return 0
    account, bidder = step.args["account"], step.args["bidder"]
    if moment.person(bidder) != person or moment.person(account) == person:
        return 0
    return bidder_gain(moment)


def bidder_gain(moment: Moment) -> int:
    """What any bidder gains by the rule of the auction at an accepted bid [wad]."""
    account = moment.step.args["account"]
    taken_wad = next((event.values[5].taken_wad for event in moment.outcome.events if event.name == "Bid"), 0)
    rise_wad = max(0, true_equities(moment, account)[0].high - moment.value_before(account).equity.low)
    return ceiling((_whole_gain(moment, account) + rise_wad) * taken_wad, WAD) + _units_rise(moment, taken_wad)


def _units_rise(moment: Moment, taken_wad: int) -> int:
    """What the raw units beyond the part, paid for at the index, are worth more at a price that waits [wad]."""
    account, total = moment.step.args["account"], 0
    before, after = (books.account(account).balances for books in (moment.before, moment.after))
    waiting = waiting_prices(moment.before, moment.at)
    for asset, held, left in zip(moment.before.collaterals, before, after, strict=False):
        index_wad = moment.before.underlyings[asset.underlying].price.index_wad
        rise_wad = max(0, waiting.get(asset.underlying, index_wad) - index_wad) * 10 ** (18 - asset.decimals)
        total += ceiling(max(0, (held - left) * WAD - held * taken_wad) * rise_wad, WAD * WAD)
    return total


def _whole_gain(moment: Moment, account: AccountId) -> int:
    """What the rule of its auction leaves of a whole account to who buys it [wad]."""
    sale, terms = moment.before.account(account).sale, moment.before.auction
    figures = auction_figures(sale_value(moment.before, account, moment.at), sale, terms)
    if sale.insolvent_at and not is_restarted(moment.outcome):
        biddable_secs = moment.clocks.biddable_secs(moment.before, account, sale.insolvent_at, moment.at)
        secs = min(biddable_secs, terms.insolvent_secs)
        return ceiling((figures.most.high - figures.paid.low) * secs, terms.insolvent_secs)
    elapsed_secs = 0 if sale.insolvent_at else moment.at - sale.started_at
    biddable_secs = moment.clocks.biddable_secs(moment.before, account, sale.started_at, moment.at)
    left_wad = WAD - discount(terms, min(elapsed_secs, biddable_secs))
    return ceiling(figures.sold.high * left_wad, WAD)
