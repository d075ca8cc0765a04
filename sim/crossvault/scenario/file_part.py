"""Field types of scenario files: numbers with units, names, and mappings that reject unknown fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from crossvault.scenario import quantity
from crossvault.scenario.quantity import Quantity, StoryTime
from crossvault.scenario.source import did_you_mean


def _text(reader: Callable[[object], object], what: str, *examples: str) -> tuple[BeforeValidator, WithJsonSchema]:
    return BeforeValidator(reader), WithJsonSchema({"type": "string", "description": what, "examples": list(examples)})


Amount = Annotated[Quantity, *_text(quantity.quantity, "amount with its unit, exact", "1,500.25 USDC", "-5 ETH")]
Ratio = Annotated[int, *_text(quantity.ratio, "ratio in percent", "15 %")]
Rate = Annotated[int, *_text(quantity.signed_ratio, "signed ratio in percent", "-0.01 %", "4 %")]
Volatility = Annotated[int, *_text(quantity.volatility, "volatility per root of a year", "60 %")]
TotalVariance = Annotated[int, *_text(quantity.total_variance, "level of total variance", "1 %", "-0.5 %")]
LogShift = Annotated[int, *_text(quantity.log_shift, "shift of log-strikes", "-5 %")]
LogWidth = Annotated[int, *_text(quantity.log_width, "width of log-strikes", "20 %")]
Price = Annotated[int, *_text(quantity.price, "price of one whole unit in quote", "2,000 USD")]
Difference = Annotated[int, *_text(quantity.difference, "signed difference of prices", "-1.50 USD")]
Multiple = Annotated[int, *_text(quantity.multiple, "multiple; negative for a short", "5x", "-3x")]
Duration = Annotated[int, *_text(quantity.duration, "whole weeks, days, hours, minutes, seconds", "1h 30m", "2 days")]
Time = Annotated[StoryTime, *_text(quantity.moment, "time after the start, or in UTC", "+2h", "2020-03-12T00:00:00Z")]
PriceOrMark = Annotated[
    int | None, *_text(quantity.price_or_mark, "price, or the mark at the time of the step", "2,000 USD", "mark")
]
Expiry = Annotated[
    int,
    BeforeValidator(quantity.expiry),
    WithJsonSchema({
        "type": ["string", "integer"],
        "description": "end of an expiry, at 08:00 UTC unless a time is given",
        "examples": ["20241227", "20241227T143000"],
    }),
]  # fmt: skip
Date = Annotated[int, *_text(quantity.date, "time in UTC", "2020-03-12T00:00:00Z")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,30}$")]
AccountName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,30}(/[0-9]{1,3})?$")]
Label = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    WithJsonSchema({"type": ["string", "integer"]}),
]
Count = Annotated[int, Field(strict=True, ge=0, le=2**64 - 1)]
Decimals = Annotated[int, Field(strict=True, ge=0, le=18)]


def _alias(field: str) -> str:
    return field.strip("_").replace("_", " ")


class FilePart(BaseModel):
    """A mapping of the file: keys are written with spaces, unknown keys are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=_alias, strict=False)

    @model_validator(mode="before")
    @classmethod
    def _reject_unknown_fields(cls, data: Any) -> Any:
        known = [str(info.alias or name) for name, info in cls.model_fields.items()]
        if isinstance(data, dict):
            for key in data:
                if key not in known:
                    raise PydanticCustomError(
                        "unknown_field", "{hint}", {"key": key, "hint": did_you_mean(str(key), known)}
                    )
        return data
