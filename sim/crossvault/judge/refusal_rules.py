"""V26 of refusals: a call is refused for a reason that the book has; one that it allows is not shut out.

Reasons that turn on margins, deficits and prices of auctions belong to V4, V21 and V34; they have no row here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from crossvault.differential.step import CHAIN_ID, EXCHANGE
from crossvault.judge.auction_clocks import is_in_grace
from crossvault.judge.breach import Breach
from crossvault.judge.cap_rules import beyond_a_cap
from crossvault.judge.delay_rules import GRACE_SECS
from crossvault.judge.door_rules import OF_ACCOUNT_OWNERS
from crossvault.judge.door_terms import (
    BATCHABLE,
    LAST_EXPIRY,
    LEAST_AHEAD,
    MOST_AHEAD,
    MOST_COLLATERALS,
    MOST_DECIMALS,
    MOST_EXPIRIES,
    MOST_PREMIUM,
    MOST_UNDERLYINGS,
)
from crossvault.judge.freshness_rules import stale_instrument, stale_prices
from crossvault.judge.marks import NO_FEED, decoded
from crossvault.judge.moment import Moment
from crossvault.judge.order_rules import SIGNED_VERSION
from crossvault.judge.parameter_ranges import CAP, misfits
from crossvault.judge.rounding import WAD
from crossvault.judge.rulebook import (
    ALL_SCOPES,
    BORROWING,
    COLLATERAL,
    INTEREST,
    TRADE,
    RuleBook,
    calls,
    change_of,
    falls_due,
    is_delayed,
    paid_to_others,
    rights,
)
from crossvault.judge.trade_rules import deals, is_listed, quotation

_COLLATERAL = frozenset({"deposit_collateral", "withdraw_collateral"})
_DEPOSITS = {"deposit_cash", "deposit_collateral", "fund_insurance"}


def reasoned(moment: Moment) -> Iterator[Breach]:
    """V26: a refused call has the reason that its refusal names."""
    refusal = moment.outcome.refusal
    if refusal is None:
        return
    has_reason = _REASONS.get(type(refusal).__name__)
    if has_reason and not has_reason(moment) and not _calls_back(moment):
        yield Breach(f"{moment.step.action} by {moment.step.sender} is refused without its reason: {refusal}")


def _calls_back(moment: Moment) -> bool:
    """Whether a step moves a token that enters the vault again, so that a refusal may be one of its own calls."""
    book = moment.rulebook
    for action, args in calls(moment.step):
        if _token(book, args if action in _COLLATERAL else {}) in book.calling:
            return True
    return False


def _token(book: RuleBook, args: Mapping[str, Any]) -> str:
    """The token that a call moves: the collateral that it names, else the quote token."""
    number = args.get("collateral", len(book.collaterals))
    return book.collaterals[number][0] if 0 <= number < len(book.collaterals) else book.quote


def _any_call(holds: Callable[[Moment, str, Mapping[str, Any]], bool]) -> Callable[[Moment], bool]:
    """A reason that one of the calls of a step has."""
    return lambda moment: any(holds(moment, action, args) for action, args in calls(moment.step))


def _any_order(holds: Callable[[Moment, Any, Any], bool]) -> Callable[[Moment], bool]:
    """A reason that one of the orders of a fill has."""
    return lambda moment: any(
        holds(moment, order, signature)
        for pair in moment.step.args["matches"]
        for order, signature in ((pair.maker, pair.maker_signature), (pair.taker, pair.taker_signature))
    )


def _unauthorized(moment: Moment) -> bool:
    step, book = moment.step, moment.rulebook
    if step.action in OF_ACCOUNT_OWNERS:
        return bool(step.sender != step.args["account"].owner)
    if step.action == "fill":
        orders = [order for pair in step.args["matches"] for order in (pair.maker, pair.taker)]
        return not all(book.is_authorized(order.account, EXCHANGE, TRADE) for order in orders)
    is_lacking = not all(book.is_authorized(account, step.sender, scope) for account, scope in rights(step))
    return is_lacking or any(paid_to_others(step))


def _is_early(moment: Moment) -> bool:
    """Whether the change of a step is not due yet, or is announced in the second of a cancellation."""
    book, step = moment.rulebook, moment.step
    if step.action.startswith("schedule_"):
        return moment.at == book.cancelled_at
    due_at = falls_due(book, change_of(step))
    return is_delayed(book, step) and due_at is not None and moment.at < due_at


def _is_lapsed(moment: Moment) -> bool:
    due_at = moment.rulebook.announced.get(change_of(moment.step))
    return due_at is not None and moment.at > due_at + GRACE_SECS and is_delayed(moment.rulebook, moment.step)


def _unlisted_underlying(moment: Moment) -> bool:
    args, listed = moment.step.args, len(moment.rulebook.underlyings)
    if args.get("what") == INTEREST:
        return bool(args["number"] >= listed)
    feed = args["terms"].feed if moment.step.action == "schedule_depeg" else NO_FEED
    return args.get("underlying", 0) >= listed or (feed != NO_FEED and feed >= listed)


def _unlisted_collateral(moment: Moment, action: str, args: Mapping[str, Any]) -> bool:
    listed = len(moment.rulebook.collaterals)
    return args.get("collateral", 0) >= listed or (args.get("what") == COLLATERAL and args["number"] >= listed)


def _unopened(moment: Moment) -> bool:
    term = moment.step.args["underlying"], moment.step.args["expiry"]
    curve = moment.before.curve(*term)
    closed = moment.step.action != "settle" and curve is not None and curve.settlement != 0
    return term not in moment.rulebook.expiries or closed


def _unsettled(moment: Moment) -> bool:
    curve = moment.before.curve(moment.step.args["underlying"], moment.step.args["expiry"])
    return curve is None or curve.settlement == 0


def _out_of_range(moment: Moment) -> bool:
    step, listed = moment.step, len(moment.rulebook.underlyings)
    if step.action == "set_mode":
        return bool(step.args["mode"] > (("rules",) in moment.rulebook.parameters))
    if step.action == "set_scopes":
        return not 0 <= step.args["scopes"] <= ALL_SCOPES
    if step.action == "publish_forward":
        return bool(step.args["rate_wad"] > 10 * WAD)
    if step.action in ("schedule_cap", "enact_cap"):
        return bool(step.args["number"])
    return any(any(misfits(value, listed)) for value in step.args.values() if isinstance(value, tuple))


def _too_far(moment: Moment) -> bool:
    ahead = moment.step.args["expiry"]
    return bool(not moment.at + LEAST_AHEAD <= ahead <= min(moment.at + MOST_AHEAD, LAST_EXPIRY))


def _listed_token(moment: Moment) -> bool:
    book, token = moment.rulebook, moment.step.args["token"]
    return token in (book.quote, *(other for other, _ in book.collaterals))


def _open_expiries(moment: Moment) -> int:
    number = moment.step.args["underlying"]
    return sum(len(each.expiries) for each in moment.before.underlyings[number : number + 1])


def _priced(moment: Moment) -> Iterator[int]:
    """The prices that a step names [wad]."""
    args = moment.step.args
    yield from (args[name] for name in ("index_wad", "forward_wad") if name in args)
    yield from (deal.price_wad for deal in deals(moment.step))


def _last_print(moment: Moment) -> int:
    """The time of the print that another would replace, or of an open expiry that is over [unix seconds]."""
    args = moment.step.args
    if moment.step.action == "publish_price":
        number = args["underlying"]
        listed = moment.before.underlyings[number : number + 1]
        over = [expiry for each in listed for expiry in each.expiries if expiry <= moment.at]
        return max([*over, *(each.price.published_at for each in listed)], default=0)
    curve = moment.before.curve(args["underlying"], args["expiry"])
    if curve is None:
        return 0
    return int(curve.published_at if moment.step.action == "publish_forward" else curve.surface_published_at)


def _without_size(moment: Moment) -> bool:
    orders = moment.step.action == "fill" and _any_order(lambda _, order, __: order.size == 0)(moment)
    return orders or any(deal.size == 0 for deal in deals(moment.step))


def _oversized(moment: Moment) -> bool:
    """Whether an order or a trade is beyond the cap, alone or with what an account holds; a bid may be."""
    if moment.step.action == "fill" and _any_order(lambda _, order, __: abs(order.size) > CAP)(moment):
        return True
    traded = sum(abs(deal.size) for deal in deals(moment.step))
    held = [each.size for account in moment.touched for each in moment.before.account(account).positions]
    return moment.step.action == "bid" or traded + max(map(abs, held), default=0) > CAP


def _off_band(moment: Moment) -> bool:
    """Whether some trade is not surely within its band."""
    for deal in deals(moment.step):
        if is_listed(moment, deal.instrument):
            mark, band = quotation(moment.before, deal.instrument, moment.at)
            if not mark.high - min(mark.high, band.low) <= deal.price_wad <= mark.low + band.low:
                return True
    return False


def _stale(moment: Moment) -> bool:
    """Whether some price is stale of what the accounts of a step hold, or would hold after it."""
    step, books, at = moment.step, moment.before, moment.at
    priced = {number: each.underlying for number, each in enumerate(books.collaterals)}
    moved = {priced.get(args["collateral"], 0) for action, args in calls(step) if action == "deposit_collateral"}
    moved |= {step.args["underlying"]} if step.action == "open_expiry" else set()
    moved |= {books.cash.depeg.feed} - {NO_FEED}
    for underlying in moved:
        if any(stale_instrument(books, underlying << 144 | 1 << 136, at)):
            return True
    traded = any(any(stale_instrument(books, deal.instrument, at)) for deal in deals(step))
    return traded or any(any(stale_prices(books, account, at)) for account in moment.touched)


def _on_sale(moment: Moment) -> bool:
    return any(moment.before.account(account).sale.started_at for account in moment.touched)


def _one_account(moment: Moment) -> bool:
    args = moment.step.args
    if moment.step.action == "bid":
        return bool(args["account"] == args["bidder"])
    return any(deal.maker == deal.taker for deal in deals(moment.step))


def _overfilled(moment: Moment) -> bool:
    filled: Counter[Any] = Counter()
    for pair in moment.step.args["matches"]:
        for order in (pair.maker, pair.taker):
            filled[order] += pair.size_wad
    return any(moment.rulebook.filled.get(order, 0) + size > abs(order.size) for order, size in filled.items())


def _misses_limit(moment: Moment) -> bool:
    """Whether the limit of some buyer is below that of its seller."""
    pairs = [(pair.maker.limit_wad, pair.taker) for pair in moment.step.args["matches"]]
    return any(limit < each.limit_wad if each.size < 0 else limit > each.limit_wad for limit, each in pairs)


def _too_large(moment: Moment, action: str, args: Mapping[str, Any]) -> bool:
    """Whether an amount is beyond the cap, alone or with the balance before it."""
    if "amount_raw" not in args:
        return False
    book, held = moment.rulebook, 0
    token = _token(book, args)
    if action == "deposit_collateral":
        held = dict(enumerate(moment.before.account(args["account"]).balances)).get(args["collateral"], 0)
        held += sum(each["amount_raw"] for name, each in calls(moment.step) if name == action and each is not args)
    raw = args["amount_raw"] + held
    return bool(raw > CAP or raw * 10 ** (MOST_DECIMALS - book.decimals[token]) > CAP)


def _poor(moment: Moment, action: str, args: Mapping[str, Any]) -> bool:
    """Whether the sender, or for what it withdraws the vault, has fewer tokens than a step moves; a batch may."""
    if moment.step.action == "batch" or action not in _DEPOSITS:
        return True
    held = moment.before.tokens[_token(moment.rulebook, args)]
    return bool(held.get(moment.step.sender, 0) < args["amount_raw"])


def _short_of(moment: Moment, action: str, args: Mapping[str, Any]) -> bool:
    if moment.step.action == "batch" or action != "withdraw_collateral":
        return True
    return any(
        raw < args["amount_raw"] for raw in moment.before.account(args["account"]).balances[args["collateral"] :][:1]
    )


def _pairs(holds: Callable[[Any], bool]) -> Callable[[Moment], bool]:
    return lambda moment: any(holds(pair) for pair in moment.step.args["matches"])


def _unsigned(moment: Moment, order: Any, signature: Any) -> bool:
    owner = order.account.owner
    return bool(signature != (moment.rulebook.wallets.get(owner, owner), order, CHAIN_ID, EXCHANGE, SIGNED_VERSION))


def _signed_before(moment: Moment, order: Any, signature: Any) -> bool:
    """Whether an owner signed an order in the form of before, which has no epoch."""
    if isinstance(signature, str) or signature.order[:-1] != order[:-1]:
        return False
    signer = moment.rulebook.wallets.get(order.account.owner, order.account.owner)
    return bool((signature[0], *signature[2:]) == (signer, CHAIN_ID, EXCHANGE, SIGNED_VERSION - 1))


def _forged(moment: Moment, order: Any, signature: Any) -> bool:
    return _unsigned(moment, order, signature) and not _signed_before(moment, order, signature)


_REASONS: Mapping[str, Callable[[Moment], bool]] = {
    "NotOwner": lambda m: m.step.sender != m.rulebook.owner,
    "NotPendingOwner": lambda m: m.step.sender != m.rulebook.pending_owner,
    "NotGuardian": lambda m: m.step.sender not in (m.rulebook.owner, m.rulebook.guardian),
    "NotFeeder": lambda m: m.step.sender not in m.rulebook.feeders,
    "NotAuthorized": _unauthorized,
    "VaultPaused": lambda m: m.rulebook.paused,
    "NotScheduled": lambda m: falls_due(m.rulebook, change_of(m.step)) is None and is_delayed(m.rulebook, m.step),
    "TooEarly": _is_early,
    "AnnouncementLapsed": _is_lapsed,
    "NotBatchable": _any_call(lambda _, action, __: action not in BATCHABLE),
    "UnknownUnderlying": _unlisted_underlying,
    "UnknownCollateral": _any_call(_unlisted_collateral),
    "UnknownExpiry": _unopened,
    "UnknownInstrument": lambda m: not all(is_listed(m, deal.instrument) for deal in deals(m.step)),
    "InstrumentExpired": lambda m: any(0 < decoded(deal.instrument)[2] <= m.at for deal in deals(m.step)),
    "NotSettled": _unsettled,
    "ParameterOutOfRange": _out_of_range,
    "ExpiryOutOfRange": _too_far,
    "ExpiryListed": lambda m: (m.step.args["underlying"], m.step.args["expiry"]) in m.rulebook.expiries,
    "TooManyExpiries": lambda m: _open_expiries(m) >= MOST_EXPIRIES,
    "TooManyUnderlyings": lambda m: len(m.rulebook.underlyings) >= MOST_UNDERLYINGS,
    "TooManyCollaterals": lambda m: len(m.rulebook.collaterals) >= MOST_COLLATERALS,
    "TokenListed": _listed_token,
    "UnknownCap": lambda m: m.step.args["what"] not in (BORROWING, COLLATERAL, INTEREST),
    "CapExceeded": beyond_a_cap,
    "TooManyDecimals": lambda m: m.rulebook.decimals[m.step.args["token"]] > MOST_DECIMALS,
    "ZeroPrice": lambda m: 0 in _priced(m),
    "PriceTooLarge": lambda m: max(0, *_priced(m)) > CAP or abs(m.step.args.get("premium_wad", 0)) > MOST_PREMIUM,
    "ConfidenceTooLarge": lambda m: m.step.args["confidence_wad"] > WAD,
    "PriceFromFuture": lambda m: m.step.args["published_at"] > m.at,
    "PriceGoesBackwards": lambda m: m.step.args["published_at"] < _last_print(m),
    "PriceOutsideBand": _off_band,
    "StalePrice": _stale,
    "ZeroSize": _without_size,
    "SizeTooLarge": _oversized,
    "ZeroAmount": _any_call(lambda _, __, args: args.get("amount_raw") == 0),
    "AmountTooLarge": _any_call(_too_large),
    "FractionOutOfRange": lambda m: not 0 < m.step.args["fraction_wad"] <= WAD,
    "SameAccount": _one_account,
    "UnderLiquidation": _on_sale,
    "OutageGrace": lambda m: is_in_grace(m.before, m.step.args["account"], m.at),
    "NotUnderLiquidation": lambda m: not m.before.account(m.step.args["account"]).sale.started_at,
    "InsufficientCollateral": _any_call(_short_of),
    "ERC20InsufficientBalance": _any_call(_poor),
    "FloorNotRaised": lambda m: m.step.args["salt"] <= m.rulebook.floors.get(m.step.args["account"], 0),
    "OrderExpired": _any_order(lambda m, order, _: m.at > order.expires_at),
    "OrderBelowFloor": _any_order(lambda m, order, _: order.salt < m.rulebook.floors.get(order.account, 0)),
    "OrderOfOtherEpoch": _any_order(lambda m, order, _: order.epoch != m.rulebook.epochs.get(order.account, 0)),
    "OrderCancelled": _any_order(lambda m, order, _: order in m.rulebook.cancelled),
    "Overfilled": _overfilled,
    "BadSignature": _any_order(_forged),
    "OrderOfOtherVersion": _any_order(_signed_before),
    "LimitNotMet": _misses_limit,
    "InstrumentsDiffer": _pairs(lambda pair: pair.maker.instrument != pair.taker.instrument),
    "NotOpposite": _pairs(lambda pair: (pair.maker.size < 0) == (pair.taker.size < 0)),
}
