"""The rows of prices, forwards and settlements that a step puts in force."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome
from crossvault.history.step_history import Row, event_values
from crossvault.lockstep.record import RecordLine
from crossvault.mirror import funding, oracle

_NO_INDEX_PARTS = (None,) * 3


def price_rows(line: RecordLine, outcome: Outcome, model: Model) -> Iterator[Row]:
    """The rows of the prices of a step that were not held back by a guard."""
    for event in outcome.events:
        if event.name not in _ROWS:
            continue
        values = event_values(event)
        if event.name == "PricePublished" and values["price"]["published_at"] != values["published_at"]:
            continue
        underlying = values["underlying"]
        name = model.vault.ledger.names[underlying]
        yield (line.number, line.step.at, name, *_ROWS[event.name](model, values))


def _index(model: Model, values: dict[str, int]) -> Row:
    state, underlying = model.vault.ledger, values["underlying"]
    price, risk, track = state.prices[underlying], state.risks[underlying], state.tracks[underlying]
    mark_wad = oracle.mark(price.index, price.premium, risk.mark_band)
    rate_wad = funding.rate(price.index, price.premium, risk.funding_base, risk.funding_cap) if risk.funding_cap else 0
    figures = (price.index, mark_wad, price.stable, price.premium, price.confidence, price.published_at)
    return ("index", None, *figures, rate_wad, track.index)


def _forward(model: Model, values: dict[str, int]) -> Row:
    times = values["confidence_wad"], values["published_at"]
    return ("forward", values["expiry"], values["held_wad"], *_NO_INDEX_PARTS, *times, None, None)


def _settlement(model: Model, values: dict[str, int]) -> Row:
    return ("settlement", values["expiry"], values["settlement_wad"], *_NO_INDEX_PARTS, *(None,) * 4)


_ROWS = {"PricePublished": _index, "ForwardPublished": _forward, "ExpirySettled": _settlement}
