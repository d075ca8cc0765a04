"""An account at a moment of a record as one JSON document; amounts are decimal text, scaled as their names end."""

from __future__ import annotations

from typing import Any

from crossvault.differential.step import instrument_name
from crossvault.history.counterfactual import BufferPath, Low
from crossvault.history.what_if import CashNeed, ClosingPart, MethodAnswer, WhatIf
from crossvault.mirror import cash
from crossvault.portfolio.solver import LevelMargin
from crossvault.report.explain_answer import paragraphs
from crossvault.report.figures import jsonable
from crossvault.report.margin_terms import account_terms


def document(found: WhatIf) -> dict[str, Any]:
    """The figures of the text, and more."""
    recorded = found.recorded
    return {
        "record": str(recorded.record.path),
        "account": str(found.account),
        "steps_before": found.number,
        "at": found.at,
        "answer": list(paragraphs(found)),
        "for_sale": found.is_for_sale,
        "state": _state(found),
        "method": found.own.name,
        "prices": _prices(found),
        "methods": [_method(found, each) for each in found.methods],
        "cash": {
            "token": found.playhead.model.vault.ledger.cash.token,
            "at_once": _cash(found.once),
            "to_the_end": _cash(found.lasting),
            "without_further_steps": _cash(found.still),
        },
        "reductions": [_reduction(found, each) for each in found.reductions],
        "liquidations": [jsonable(each._asdict()) for each in recorded.liquidations],
        "difference": _difference(found),
        "cut": recorded.record.cut,
    }


def _difference(found: WhatIf) -> dict[str, Any] | None:
    if found.recorded.difference is None:
        return None
    number, differs = found.recorded.difference
    return {"step": number, **differs._asdict()}


def _state(found: WhatIf) -> dict[str, Any]:
    model, ledger = found.playhead.model, found.playhead.model.vault.ledger
    [state], [metrics] = model.snapshot([found.account]).accounts, model.metrics([found.account], found.at)
    balances = zip(ledger.assets, state.image.balances, strict=True)
    return {
        "cash_wad": str(cash.present(ledger.cash, state.image.principal, now=found.at)),
        "collateral": [{"token": asset.token, "amount_raw": str(raw)} for asset, raw in balances if raw],
        "positions": [
            {
                "instrument": instrument_name(each.instrument, ledger.names),
                "size_wad": str(each.size),
                "quote_wad": str(each.quote),
            }
            for each in sorted(state.image.entries)
        ],
        **account_terms(metrics).document(),
    }


def _prices(found: WhatIf) -> dict[str, Any]:
    prices, names = found.prices, found.playhead.model.vault.ledger.names
    kind = "liquidated_at" if prices.is_safe else "safe_from"
    alone = {
        names[each.underlying]: {
            "now_wad": str(each.now_wad),
            "down_wad": _text(each.down_wad),
            "up_wad": _text(each.up_wad),
        }
        for each in prices.alone
    }
    together = {f"{name}_wad": _text(shock) for name, shock in prices.together._asdict().items()}
    return {"kind": kind, "alone": alone, "together_shock": together}


def _method(found: WhatIf, each: MethodAnswer) -> dict[str, Any]:
    return {
        "method": each.method.name,
        "own": each.method == found.own,
        "initial": _level(each.initial),
        "maintenance": _level(each.maintenance),
        "first_below_maintenance": _low(each.whole.first),
        "lowest_buffer": _low(each.whole.lowest),
        "cash_to_the_end": _cash(each.cash),
    }


def _level(level: LevelMargin) -> dict[str, str]:
    return {name: str(value) for name, value in level._asdict().items()} | {"buffer_wad": str(level.buffer_wad)}


def _low(low: Low | None) -> dict[str, Any] | None:
    if low is None:
        return None
    return {"buffer_wad": str(low.buffer_wad), "step": low.number, "at": low.at}


def _cash(need: CashNeed | None) -> dict[str, Any] | None:
    if need is None:
        return None
    return {
        "amount_raw": _text(need.amount_raw),
        "path": _path(need.path),
        "one_unit_less": None if need.short is None else _path(need.short),
    }


def _path(path: BufferPath) -> dict[str, Any]:
    return {
        "alive": path.is_alive,
        "lowest_buffer": _low(path.lowest),
        "first_below_maintenance": _low(path.first),
        "steps_otherwise": list(path.changed),
        "refusal": None if path.refusal is None else str(path.refusal),
    }


def _reduction(found: WhatIf, each: ClosingPart) -> dict[str, Any]:
    names = found.playhead.model.vault.ledger.names
    return {
        "instrument": None if each.instrument is None else instrument_name(each.instrument, names),
        "held_wad": str(each.held_wad),
        "at_once_wad": _text(each.once_wad),
        "to_the_end_wad": _text(each.lasting_wad),
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
