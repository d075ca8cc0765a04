"""Worth at true prices: the index, and while a jump waits for its second print, the price that waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crossvault.differential.step import VAULT
from crossvault.judge.account_value import equity
from crossvault.judge.books import Books
from crossvault.judge.bracket import Bracket
from crossvault.judge.exposures import valued
from crossvault.judge.marks import waiting_price
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import WAD

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


def waiting_prices(books: Books, at: int) -> Mapping[int, int]:
    """The jumps that wait for a second print at a time, by underlying [wad]."""
    found = {number: waiting_price(each, at) for number, each in enumerate(books.underlyings) if each.price.pending}
    return {number: price for number, price in found.items() if price}


def equity_at(books: Books, account: AccountId, at: int, prices: Mapping[int, int]) -> Bracket:
    """Equity of an account at other index prices, by underlying [wad]."""
    priced = books.priced_at(prices)
    return equity(valued(priced, priced.account(account), at))


def true_equities(moment: Moment, account: AccountId) -> tuple[Bracket, Bracket]:
    """Equity of an account before and after a step, both at its time and at true prices [wad]."""
    prices = waiting_prices(moment.before, moment.at)
    if not prices:
        return moment.value_before(account).equity, moment.value_after(account).equity
    before, after = (equity_at(books, account, moment.at, prices) for books in (moment.before, moment.after))
    return before, after


def token_prices(books: Books, at: int) -> dict[str, int]:
    """True prices of one raw unit of the quote token and of each collateral at a time [wad of a wad]."""
    prices = {books.cash.token: WAD * 10 ** (18 - books.cash.decimals)}
    waiting = waiting_prices(books, at)
    for asset in books.collaterals:
        index_wad = waiting.get(asset.underlying) or books.underlyings[asset.underlying].price.index_wad
        prices[asset.token] = index_wad * 10 ** (18 - asset.decimals)
    return prices


def wallet_gains(moment: Moment) -> dict[str, int]:
    """What wallets gain in a step at true prices, by holder, rounded down; the vault is none of them [wad]."""
    gains: dict[str, int] = {}
    if moment.before.tokens is moment.after.tokens:
        return gains
    for token, price in token_prices(moment.after, moment.at).items():
        before, after = moment.before.tokens[token], moment.after.tokens[token]
        if before is after:
            continue
        for holder in dict.fromkeys((*after, *before)):
            moved = after.get(holder, 0) - before.get(holder, 0)
            if moved and holder != VAULT:
                gains[holder] = gains.get(holder, 0) + moved * price // WAD
    return gains


def worth(books: Books, names: frozenset[str], at: int) -> Bracket:
    """Worth of a person by the names of its owners: wallets, and accounts as far as they are above zero [wad]."""
    prices, waiting = token_prices(books, at), waiting_prices(books, at)
    wallets = sum(
        books.tokens[token].get(name, 0) * price // WAD for token, price in prices.items() for name in names
    )  # fmt: skip
    total = Bracket.of(wallets)
    for account in books.accounts:
        if account.owner in names:
            total = total.plus(limited(equity_at(books, account, at, waiting)))
    return total


def limited(value: Bracket) -> Bracket:
    """The part of an equity that its owner has: nothing where it is below zero."""
    return Bracket(max(0, value.low), max(0, value.high))
