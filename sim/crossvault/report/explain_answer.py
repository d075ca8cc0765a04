"""The answer about an account in plain sentences: why it was liquidated, and what would have saved it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crossvault.differential.step import instrument_name
from crossvault.differential.story import mark, value
from crossvault.history.counterfactual import Low
from crossvault.history.what_if import CashNeed, ClosingPart, MethodAnswer, WhatIf
from crossvault.mirror import account as accounts
from crossvault.mirror.fixed import WAD
from crossvault.mirror.standard import Level
from crossvault.portfolio.account_methods import DEFAULT_PRESET, open_instruments
from crossvault.portfolio.solver import ISOLATED_METHOD, STANDARD_METHOD, MarginCase
from crossvault.report.figures import amount, decimal, percent, usd, utc


def paragraphs(found: WhatIf) -> Iterator[str]:
    """The answer: what happened, what would have kept the account alive, and the other methods of margin."""
    yield f"Why: {' '.join(_why(found))}"
    if found.is_for_sale or found.lasting is None or found.once is None:
        return
    if found.lasting.amount_raw != 0:
        yield f"What would have saved it: {' '.join(_saved(found, found.once, found.lasting))}"
    if any(each.whole.lowest is not None for each in found.methods):
        yield f"Other margin: {' '.join(_methods(found))}"


def cash(found: WhatIf, amount_raw: int, is_short: bool = False) -> str:
    """An amount of the quote token, all its digits where cents do not state it; short: without the token."""
    pool = found.playhead.model.vault.ledger.cash
    places = min(2, pool.decimals)
    if amount_raw % 10 ** (pool.decimals - places):
        places = pool.decimals
    text = decimal(amount_raw, places, pool.decimals)
    return text if is_short else f"{text} {pool.token}"


def method_name(answer: MethodAnswer) -> str:
    """The name of a method."""
    return "portfolio" if answer.method.name == DEFAULT_PRESET else answer.method.name


def moment(found: WhatIf) -> str:
    """Where in the record the moment is."""
    steps = found.playhead.steps
    if found.number == len(steps):
        return f"after the last step, {found.number}"
    return f"just before step {found.number + 1}"


def _why(found: WhatIf) -> Iterator[str]:
    name, sale = str(found.account), found.liquidation
    if found.is_for_sale and sale is not None:
        yield f"{name} is in liquidation at this moment: {sale.sender} started it at {utc(sale.at)} UTC,"
        yield f"step {sale.number}."
        yield f"For what would have saved it, see the moment before: --at {sale.number}."
        return
    if sale is None:
        yield f"{name} is not liquidated in the rest of the record."
        yield from _lowest(found)
        return
    yield f"{sale.sender} started the liquidation of {name} at {utc(sale.at)} UTC, step {sale.number}"
    if sale.number != found.number + 1:
        yield f"of the record; the moment shown is {moment(found)}, {utc(found.at)} UTC."
        return
    own = MarginCase(found.playhead.model, found.account, found.at, found.own).margin(Level.MAINTENANCE)
    yield (
        f"of the record: its maintenance margin balance of {usd(own.margin_balance_wad)} was"
        f" {usd(-own.buffer_wad)} below its maintenance requirement of {usd(own.requirement_wad)}."
    )
    yield from _cause(found)
    yield from _safe_price(found)


def _lowest(found: WhatIf) -> Iterator[str]:
    own = own_answer(found)
    if own is None or own.whole.lowest is None:
        return
    first, low = own.whole.first, own.whole.lowest
    if first is not None and not found.recorded.liquidations:
        yield f"It failed maintenance first at {utc(first.at)} UTC, step {first.number};"
        yield "no step of the record started its liquidation."
    if first is None or not found.recorded.liquidations:
        yield f"Its maintenance buffer was lowest at {utc(low.at)} UTC, step {low.number}: {usd(low.buffer_wad)}."


def own_answer(found: WhatIf) -> MethodAnswer | None:
    """The answer of the account's own method, if it is among those compared."""
    return next((each for each in found.methods if each.method == found.own), None)


def _cause(found: WhatIf) -> Iterator[str]:
    model, account = found.playhead.model, found.account
    losses = {each: value(model, account, each, found.at) for each in open_instruments(model.vault.ledger, account)}
    if not losses or (worst := min(losses, key=lambda each: losses[each])) is None or losses[worst] >= 0:
        return
    position = accounts.entry(model.vault.ledger.holders[account], worst)
    name, side = instrument_name(worst, model.vault.ledger.names), "long" if position.size > 0 else "short"
    text = f"Its largest loss was {usd(-losses[worst])} of {amount(abs(position.size))} {name} {side}"
    entry_wad = abs(position.quote) * WAD // abs(position.size)
    if entry_wad:
        mark_wad = mark(model, worst, found.at)
        move = percent((mark_wad - entry_wad) * WAD // entry_wad, 1)
        text += f", from {usd(entry_wad)} to {usd(mark_wad)} ({'+' if mark_wad > entry_wad else ''}{move})"
    yield f"{text}."


def _safe_price(found: WhatIf) -> Iterator[str]:
    """The price at which an account of one underlying would have been safe."""
    if len(found.prices.alone) != 1 or found.prices.is_safe:
        return
    [turn] = found.prices.alone
    name = found.playhead.model.vault.ledger.names[turn.underlying]
    if turn.up_wad is not None:
        yield f"Its liquidation price was {decimal(turn.up_wad, 4)}: at that price of {name} and above it was safe."
    elif turn.down_wad is not None:
        yield f"Its liquidation price was {decimal(turn.down_wad, 4)}: at that price of {name} and below it was safe."


def _saved(found: WhatIf, once: CashNeed, lasting: CashNeed) -> Iterator[str]:
    if once.amount_raw:
        yield f"{cash(found, once.amount_raw)} more cash at that moment would have met maintenance then;"
        yield "one unit less would not."
    if lasting.amount_raw is None:
        yield "No deposit that the vault takes would have kept it alive to the end of the record."
    elif lasting.path.lowest is not None and lasting.amount_raw != once.amount_raw:
        low = lasting.path.lowest
        amount = cash(found, lasting.amount_raw)
        stay = "To stay" if once.amount_raw else "to stay"  # a sentence of its own, or what follows a colon
        yield f"{stay} above maintenance to the end of the record it needed {amount} then,"
        yield f"for the worst time is {utc(low.at)} UTC, step {low.number}."
        yield from _still(found, lasting)
    elif lasting.amount_raw:
        yield "It would have lasted to the end of the record."
    yield from _reductions(found)


def _still(found: WhatIf, lasting: CashNeed) -> Iterator[str]:
    if found.still is not None and found.still.amount_raw is not None and lasting.path.changed:
        count = len(lasting.path.changed)
        yield f"With that cash {count} of its own later steps come out otherwise than recorded;"
        yield f"without any step of its own it needed {cash(found, found.still.amount_raw)}."


def _reductions(found: WhatIf) -> Iterator[str]:
    alternatives = [_reduction(found, each) for each in found.reductions]
    known = [each for each in alternatives if each]
    if known:
        yield f"Instead of cash, at the mark: {'; or '.join(known)}."
    elif found.reductions:
        yield "Without cash, not even closing every position at the mark would have been enough."


def _reduction(found: WhatIf, each: ClosingPart) -> str:
    if each.once_wad is None:
        return ""
    what = reduced(found, each)
    if each.lasting_wad is None:
        return f"{what(each.once_wad)} for that moment, though not even all of it to the end"
    if each.once_wad == each.lasting_wad:
        return f"{what(each.once_wad)} for that moment and to the end"
    if each.once_wad == 0:
        return f"{what(each.lasting_wad)} to last to the end"
    more = percent_up(each.lasting_wad) if each.instrument is None else amount(each.lasting_wad)
    return f"{what(each.once_wad)} for that moment, {more} to last to the end"


def reduced(found: WhatIf, each: ClosingPart) -> Callable[[int], str]:
    """The words for closing a part of a position, or an equal part of all."""
    if each.instrument is None:
        return lambda part: f"closing {percent_up(part)} of every position"
    name = instrument_name(each.instrument, found.playhead.model.vault.ledger.names)
    verb, held = "selling" if each.held_wad > 0 else "buying back", amount(abs(each.held_wad))
    return lambda part: f"{verb} {amount(part)} of its {held} {name}"


def percent_up(ratio_wad: int) -> str:
    """A ratio in percent, rounded up to four places, so that it is enough."""
    return percent(-(-ratio_wad // 10**12) * 10**12, 4)


def _methods(found: WhatIf) -> Iterator[str]:
    """Whether another method would have closed it, and when."""
    mode = "standard margin" if found.own == STANDARD_METHOD else "portfolio margin"
    yield f"it was cross-margined already, by {mode}: all its positions share one margin balance."
    own = own_answer(found)
    for each in found.methods:
        if each.method == found.own:
            continue
        name = f"{method_name(each).capitalize()} margin"
        if each.method.name == DEFAULT_PRESET:
            name += f" (by the preset {DEFAULT_PRESET}, as this vault has none)"
        if own is not None and each.method == ISOLATED_METHOD and _is_same(each, own):
            held = open_instruments(found.playhead.model.vault.ledger, found.account)
            yield f"{name} would have been the same{': it has one position' if len(held) == 1 else ''}."
        else:
            yield f"{name} {_verdict(found, each, own)}."


def _is_same(each: MethodAnswer, own: MethodAnswer) -> bool:
    return (each.initial, each.maintenance, each.whole) == (own.initial, own.maintenance, own.whole)


def _verdict(found: WhatIf, each: MethodAnswer, own: MethodAnswer | None) -> str:
    first, mine = each.whole.first, None if own is None else own.whole.first
    if first is None:
        return "would have kept it alive to the end of the record"
    text = f"would have closed it {_compared(first, mine)}at {utc(first.at)} UTC, step {first.number}"
    if each.cash is not None and each.cash.amount_raw:
        text += f", and needed {cash(found, each.cash.amount_raw)} at the moment shown to last to the end"
    return text


def _compared(first: Low, mine: Low | None) -> str:
    if mine is None:
        return ""
    if first.number == mine.number:
        return "as early, "
    return "earlier, " if first.number < mine.number else "later, "
