"""V21, liveness: an account that fails maintenance at usable prices can be sold, and neither it nor others prevent it.

Usable prices: the vault runs, no print of what the account holds waits for a second one, the quote feed is fresh, the
grace time after an outage is over for an account that is worth something, and the account fails even if what it holds
at stale prices were worth the most that it may be. A feed that is dead excuses
a sale only of an account that hangs on it. The gas of a sale is not seen here: the doors are at most three (start,
declare, bid), of an account within the bounds at which docs/gas.md measures them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crossvault.judge.account_value import account_value
from crossvault.judge.auction_clocks import is_in_grace
from crossvault.judge.breach import Breach
from crossvault.judge.late_positions import late_positions, most_worth
from crossvault.judge.marks import CALL, NO_FEED, decoded
from crossvault.judge.moment import Moment
from crossvault.judge.stranger_trial import sold_to_stranger
from crossvault.judge.usable_prices import PORTFOLIO, without_stale_collateral

if TYPE_CHECKING:
    from crossvault.judge.books import Books
    from crossvault.mirror.account import AccountId

SWEEPS, REFUSED = 512, 8
"""One of how many steps all accounts are looked at, and one of how many ordinary refusals its account."""
_ORDINARY = frozenset({
    "NotLiquidatable", "NotUnderLiquidation", "UnderLiquidation", "AuctionSolvent", "AuctionInsolvent", "VaultPaused",
    "NotAuthorized", "SameAccount", "FractionOutOfRange", "BidTooDear", "InsufficientMargin", "InsuranceExhausted",
})  # fmt: skip
"""Refusals that are mostly the caller's own."""
MOST_POSITIONS, MOST_OPTIONS = 32, 24
_SALES = frozenset({"start_liquidation", "declare_insolvent", "bid"})
_EXCUSES = frozenset({"InsuranceExhausted", "InsufficientMargin"})
"""The fund is empty; parameters require of any holder more than all cash."""


def can_be_sold(moment: Moment) -> Iterator[Breach]:
    """V21: a stranger can start, bid for and close what fails maintenance; a bidder is not made an operator unasked."""
    refusal = moment.outcome.refusal
    if refusal is not None and moment.step.action in _SALES:
        yield from _shut_out(moment)
        account = moment.step.args["account"]
        if refusal.name not in _ORDINARY or _is_due(moment, account, REFUSED):
            yield from _sellable(moment, account)
    elif moment.is_sampled(SWEEPS):
        for account in moment.after.accounts:
            if _is_due(moment, account, SWEEPS):
                yield from _sellable(moment, account)


def _is_due(moment: Moment, account: AccountId, share: int) -> bool:
    """Whether an account is looked at: one in portfolio mode, whose scenarios are dear, at a fourth of the steps."""
    is_dear = moment.after.account(account).mode == PORTFOLIO
    return moment.is_sampled(4 * share if is_dear else share)


def _shut_out(moment: Moment) -> Iterator[Breach]:
    """A bid is refused as one of an operator, though the bidder has never acted as one."""
    refusal = moment.outcome.refusal
    if moment.step.action != "bid" or refusal is None or refusal.name != "OwnBid":
        return
    account, bidder = moment.step.args["account"], moment.step.args["bidder"]
    names = {moment.step.sender, bidder.owner}
    if account.owner in names or any((account, name) in moment.rulebook.acted for name in names):
        return
    what = f"the owner of {account} has made {' and '.join(sorted(names))} its operator, who may not bid now"
    yield Breach(what, None, (account, bidder))


def _sellable(moment: Moment, account: AccountId) -> Iterator[Breach]:
    books, at = moment.after, moment.at
    held = books.account(account)
    if not (held.positions or held.principal < 0):
        return
    if books.paused or not fails_at_usable_prices(books, account, at):
        return
    if is_in_grace(books, account, at) and account_value(books, account, at).equity.high > 0:
        return
    options = sum(decoded(each.instrument)[1] >= CALL for each in held.positions)
    if len(held.positions) > MOST_POSITIONS or (held.mode == PORTFOLIO and options > MOST_OPTIONS):
        yield Breach(f"{account} has {len(held.positions)} positions and {options} options", None, (account,))
    result = sold_to_stranger(moment.model, account, held.sale, books.cash, at)
    if result.is_closed or result.refusal in _EXCUSES or result.door == "deposit_cash":
        return
    margin = account_value(books, account, at).maintenance_margin.high
    what = f"{account} fails maintenance by {-margin} wad, and no stranger can sell it: {result.door}, {result.refusal}"
    yield Breach(what, -margin, (account,))


def fails_at_usable_prices(books: Books, account: AccountId, at: int) -> bool:
    """Whether an account fails maintenance whatever the stale prices of what it holds should be."""
    if _waits(books, account) or not _is_quote_fresh(books, at):
        return False
    parts = late_positions(books, account, at)
    fresh, most_wad = without_stale_collateral(books, account, parts.rest, at)
    most_wad += most_worth(books, parts.late, at).high
    return account_value(fresh, account, at).maintenance_margin.high + most_wad < 0


def _waits(books: Books, account: AccountId) -> bool:
    """Whether a print of what an account holds waits for a second one."""
    held = books.account(account)
    numbers = {decoded(each.instrument)[0] for each in held.positions}
    numbers.update(book.underlying for raw, book in zip(held.balances, books.collaterals, strict=False) if raw)
    return any(books.underlyings[number].price.pending_at for number in numbers)


def _is_quote_fresh(books: Books, at: int) -> bool:
    feed = books.cash.depeg.feed
    if feed == NO_FEED:
        return True
    book = books.underlyings[feed]
    return at <= book.price.published_at + book.risk.heartbeat_secs
