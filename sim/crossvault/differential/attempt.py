"""Steps tried on a model and taken back: what would be accepted, without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror.refusal import Refusal

Attempt = Callable[[Step], Refusal | None]


@contextmanager
def attempts(model: Model) -> Iterator[Attempt]:
    """A function that executes steps on a model and returns their refusals; all is taken back at the end.

    An empty account or balance that reading an unknown name has made is taken back, too.
    """
    ledger, exchange = model.vault.ledger, model.exchange
    maps: list[dict[Any, Any]] = [
        ledger.holders, ledger.sales, ledger.curves, ledger.prices, ledger.tracks, ledger.guards, ledger.option_risks,
        ledger.expiries, model.vault.touches, exchange.progress,
        *(token.balances for token in model.tokens.values()),
    ]  # fmt: skip
    known = [frozenset(each) for each in maps]
    try:
        yield lambda step: _refusal(model, step)
    finally:
        model.journal.undo()
        for each, keys in zip(maps, known, strict=True):
            if len(each) > len(keys):
                for key in each.keys() - keys:
                    dict.__delitem__(each, key)


def _refusal(model: Model, step: Step) -> Refusal | None:
    """Executes a step without making it final; a refusal takes back its writes."""
    journal = model.journal
    mark = len(journal.entries)
    try:
        model.call(step)
    except Refusal as refused:
        kept, journal.entries = journal.entries[:mark], journal.entries[mark:]
        journal.undo()
        journal.entries = kept
        return refused
    return None
