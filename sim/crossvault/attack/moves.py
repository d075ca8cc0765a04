"""The moves of a coalition: each makes a step of the state in which it is played, or none where it has no sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from crossvault.attack.genes import chosen
from crossvault.attack.market_draw import MarketDraw
from crossvault.attack.market_opening import (
    ALICE,
    BOB,
    BROKER,
    COALITION,
    LENDER,
    LIQUIDATOR,
    MAKER,
    MATCHER,
    QUOTE,
    instruments,
)
from crossvault.attack.market_worth import TruePrices, buffer, is_true
from crossvault.attack.price_path import expiry_of
from crossvault.attack.rewound_model import RewoundModel
from crossvault.differential import doors
from crossvault.differential.step import VAULT, Step
from crossvault.mirror import account as accounts, fixed
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.standard import Level

WAD = fixed.WAD
TARGETS = (*COALITION, ALICE, BOB)
_PAIRS = tuple((one, other) for one in COALITION for other in COALITION if one != other)
_NO_LIMIT = 10**40
_DUST, _ALL = 0.12, 0.7
_GIVING_WAY = 999  # thousandths of the margin of a position
_STAKES = (20, 50, 85, 97)  # percent of what margin allows

Numbers = tuple[float, ...]


class MoveView(NamedTuple):
    """What a move reads: the model at a time of a market, and the true prices."""

    model: RewoundModel
    draw: MarketDraw
    at: int
    true_wad: TruePrices


Move = Callable[[MoveView, Numbers], Step | None]


def _share(number: float, whole: int) -> int:
    """A part of a whole: one unit, all, or something between."""
    if number < _DUST:
        return min(1, whole)
    return whole if number > _ALL else int(whole * (number - _DUST) / (_ALL - _DUST))


def _free(view: MoveView, account: AccountId) -> int:
    return view.model.metrics([account], view.at)[0].free_collateral_wad


def _deposit(view: MoveView, numbers: Numbers) -> Step | None:
    account = COALITION[chosen(numbers[0], COALITION)]
    amount_raw = _share(numbers[1], view.model.tokens[QUOTE].balances[account.owner])
    return doors.deposit_cash(view.at, account.owner, account=account, amount_raw=amount_raw) if amount_raw else None


def _withdraw(view: MoveView, numbers: Numbers) -> Step | None:
    account = COALITION[chosen(numbers[0], COALITION)]
    held_raw = view.model.tokens[QUOTE].balances[VAULT]
    amount_raw = min(held_raw, _share(numbers[1], _free(view, account) // 10**12))
    if not amount_raw:
        return None
    to = COALITION[chosen(numbers[2], COALITION)].owner if numbers[3] < 0.3 else account.owner
    sender = MATCHER if to == account.owner else account.owner
    return doors.withdraw_cash(view.at, sender, account=account, amount_raw=amount_raw, to=to)


def _deposit_collateral(view: MoveView, numbers: Numbers) -> Step | None:
    account = COALITION[chosen(numbers[0], COALITION)]
    assets = view.model.vault.ledger.assets
    held = [place for place, each in enumerate(assets) if view.model.tokens[each.token].balances[account.owner]]
    if not held:
        return None
    place = held[chosen(numbers[1], held)]
    amount_raw = _share(numbers[2], view.model.tokens[assets[place].token].balances[account.owner])
    return doors.deposit_collateral(
        view.at, account.owner, account=account, collateral=place, amount_raw=max(1, amount_raw)
    )


def _withdraw_collateral(view: MoveView, numbers: Numbers) -> Step | None:
    account = COALITION[chosen(numbers[0], COALITION)]
    balances = view.model.vault.ledger.holders[account].balances
    held = sorted(place for place, raw in balances.items() if raw)  # in an order that no play before has set
    if not held:
        return None
    place = held[chosen(numbers[1], held)]
    return doors.withdraw_collateral(
        view.at, MATCHER, account=account, collateral=place, amount_raw=max(1, _share(numbers[2], balances[place])),
        to=account.owner,
    )  # fmt: skip


def _instrument(view: MoveView, number: float) -> int:
    """Mostly the perp."""
    traded = instruments(view.draw)
    return traded[0] if number < 0.5 else traded[chosen(2 * number - 1, traded)]


def _opening_size(view: MoveView, numbers: Numbers, free_wad: int) -> int:
    """The signed size that a margin allows, or a part of it."""
    risk = view.model.vault.ledger.risks[0]
    rate_wad = risk.initial_rate + risk.base_rate
    mark_wad = max(1, view.true_wad[0])
    most = free_wad * WAD // mark_wad * WAD // rate_wad * _STAKES[chosen(numbers[0], _STAKES)] // 100
    return most if numbers[1] < 0.5 else -most


def _held(view: MoveView) -> list[tuple[AccountId, int]]:
    """The positions of the coalition."""
    holders = view.model.vault.ledger.holders
    return [(account, each) for account in COALITION for each in accounts.instruments(holders[account])]


def _closing_size(view: MoveView, account: AccountId, instrument: int, number: float) -> int:
    size = accounts.entry(view.model.vault.ledger.holders[account], instrument).size
    return -size if number > 0.25 else -(size // 2)


def _trade_own(view: MoveView, numbers: Numbers) -> Step | None:
    """A trade within the coalition, mostly at an edge of the band: one opens, or closes what it has."""
    held = _held(view)
    if held and numbers[2] < 0.5:
        one, instrument = held[chosen(numbers[0], held)]
        others = [account for account in COALITION if account != one]
        other = others[chosen(numbers[1], others)]
        size = _closing_size(view, one, instrument, numbers[3])
    else:
        one, other = _PAIRS[chosen(numbers[0], _PAIRS)]
        instrument = _instrument(view, numbers[1])
        size = _opening_size(view, numbers[3:5], min(_free(view, one), _free(view, other)))
    quoted = _quoted(view, instrument)
    if quoted is None or not size:
        return None
    price_wad = _edge(view, *quoted, numbers[5])
    return doors.trade(
        view.at, MATCHER, maker=other, taker=one, instrument=instrument, size=size, price_wad=min(fixed.CAP, price_wad)
    )


def _edge(view: MoveView, mark_wad: int, band_wad: int, number: float) -> int:
    """An edge of the band, or of what the margin of a whole position gives way to, or the mark."""
    risk = view.model.vault.ledger.risks[0]
    margin_wad = mark_wad * (risk.initial_rate + risk.base_rate) // WAD * _GIVING_WAY // 1_000
    away_wad = band_wad if number < 0.5 else min(band_wad, margin_wad)
    if number > 0.9:
        return mark_wad
    is_low = number < 0.25 or 0.5 <= number < 0.7
    return max(1, mark_wad - min(mark_wad, away_wad)) if is_low else mark_wad + away_wad


def _trade_public(view: MoveView, numbers: Numbers) -> Step | None:
    """A trade with the maker, who trades at the mark and at true prices only."""
    if not is_true(view.model, view.true_wad) or view.model.vault.ledger.prices[0].pending:
        return None
    held = _held(view)
    if held and numbers[2] < 0.5:
        account, instrument = held[chosen(numbers[0], held)]
        size = _closing_size(view, account, instrument, numbers[3])
    else:
        account, instrument = COALITION[chosen(numbers[0], COALITION)], _instrument(view, numbers[1])
        size = _opening_size(view, numbers[3:5], _free(view, account))
    quoted = _quoted(view, instrument)
    if quoted is None or not size or not quoted[0]:
        return None
    return doors.trade(
        view.at, BROKER, maker=MAKER, taker=account, instrument=instrument, size=size, price_wad=quoted[0]
    )


def _quoted(view: MoveView, instrument: int) -> tuple[int, int] | None:
    try:
        return view.model.vault.quotation(instrument, now=view.at)
    except Refusal:
        return None


def _sell_on(view: MoveView, numbers: Numbers) -> Step | None:
    """The next step of the liquidation of an account: its start, its declaration as insolvent, a bid."""
    targets = [account for account in TARGETS if _is_to_be_sold(view, account)]
    if not targets:
        return None
    target = targets[chosen(numbers[0], targets)]
    bidders = [account for account in COALITION if account != target]
    bidder, vault = bidders[chosen(numbers[1], bidders)], view.model.vault
    sale = vault.ledger.sales[target]
    if not sale.started_at:
        return doors.start_liquidation(view.at, bidder.owner, account=target)
    try:
        state = vault.auction_state(target, now=view.at)
    except Refusal:
        return None
    if not sale.insolvent_at and state.value_wad <= 0:
        return doors.declare_insolvent(view.at, bidder.owner, account=target)
    fraction_wad = WAD if numbers[2] < 0.7 else max(1, _share(numbers[3], WAD))
    return doors.bid(
        view.at, bidder.owner, account=target, bidder=bidder, fraction_wad=fraction_wad, limit_wad=_NO_LIMIT
    )


def _is_to_be_sold(view: MoveView, account: AccountId) -> bool:
    """Whether an account is on sale, or fails its maintenance margin requirement."""
    ledger = view.model.vault.ledger
    if ledger.sales[account].started_at:
        return True
    return (
        bool(accounts.instruments(ledger.holders[account]))
        and buffer(view.model, account, Level.MAINTENANCE, view.at) < 0
    )


def _end(view: MoveView, numbers: Numbers) -> Step | None:
    on_sale = [account for account in TARGETS if view.model.vault.ledger.sales[account].started_at]
    if not on_sale:
        return None
    return doors.end_liquidation(view.at, MATCHER, account=on_sale[chosen(numbers[0], on_sale)])


def _operator(view: MoveView, numbers: Numbers) -> Step | None:
    account = COALITION[chosen(numbers[0], COALITION)]
    others = (LIQUIDATOR.owner, *(each.owner for each in COALITION if each != account))
    return doors.set_operator(
        view.at, account.owner, account=account, operator=others[chosen(numbers[1], others)], allowed=numbers[2] < 0.9
    )


def _mode(view: MoveView, numbers: Numbers) -> Step | None:
    account = COALITION[chosen(numbers[0], COALITION)]
    now = view.model.vault.ledger.holders[account].mode
    other = accounts.STANDARD if now else accounts.PORTFOLIO
    return doors.set_mode(view.at, account.owner, account=account, mode=other) if view.draw.has_portfolio else None


def _settle(view: MoveView, numbers: Numbers) -> Step | None:
    if not view.draw.has_dated or view.at < expiry_of(view.draw):
        return None
    return doors.settle(view.at, MATCHER, underlying=0, expiry=expiry_of(view.draw), accounts=COALITION)


def _act_for(view: MoveView, numbers: Numbers) -> Step | None:
    """A withdrawal from the honest account whose trades the coalition may match."""
    if not view.draw.has_agent:
        return None
    amount_raw = _share(numbers[0], _free(view, LENDER) // 10**12)
    to = COALITION[chosen(numbers[1], COALITION)].owner
    return doors.withdraw_cash(view.at, MATCHER, account=LENDER, amount_raw=amount_raw, to=to) if amount_raw else None


MOVES: Mapping[str, Move] = {
    "deposit": _deposit,
    "withdraw": _withdraw,
    "deposit collateral": _deposit_collateral,
    "withdraw collateral": _withdraw_collateral,
    "trade own": _trade_own,
    "trade public": _trade_public,
    "sell on": _sell_on,
    "end sale": _end,
    "operator": _operator,
    "mode": _mode,
    "settle": _settle,
    "act for": _act_for,
}
WAITS = ("wait", "wait until a change", "wait until an account fails")
BATCH = "batch"
OFTEN = (
    *("deposit",) * 3, *("withdraw",) * 3, *("trade own",) * 5, *("trade public",) * 2, *("sell on",) * 5,
    *("wait",) * 4, *("wait until a change",) * 4, *("wait until an account fails",) * 2, *("deposit collateral",) * 2,
    *("operator",) * 2, "withdraw collateral", "end sale", BATCH,
)  # fmt: skip
"""The moves of every market, as often as they are drawn."""


def drawn_moves(draw: MarketDraw) -> tuple[str, ...]:
    """The moves that have a sense in a market, as often as they are drawn."""
    more = [("mode", draw.has_portfolio), ("settle", draw.has_dated), ("act for", draw.has_agent)]
    return (*OFTEN, *(name for name, is_there in more if is_there))
