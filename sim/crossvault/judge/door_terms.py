"""Conditions of each door on its arguments, but for authority, time and prices: what the specification refuses always.

Each function yields what is wrong with an accepted call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from crossvault.judge.books import Books
from crossvault.judge.marks import CALL, decoded
from crossvault.judge.moment import Moment
from crossvault.judge.parameter_ranges import CAP, DAY, misfits
from crossvault.judge.rounding import WAD
from crossvault.judge.rulebook import ALL_SCOPES, BORROWING, COLLATERAL, INTEREST, change_of

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

Args = Mapping[str, Any]
MOST_UNDERLYINGS = MOST_EXPIRIES = MOST_COLLATERALS = 8
MOST_POSITIONS, MOST_OPTIONS, MOST_DECIMALS = 32, 24, 18
MOST_PREMIUM = 2**95 - 1
LEAST_AHEAD, MOST_AHEAD, LAST_EXPIRY = 1_801, 3_650 * DAY, 2**40 - 1
BATCHABLE = frozenset({"deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral", "trade"})


def _amount(raw: int, decimals: int) -> Iterator[str]:
    if not 0 < raw <= CAP or raw * 10 ** (MOST_DECIMALS - decimals) > CAP:
        yield f"an amount of {raw} raw of a token of {decimals} decimals: expected more than 0, at most 2^96 - 1"


def _idle(books: Books, *accounts: AccountId) -> Iterator[str]:
    for account in accounts:
        if books.account(account).sale.started_at:
            yield f"{account} is in liquidation"


def _on_sale(books: Books, account: AccountId) -> Iterator[str]:
    if not books.account(account).sale.started_at:
        yield f"{account} is not in liquidation"


def _listed(moment: Moment, underlying: int) -> Iterator[str]:
    if not 0 <= underlying < len(moment.rulebook.underlyings):
        yield f"underlying {underlying} is not listed"


def _cash_in(moment: Moment, args: Args) -> Iterator[str]:
    yield from _amount(args["amount_raw"], moment.rulebook.decimals[moment.rulebook.quote])


def _cash_out(moment: Moment, args: Args) -> Iterator[str]:
    yield from _cash_in(moment, args)
    yield from _idle(moment.before, args["account"])


def _collateral_in(moment: Moment, args: Args) -> Iterator[str]:
    listed = moment.rulebook.collaterals
    if not 0 <= args["collateral"] < len(listed):
        yield f"collateral {args['collateral']} is not listed"
        return
    decimals = moment.rulebook.decimals[listed[args["collateral"]][0]]
    yield from _amount(args["amount_raw"], decimals)
    left = moment.after.account(args["account"]).balances[args["collateral"] :][:1]  # none of an account that is empty
    yield from _amount(max((1, *left)), decimals)


def _collateral_out(moment: Moment, args: Args) -> Iterator[str]:
    yield from _collateral_in(moment, args)
    yield from _idle(moment.before, args["account"])


def _trade(moment: Moment, args: Args) -> Iterator[str]:
    if args["maker"] == args["taker"]:
        yield f"{args['maker']} trades with itself"
    yield from _idle(moment.before, args["maker"], args["taker"])
    yield from bounds_of_trade(moment, args["size"], args["price_wad"], (args["maker"], args["taker"]))


def bounds_of_trade(moment: Moment, size: int, price_wad: int, accounts: tuple[AccountId, AccountId]) -> Iterator[str]:
    """A size of zero or beyond the cap, or such a price; and accounts that hold too much after it."""
    if not 0 < abs(size) <= CAP:
        yield f"a size of {size}: expected more than 0, at most 2^96 - 1"
    if not 0 < price_wad <= CAP:
        yield f"a price of {price_wad}: expected more than 0, at most 2^96 - 1"
    for account in accounts:
        yield from _crowd(moment, account)


def _crowd(moment: Moment, account: AccountId) -> Iterator[str]:
    """More positions than an account may hold, more options in portfolio mode, or a size beyond the cap."""
    book = moment.after.account(account)
    if len(book.positions) > MOST_POSITIONS:
        yield f"{account} holds {len(book.positions)} positions, at most {MOST_POSITIONS} are allowed"
    if book.mode and len(book.positions) > MOST_OPTIONS:
        options = sum(decoded(each.instrument)[1] >= CALL for each in book.positions)
        if options > MOST_OPTIONS:
            yield f"{account} holds {options} options in portfolio mode, at most {MOST_OPTIONS} are allowed"
    for each in book.positions:
        if not 0 < abs(each.size) <= CAP:
            yield f"{account} holds a size of {each.size}"


def _scopes(moment: Moment, args: Args) -> Iterator[str]:
    if not 0 <= args["scopes"] <= ALL_SCOPES:
        yield f"scopes of {args['scopes']}: expected 0 to {ALL_SCOPES}"


def _mode(moment: Moment, args: Args) -> Iterator[str]:
    yield from _idle(moment.before, args["account"])
    if args["mode"] not in (0, 1):
        yield f"there is no margin mode {args['mode']}"
    if args["mode"] == 1 and ("rules",) not in moment.rulebook.parameters:
        yield "portfolio mode has no rules in force"
    yield from _crowd(moment, args["account"])


def _settle(moment: Moment, args: Args) -> Iterator[str]:
    term = args["underlying"], args["expiry"]
    curve = moment.before.curve(*term)
    if term not in moment.rulebook.expiries or curve is None or not curve.settlement:
        yield f"expiry {term} has not settled"


def _start(moment: Moment, args: Args) -> Iterator[str]:
    if not moment.before.account(args["account"]).sale.insolvent_at:  # an insolvent one starts anew where it recovers
        yield from _idle(moment.before, args["account"])


def _declare(moment: Moment, args: Args) -> Iterator[str]:
    yield from _on_sale(moment.before, args["account"])
    if moment.before.account(args["account"]).sale.insolvent_at:
        yield f"{args['account']} was declared insolvent before"


def _bid(moment: Moment, args: Args) -> Iterator[str]:
    if args["account"] == args["bidder"]:
        yield f"{args['bidder']} bids for itself"
    if not 0 < args["fraction_wad"] <= WAD:
        yield f"a bid for {args['fraction_wad']} of an account: expected more than 0, at most 1e18"
    yield from _on_sale(moment.before, args["account"])
    yield from _idle(moment.before, args["bidder"])
    yield from _crowd(moment, args["bidder"])


def _end(moment: Moment, args: Args) -> Iterator[str]:
    yield from _on_sale(moment.before, args["account"])


def _list_underlying(moment: Moment, args: Args) -> Iterator[str]:
    yield from misfits(args["risk"], len(moment.rulebook.underlyings))
    if len(moment.rulebook.underlyings) >= MOST_UNDERLYINGS:
        yield f"{MOST_UNDERLYINGS} underlyings are listed already"


def _list_collateral(moment: Moment, args: Args) -> Iterator[str]:
    book, token = moment.rulebook, args["token"]
    yield from misfits(args["terms"], len(book.underlyings))
    yield from _listed(moment, args["underlying"])
    if len(book.collaterals) >= MOST_COLLATERALS:
        yield f"{MOST_COLLATERALS} collaterals are listed already"
    if token == book.quote or any(token == other for other, _ in book.collaterals):
        yield f"{token} is listed already"
    if book.decimals[token] > MOST_DECIMALS:
        yield f"{token} has {book.decimals[token]} decimals, at most {MOST_DECIMALS} are allowed"


def _open_expiry(moment: Moment, args: Args) -> Iterator[str]:
    underlying, expiry = args["underlying"], args["expiry"]
    yield from _listed(moment, underlying)
    if (underlying, expiry) in moment.rulebook.expiries:
        yield f"expiry {expiry} of underlying {underlying} was opened before"
    if not moment.at + LEAST_AHEAD <= expiry <= min(moment.at + MOST_AHEAD, LAST_EXPIRY):
        yield f"expiry {expiry} is {expiry - moment.at} s ahead: expected {LEAST_AHEAD} to {MOST_AHEAD}"
    if any(len(each.expiries) > MOST_EXPIRIES for each in moment.after.underlyings[underlying : underlying + 1]):
        yield f"more than {MOST_EXPIRIES} expiries of underlying {underlying} are open"


def _addition(moment: Moment, args: Args) -> Iterator[str]:
    """An announcement of what may not be listed."""
    for name in ("risk", "terms"):
        if name in args:
            yield from misfits(args[name], len(moment.rulebook.underlyings))
    if "underlying" in args:
        yield from _listed(moment, args["underlying"])


def _schedule(moment: Moment, args: Args) -> Iterator[str]:
    """An announcement for what is not listed, or of parameters out of their range."""
    kind, *number, value = change_of(moment.step)
    listed = len(moment.rulebook.collaterals if kind == "haircut" else moment.rulebook.underlyings)
    if number and not 0 <= number[0] < listed:
        yield f"an announcement for number {number[0]}, and {listed} are listed"
    yield from misfits(value, len(moment.rulebook.underlyings))


def _cap(moment: Moment, args: Args) -> Iterator[str]:
    """A cap of what the vault has none of."""
    counts = {
        BORROWING: 1, COLLATERAL: len(moment.rulebook.collaterals), INTEREST: len(moment.rulebook.underlyings),
    }  # fmt: skip
    if not 0 <= args["number"] < counts.get(args["what"], 0):
        yield f"a cap of {args['what']} {args['number']}"


def _print(args: Args, at: int, last_at: int, price_wad: int) -> Iterator[str]:
    """A print without a price, from the future, older than the last, or more than certain."""
    if not 0 < price_wad <= CAP:
        yield f"a price of {price_wad}: expected more than 0, at most 2^96 - 1"
    if not last_at <= args["published_at"] <= at:
        yield f"a print of {args['published_at']}: expected {last_at}, of the last, to {at}, of now"
    if not 0 <= args["confidence_wad"] <= WAD:
        yield f"a confidence of {args['confidence_wad']}: expected 0 to 1e18"


def _price(moment: Moment, args: Args) -> Iterator[str]:
    yield from _listed(moment, args["underlying"])
    if args["underlying"] < len(moment.before.underlyings):
        last_at = moment.before.underlyings[args["underlying"]].price.published_at
        yield from _print(args, moment.at, last_at, args["index_wad"])
    if abs(args["premium_wad"]) > MOST_PREMIUM:
        yield f"a premium of {args['premium_wad']}: expected at most 2^95 - 1"


def _curve_at(moment: Moment, args: Args, field: str) -> Iterator[str | int]:
    """The time of the last forward or surface of an open expiry, or what is wrong with the expiry."""
    term = args["underlying"], args["expiry"]
    curve = moment.before.curve(*term)
    if term not in moment.rulebook.expiries or curve is None or curve.settlement:
        yield f"expiry {term} is not open"
    else:
        yield int(getattr(curve, field))


def _forward(moment: Moment, args: Args) -> Iterator[str]:
    for found in _curve_at(moment, args, "published_at"):
        if isinstance(found, str):
            yield found
        else:
            yield from _print(args, moment.at, found, args["forward_wad"])
    if not 0 <= args["rate_wad"] <= 10 * WAD:
        yield f"a rate of {args['rate_wad']}: expected 0 to 10e18"


def _surface(moment: Moment, args: Args) -> Iterator[str]:
    for found in _curve_at(moment, args, "surface_published_at"):
        if isinstance(found, str):
            yield found
        else:
            yield from _print(args, moment.at, found, 1)
    yield from misfits(args["svi"], len(moment.rulebook.underlyings))


def _floor(moment: Moment, args: Args) -> Iterator[str]:
    floor = moment.rulebook.floors.get(args["account"], 0)
    if args["salt"] <= floor:
        yield f"a floor of salts of {args['salt']}, and it was {floor}"


TERMS: Mapping[str, Callable[[Moment, Args], Iterator[str]]] = {
    "deposit_cash": _cash_in, "fund_insurance": _cash_in, "withdraw_cash": _cash_out,
    "deposit_collateral": _collateral_in, "withdraw_collateral": _collateral_out, "trade": _trade, "set_mode": _mode,
    "set_scopes": _scopes,
    "settle": _settle, "start_liquidation": _start, "declare_insolvent": _declare, "bid": _bid, "end_liquidation": _end,
    "list_underlying": _list_underlying, "list_collateral": _list_collateral, "open_expiry": _open_expiry,
    "publish_price": _price, "publish_forward": _forward, "publish_surface": _surface, "cancel_below": _floor,
    **dict.fromkeys(
        ("schedule_risk", "schedule_options", "schedule_guard", "schedule_portfolio", "schedule_haircut",
         "schedule_auction", "schedule_depeg", "schedule_interest", "schedule_rules",
         "enact_risk", "enact_options", "enact_haircut"),
        _schedule,
    ),
    **dict.fromkeys(("schedule_feeder", "schedule_guardian", "schedule_underlying", "schedule_collateral"), _addition),
    **dict.fromkeys(("schedule_cap", "enact_cap"), _cap),
}  # fmt: skip
