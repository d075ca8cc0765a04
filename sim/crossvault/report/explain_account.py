"""An account at a moment of a record: its state, its margin by every method, and what would have kept it alive."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from crossvault.differential.step import instrument_name
from crossvault.history.what_if import CashNeed, WhatIf
from crossvault.mirror.fixed import WAD
from crossvault.portfolio.account_methods import DEFAULT_PRESET
from crossvault.report.console import ReportTable, table
from crossvault.report.explain_answer import cash, method_name, moment, paragraphs, percent_up
from crossvault.report.explain_state import description
from crossvault.report.figures import amount, percent, usd, utc
from crossvault.report.margin import signed
from crossvault.report.margin_terms import HEADS

_NOTE = """Played on the model: the record's own steps without the liquidation of this account; others do not react to
the change. Below MM from: the first step after which the maintenance buffer by a method is below zero, from the
account's first step on. Cash to the end: the least deposit at the moment shown with which the buffer is never below
zero after it; with one unit less it is. Isolated: every position alone, and the haircut of the collateral; when equity
is below their sum, a position is closed however the equity was divided.""".replace("\n", " ")
_PRESET = f"Portfolio: by the preset {DEFAULT_PRESET}, as this vault has no portfolio margin of its own."


def text(found: WhatIf) -> Group:
    """The explanation as text."""
    return Group(*_parts(found))


def _parts(found: WhatIf) -> Iterator[RenderableType]:
    record = found.recorded.record
    title = f"{found.account} in {record.header['scenario']}, {moment(found)}: {utc(found.at)} UTC"
    yield Text(title, style="bold")
    if found.recorded.difference is not None:
        number, differs = found.recorded.difference
        words = f"THE SIDES DIFFER at step {number}: {differs.field}: chain {differs.chain}, model {differs.model}"
        yield Text(words, style="bold red")
    for each in paragraphs(found):
        head, _, rest = each.partition(": ")
        yield Text.assemble((f"{head}:", "bold"), f" {rest}")
        yield ""
    yield _state(found)
    yield ""
    yield _methods(found)
    if found.prices.alone:
        yield ""
        yield _prices(found)
    if found.lasting is not None and found.lasting.amount_raw != 0:
        yield ""
        yield _needs(found)
    if found.recorded.liquidations:
        yield ""
        yield _liquidations(found)
    yield Text(_NOTE, style="dim")
    if any(each.method.name == DEFAULT_PRESET for each in found.methods):
        yield Text(_PRESET, style="dim")


def _state(found: WhatIf) -> ReportTable:
    model, account, at = found.playhead.model, found.account, found.at
    [state], [metrics] = model.snapshot([account]).accounts, model.metrics([account], at)
    made = table(str(account), ">at the moment")
    for name, value in description(model, state, metrics, at).items():
        made.add_row(name, value)
    return made


def _methods(found: WhatIf) -> ReportTable:
    names = ("maintenance_margin_balance_wad", "maintenance_requirement_wad", "maintenance_buffer_wad")
    heads = [f">{HEADS[name]}" for name in (*names, "initial_buffer_wad")]
    made = table("margin", *heads, "below MM from", ">step", ">cash to the end")
    for each in found.methods:
        level, first = each.maintenance, each.whole.first
        figures = signed(level.margin_balance_wad), usd(level.requirement_wad), signed(level.buffer_wad)
        begun = ("never", "") if first is None else (utc(first.at)[:-3], str(first.number))
        made.add_row(
            f"{method_name(each)}{', its own' if each.method == found.own else ''}",
            *figures, signed(each.initial.buffer_wad), *begun, _amount(found, each.cash),
        )  # fmt: skip
    return made


def _prices(found: WhatIf) -> ReportTable:
    title = "liquidated at" if found.prices.is_safe else "safe from"
    made = table(f"{title}: prices that move", ">now", ">down to", ">change", ">up to", ">change")
    names = found.playhead.model.vault.ledger.names
    for each in found.prices.alone:
        cells = (cell for side in (each.down_wad, each.up_wad) for cell in _move(side, each.now_wad))
        made.add_row(f"{names[each.underlying]} alone", price(each.now_wad), *cells)
    if len(found.prices.alone) > 1:
        down, up = (_shock(shock) for shock in found.prices.together)
        made.add_row("all of them alike", "", "", down, "", up)
    return made


def _move(price_wad: int | None, now_wad: int) -> tuple[str, str]:
    if price_wad is None:
        return "never", ""
    return price(price_wad), _shock((price_wad - now_wad) * WAD // now_wad if now_wad else None)


def _shock(shock: int | None) -> str:
    return "never" if shock is None else f"{'+' if shock > 0 else ''}{percent(shock)}"


def price(wad: int) -> str:
    """A price as cents, or with more digits where it is below a dollar."""
    return usd(wad) if wad >= WAD else amount(wad)


def _amount(found: WhatIf, need: CashNeed | None) -> str:
    if need is None:
        return ""
    return "not by cash" if need.amount_raw is None else cash(found, need.amount_raw, is_short=True)


def _needs(found: WhatIf) -> ReportTable:
    names = found.playhead.model.vault.ledger.names
    made = table(f"to stay alive [{_token(found)}, units]", ">at the moment", ">to the end", ">of")
    made.add_row("cash", _amount(found, found.once), _amount(found, found.lasting), "")
    if found.still is not None:
        made.add_row("cash, without further steps of its own", "", _amount(found, found.still), "")
    for each in found.reductions:
        verb, written = "sell" if each.held_wad > 0 else "buy back", percent_up if each.instrument is None else amount
        parts = ("not by this" if part is None else written(part) for part in (each.once_wad, each.lasting_wad))
        if each.instrument is None:
            made.add_row("close of every position", *parts, "100 %")
        else:
            made.add_row(f"{verb} {instrument_name(each.instrument, names)}", *parts, amount(abs(each.held_wad)))
    return made


def _liquidations(found: WhatIf) -> ReportTable:
    made = table("liquidations in the record", ">step", "by", "until")
    for each in found.recorded.liquidations:
        ended = "the end of the record" if each.ended_at is None else utc(each.ended_at)
        made.add_row(utc(each.at), str(each.number), each.sender, ended)
    return made


def _token(found: WhatIf) -> str:
    return found.playhead.model.vault.ledger.cash.token
