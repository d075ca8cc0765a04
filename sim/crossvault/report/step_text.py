"""Steps, refusals and events as text, with names and scales for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from crossvault.differential.step import TOKEN_ACTIONS, Event, Step, instrument_name
from crossvault.mirror import cash, collateral, liquidation, portfolio
from crossvault.mirror.account import AccountId
from crossvault.mirror.auction import BidResult
from crossvault.mirror.evm import Call
from crossvault.mirror.exchange import VERSION, Match, Order, Signature
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.oracle import Price, PriceGuard
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.surface import Svi
from crossvault.report.figures import scaled, utc

_GIVEN = (
    Order, Svi, MarketRisk, OptionRisk, PriceGuard, cash.Interest, cash.DepegTerms, collateral.HaircutTerms,
    liquidation.AuctionTerms, portfolio.PortfolioRisk,
    Rules,
)  # fmt: skip


_LABELS = {
    "deal": [field.name for field in fields(BidResult)],
    "price": list(Price.zeros),
    "track": ["funding_index", "updated_at"],
}


class StepFormatter:
    """Writes values by the names and scales of one recorded story."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        """Takes the header of its record."""
        self.underlyings: list[str] = header["underlyings"]
        self.collaterals: list[str] = header["collaterals"]
        self._decimals = {name: decimals for name, decimals, _ in header["world"]["tokens"]}
        self._quote: str = header["world"]["quote"]

    def step(self, step: Step) -> str:
        """A step as one line."""
        return f"{utc(step.at)} UTC: {step.sender} calls {step.action}({self.arguments(step)})"

    def arguments(self, step: Step) -> str:
        """The arguments of a step as one line."""
        return ", ".join(f"{name} {self.value(name, value, step)}" for name, value in step.args.items())

    def value(self, name: str, value: Any, step: Step) -> str:
        """An argument of a step by name."""
        if name == "underlying" and value < len(self.underlyings):
            return str(self.underlyings[value])
        if name == "collateral" and value < len(self.collaterals):
            return str(self.collaterals[value])
        if name.endswith("instrument"):
            return instrument_name(value, self.underlyings)
        if isinstance(value, AccountId):
            return str(value)
        if isinstance(value, Match):
            return self._match(value, step)
        if isinstance(value, Call) or hasattr(value, "_asdict"):
            label, parts = (value.action, value.args) if isinstance(value, Call) else ("", value._asdict())
            return f"{label}({', '.join(f'{key} {self.value(key, each, step)}' for key, each in parts.items())})"
        if isinstance(value, tuple | list):
            return "[" + ", ".join(self.value(name, each, step) for each in value) + "]"
        return scaled(name, value, self._scale(step)) + (f" {self._token(step)}" if name.endswith("_raw") else "")

    def _match(self, match: Match, step: Step) -> str:
        sides = []
        for name, order, signature in (
            ("maker", match.maker, match.maker_signature), ("taker", match.taker, match.taker_signature),
        ):  # fmt: skip
            whole = isinstance(signature, Signature) and signature[1::3] == (order, VERSION)
            signer = signature.signer if isinstance(signature, Signature) and whole else self.value("", signature, step)
            sides.append(f"{name} {self.value('order', order, step)} signed by {signer}")
        return f"({', '.join(sides)}, size_wad {self.value('size_wad', match.size_wad, step)})"

    def refusal(self, refusal: Refusal, step: Step) -> str:
        """A refusal with its numbers in the scales of their names."""
        pairs = zip(refusal.fields, refusal.args, strict=True)
        inside = ", ".join(f"{name} {self.value(name, value, step)}" for name, value in pairs)
        return f"{refusal.name}({inside})" if inside else refusal.name

    def event(self, event: Event, names: Mapping[str, tuple[str, ...]], step: Step) -> str:
        """An event with its values; of structs what was given, and the deal of a bid: states are shown elsewhere."""
        labels = names.get(event.name) or tuple(str(place) for place in range(len(event.values)))
        pairs = zip(labels, event.values, strict=True)
        inside = (f"{name} {self._listed(name, value, step)}" for name, value in pairs)
        return f"{event.name}({', '.join(inside)})"

    def _listed(self, name: str, value: Any, step: Step) -> str:
        is_list = name in ("accounts", "principals")
        if not isinstance(value, tuple) or isinstance(value, AccountId) or is_list or isinstance(value, _GIVEN):
            return self.value(name, value, step)
        labels = _LABELS.get(name, [])
        if len(labels) != len(value):
            return "(…)"
        inside = (f"{label} {scaled(label, each)}" for label, each in zip(labels, value, strict=True))
        return f"({', '.join(inside)})"

    def _token(self, step: Step) -> str:
        if step.action in TOKEN_ACTIONS:
            return str(step.args["token"])
        number = step.args.get("collateral")
        return self._quote if number is None or number >= len(self.collaterals) else self.collaterals[number]

    def _scale(self, step: Step) -> int:
        return int(self._decimals.get(self._token(step), 18))
