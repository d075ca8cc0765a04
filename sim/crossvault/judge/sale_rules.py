"""Rules of a fair sale: V5, V22 to V25 and V28. Those of a bid return at once at any other step."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.judge.auction_figures import (
    auction_figures,
    largest_fraction,
    payout,
)
from crossvault.judge.books import Books
from crossvault.judge.breach import Breach
from crossvault.judge.late_positions import sale_value
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import WAD
from crossvault.judge.sale_bid import SaleBid, moved_accounts, sale_bid

NEIGHBOURLY = frozenset({"start_liquidation", "declare_insolvent", "bid", "end_liquidation", "settle"})
"""Doors of liquidation and settlement, which any sender may call for any account."""
_OWN = frozenset({"cash", "accounts", "tokens", "caps"})


def third_parties_untouched(moment: Moment) -> Iterator[Breach]:
    """V5: a liquidation or settlement changes nothing but the accounts that it names and the pool of cash."""
    if moment.step.action not in NEIGHBOURLY or not moment.accepted:
        return
    named = moment.touched
    for account in moment.changed:
        if account not in named:
            was, is_ = moment.before.account(account), moment.after.account(account)
            yield Breach(f"{account} is no party and had {was}, has {is_}", None, (account,))
    for field in Books._fields:
        if field not in _OWN and getattr(moment.before, field) != getattr(moment.after, field):
            yield Breach(f"{field} of the vault is another after {moment.step.action}")
    if moment.before.caps.limits != moment.after.caps.limits:
        yield Breach(f"caps of the vault are others after {moment.step.action}")
    if moment.before.tokens != moment.after.tokens and _wallets(moment.before) != _wallets(moment.after):
        yield Breach(f"tokens are moved by {moment.step.action}")


def _wallets(books: Books) -> dict[tuple[str, str], int]:
    """What holders have of tokens, where it is anything [raw]."""
    return {(token, name): raw for token, held in books.tokens.items() for name, raw in held.items() if raw}


def paid_by_discount(moment: Moment) -> Iterator[Breach]:
    """V22: a bid pays at least d * value of what it takes, d falling only in seconds in which a bid was possible.

    Nothing that is worth something is declared insolvent.
    """
    if moment.step.action == "declare_insolvent" and moment.accepted:
        yield from _declared(moment)
    bid = sale_bid(moment)
    if bid is None or bid.figures.value.low <= 0:
        return
    value = bid.figures.sold.low
    if bid.is_solvent and bid.cost_wad < (least := bid.price(value, bid.discount_wad)):
        yield Breach(f"{bid.bidder} pays {bid.cost_wad} wad, at least {least} by the clock", least - bid.cost_wad)
    least = bid.price(value, bid.fair_wad)
    if bid.cost_wad < least:
        what = f"{bid.bidder} pays {bid.cost_wad} wad, at least {least} by the seconds in which a bid was possible"
        yield Breach(what, least - bid.cost_wad, (bid.account, bid.bidder))


def _declared(moment: Moment) -> Iterator[Breach]:
    """An account is declared insolvent once it is worth nothing beyond its reserved cash, not before."""
    account = moment.step.args["account"]
    sale = moment.before.account(account).sale
    value = auction_figures(moment.value_before(account), sale, moment.before.auction).value.low
    if value > 0:
        yield Breach(f"{account} is declared insolvent with a value of {value} wad", value, (account,))


def sold_within_bounds(moment: Moment) -> Iterator[Breach]:
    """V23: who meets maintenance is not put up for sale, who meets initial margin is not sold, nor more than f_max.

    Nor is reserved cash sold.
    """
    if moment.step.action == "start_liquidation" and moment.accepted:
        account = moment.step.args["account"]
        value = moment.value_before(account)
        if moment.before.account(account).sale.started_at:
            if value.equity.high <= 0:
                what = f"{account} is put up for sale anew with an equity of {value.equity.high} wad"
                yield Breach(what, None, (account,))
        elif (margin := sale_value(moment.before, account, moment.at).maintenance_margin).low >= 0:
            what = f"{account} is put up for sale with a maintenance margin of {margin.low} wad"
            yield Breach(what, None, (account,))
    bid = sale_bid(moment)
    if bid is None:
        return
    margin, buffer = bid.value.initial_margin, bid.figures.buffer
    if margin.low >= 0:
        what = f"{bid.account} is sold with an initial margin of {margin.low} wad"
        yield Breach(what, bid.figures.sold.high * bid.taken_wad // WAD - bid.cost_wad, (bid.account,))
    if buffer.low >= 0:
        yield Breach(f"{bid.account} is sold with a buffer margin of {buffer.low} wad", bid.cost_wad, (bid.account,))
    yield from _sold_too_much(bid)
    yield from _reserve_sold(moment, bid)


def _sold_too_much(bid: SaleBid) -> Iterator[Breach]:
    """More than f_max is sold: of a solvent account, or of one that is worth something again."""
    if bid.is_solvent:
        most = largest_fraction(bid.figures, bid.sale.reserved_wad, bid.discount_wad)
    elif bid.figures.equity.low > 0 and bid.fair_wad:
        most = largest_fraction(bid.figures, 0, bid.fair_wad)
    else:
        return
    if bid.taken_wad > most.high:
        money = bid.figures.sold.high * (bid.taken_wad - most.high) // WAD
        what = f"{bid.bidder} takes {bid.taken_wad} of {bid.account}, at most {most.high} [wad]"
        yield Breach(what, money, (bid.account, bid.bidder))


def _reserve_sold(moment: Moment, bid: SaleBid) -> Iterator[Breach]:
    """R is what bidders have paid so far; it stays with the account while the auction goes on."""
    if not bid.is_solvent:
        return
    after = moment.after.account(bid.account)
    due = bid.sale.reserved_wad + bid.cost_wad
    if after.sale.started_at and after.sale.reserved_wad != due:
        yield Breach(f"{bid.account} has {after.sale.reserved_wad} wad reserved, paid are {due}", None, (bid.account,))
    if bid.sale.reserved_wad:
        seller, _ = moved_accounts(moment, bid)
        if after.principal < seller.principal:
            what = (
                f"{bid.account} is left a cash principal of {after.principal}, {seller.principal} without its reserve"
            )
            yield Breach(what, seller.principal - after.principal, (bid.account, bid.bidder))


def no_own_bid(moment: Moment) -> Iterator[Breach]:
    """V24: neither the owner nor an operator that has acted for an account buys it below d = 1."""
    bid = sale_bid(moment)
    if bid is None or bid.discount_wad >= WAD:
        return
    chosen = {name for account, name in moment.rulebook.acted if account == bid.account}
    close = {bid.account.owner} | {name for name, _ in moment.rulebook.operators.get(bid.account, ()) if name in chosen}
    for name in {bid.sender, bid.bidder.owner} & close:
        what = f"{name}, owner or operator of {bid.account}, buys it at a discount factor of {bid.discount_wad}"
        yield Breach(what, None, (bid.account, bid.bidder))


def fund_pays_within_ramp(moment: Moment) -> Iterator[Breach]:
    """V25: the fund pays for insolvent accounts alone, at most what their ramp has reached, which starts at -E."""
    spent = moment.before.cash.insurance_wad - moment.after.cash.insurance_wad
    if moment.step.action != "bid":
        if spent > 0:
            yield Breach(f"the insurance fund pays {spent} wad at {moment.step.action}", spent)
        return
    bid = sale_bid(moment)
    paid = max(spent, -bid.cost_wad) if bid else 0
    if bid is None or paid <= 0:
        return
    most = 0
    if not bid.is_solvent:
        whole = payout(bid.figures, bid.biddable_secs, moment.before.auction.insolvent_secs)
        most = max(0, whole.high * bid.taken_wad // WAD)
    if paid > most:
        yield Breach(
            f"the fund pays {paid} wad for a part of {bid.account}, at most {most}", paid - most, (bid.bidder,)
        )
    if bid.figures.most.low > 0:
        what = f"the fund pays {paid} wad for {bid.account}, which may be worth {bid.figures.most.low}"
        yield Breach(what, paid, (bid.account, bid.bidder))


def parts_moved(moment: Moment) -> Iterator[Breach]:
    """V28: a bid moves exactly its part of everything, pays the stated price, and gets what it pays for."""
    bid = sale_bid(moment)
    if bid is None:
        return
    yield from _stated_terms(moment, bid)
    for account, moved in zip((bid.account, bid.bidder), moved_accounts(moment, bid), strict=True):
        if found := moved.difference(moment.after.account(account)):
            name, is_, due = found
            yield Breach(f"{account}: {name} is {is_}, {due} by its part of the bid", None, (account,))


def _stated_terms(moment: Moment, bid: SaleBid) -> Iterator[Breach]:
    """The part is the smaller of what is wanted and f_max; the price is that of the specification."""
    if bid.is_solvent:
        most = largest_fraction(bid.figures, bid.sale.reserved_wad, bid.discount_wad)
        least_taken, most_taken = min(bid.fraction_wad, most.low), min(bid.fraction_wad, most.high)
        prices = [bid.price(value, bid.discount_wad) for value in bid.figures.sold]
    else:
        least_taken = most_taken = bid.fraction_wad
        whole = payout(bid.figures, bid.elapsed_secs, moment.before.auction.insolvent_secs)
        prices = [bid.excess_wad - each * bid.taken_wad // WAD for each in (whole.high, whole.low)]
    if not least_taken <= bid.taken_wad <= most_taken:
        yield Breach(f"{bid.bidder} takes {bid.taken_wad} of {bid.account}, {most_taken} [wad] by the terms")
    if not prices[0] <= bid.cost_wad <= prices[1]:
        what = f"{bid.bidder} pays {bid.cost_wad} wad for its part of {bid.account}, {prices[0]} by the terms"
        yield Breach(what, abs(bid.cost_wad - prices[0]), (bid.account, bid.bidder))
