"""Two outcomes of one step -> the fields in which they differ. There is no tolerance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossvault.differential.step import Event, Outcome
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal

EventFields = Mapping[str, Sequence[str]]

NOTHING = "nothing"
SIDES = ("chain", "model")


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two sides fill differently: that of the chain, and what the model or a plan has in its place.

    sides: how the two are called in a message.
    """

    field: str
    chain: Any
    model: Any
    sides: tuple[str, str] = SIDES

    @property
    def wei(self) -> int | None:
        """Chain less model, where both are numbers."""
        numbers = all(isinstance(value, int) and not isinstance(value, bool) for value in (self.chain, self.model))
        return self.chain - self.model if numbers else None

    def __str__(self) -> str:
        chain, model = self.sides
        wei = "" if self.wei is None else f"  ({chain} less {model}: {self.wei:+d})"
        return f"{self.field}: {chain} {self.chain}, {model} {self.model}{wei}"


def differences(chain: Outcome, model: Outcome, fields: EventFields) -> list[Difference]:
    """The fields in which two outcomes differ; empty exactly when the outcomes are equal."""
    if chain == model:
        return []
    found = [
        *_refusals(chain.refusal, model.refusal),
        *_events(chain.events, model.events, fields),
        *_fields("globals", chain.snapshot.globals, model.snapshot.globals),
    ]
    for mine, other in zip(chain.snapshot.accounts, model.snapshot.accounts, strict=False):
        found += _fields(str(other.account), mine, other)
    return found


def value_differences(name: str, chain: Any, model: Any) -> list[Difference]:
    """The fields in which two values of the mirror's form differ."""
    return list(_fields(name, chain, model))


def _refusals(chain: Refusal | None, model: Refusal | None) -> Iterator[Difference]:
    if chain == model:
        return
    if chain is None or model is None or chain.name != model.name:
        yield Difference("refusal", chain or "accepted", model or "accepted")
        return
    for name, mine, other in zip(model.fields, chain.args, model.args, strict=True):
        yield from _fields(f"refusal.{model.name}.{name}", mine, other)


def _events(chain: Sequence[Event], model: Sequence[Event], fields: EventFields) -> Iterator[Difference]:
    for place in range(max(len(chain), len(model))):
        mine = chain[place] if place < len(chain) else None
        other = model[place] if place < len(model) else None
        if mine is None or other is None or mine.name != other.name or len(mine.values) != len(other.values):
            yield Difference(f"events[{place}]", mine or NOTHING, other or NOTHING)
            continue
        names = fields.get(mine.name) or [str(i) for i in range(len(mine.values))]
        for name, one, two in zip(names, mine.values, other.values, strict=True):
            yield from _fields(f"{mine.name}.{name}", one, two)


def _fields(name: str, chain: Any, model: Any) -> Iterator[Difference]:
    if chain == model:
        return
    parts = isinstance(chain, tuple) and isinstance(model, tuple) and not isinstance(model, AccountId)
    if not parts or len(chain) != len(model):
        yield Difference(name, chain, model)
        return
    labels = getattr(model, "_fields", None)
    for place, (mine, other) in enumerate(zip(chain, model, strict=True)):
        label = f"{name}.{labels[place]}" if labels else f"{name}[{place}]"
        yield from _fields(label, mine, other)
