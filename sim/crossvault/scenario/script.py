"""The shape of a scenario file. Names are resolved later, by the name table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema, create_model, model_validator

from crossvault.agents import own_agent
from crossvault.differential.own_code import REFERENCE
from crossvault.differential.suggestion import did_you_mean
from crossvault.scenario import quantity
from crossvault.scenario.agent_parts import PARTS, ROLES
from crossvault.scenario.file_part import (
    AccountName,
    Amount,
    Count,
    Date,
    Difference,
    Duration,
    FilePart,
    Label,
    Multiple,
    Name,
    Price,
    Ratio,
    Time,
)
from crossvault.scenario.steps import StepPart
from crossvault.scenario.world import WorldPart


class PricePart(FilePart):
    """Prices of an underlying: `every` and `values`, or `at`, or a column of a `file`."""

    every: Duration | None = None
    values: list[Price] | None = None
    at: dict[str, Price] | None = None
    file: str | None = None
    column: Literal["open", "high", "low", "close"] | None = None
    path: Literal["column", "ohlc"] = "column"
    where: Mapping[Literal["venue", "market", "symbol", "interval_s"], Label] = {}
    from_: Time | None = None
    until: Time | None = None
    premium: Difference = 0
    premiums: dict[str, Difference] = {}
    confidence: Ratio = 10**18
    lag: Duration = 0

    @model_validator(mode="after")
    def _one_kind(self) -> PricePart:
        given = [name for name in ("values", "at", "file") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of 'values', 'at', 'file', got {' and '.join(given) or 'none'}")
        if (self.values is not None) != bool(self.every):
            raise ValueError("expected 'values' and 'every' together")
        if self.file is None and (self.column or self.where or self.from_ or self.until or self.path == "ohlc"):
            raise ValueError("'column', 'path', 'where', 'from' and 'until' are for a 'file'")
        for moment in self.premiums:
            quantity.moment(moment)
        if self.file is not None and (self.column is None) == (self.path == "column"):
            raise ValueError("expected 'column: close' (or open, high, low), or 'path: ohlc'")
        return self


class _ActorPart(FilePart):
    """An account and its owner: deposits, wallet, opening positions, and the settings of its agent.

    kind: a kind that ships, of an installed package, or `module:Class` of one's own, which `settings` are passed to.
    person: who is behind the owner, where one person has several; its own by default. The judge adds their gains.
    """

    kind: str = "trader"
    person: Name | None = None
    deposits: list[Amount] = []
    wallet: list[Amount] = []
    positions: dict[str, Amount] = {}
    leverage: dict[str, Multiple] = {}
    against: AccountName | None = None
    settings: dict[str, Any] = {}


def actor_kind(written: object) -> str:
    """The kind of an actor: one that ships, of an installed package, or `module:Class`. Raises ValueError."""
    if isinstance(written, str) and (written in KINDS or re.fullmatch(REFERENCE, written)):
        return written
    installed = own_agent.of_packages()
    if not isinstance(written, str) or written not in installed:
        expected = did_you_mean(str(written), [*KINDS, *installed])
        raise ValueError(f"{written!r}: {expected}, or module:Class of your own")
    return written


KINDS = ("trader", "maker", *ROLES, "stranger")

if TYPE_CHECKING:
    ActorPart = _ActorPart
else:
    _AGENTS = {key: (part | None, None) for key, part in PARTS.items()}
    _WRITTEN = {"anyOf": [{"enum": list(KINDS)}, {"type": "string", "pattern": f"^{REFERENCE}$"}]}
    _KIND = Annotated[str, BeforeValidator(actor_kind), WithJsonSchema(_WRITTEN)]
    ActorPart = create_model(
        "ActorPart", __base__=_ActorPart, __doc__=_ActorPart.__doc__, kind=(_KIND, "trader"), **_AGENTS
    )


class Script(FilePart):
    """A scenario file."""

    name: Name
    about: str
    seed: Count = 0
    starts: Date
    ends: Time | None = None
    looks: Duration | None = None
    world: WorldPart
    prices: dict[Name, PricePart] = {}
    insurance: Amount | None = None
    actors: dict[AccountName, ActorPart] = {}
    steps: list[StepPart] = []
    checks: list[Any] = []
    invariants: list[str] = []
