"""Refused call as a value."""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """Refused call as a value: equal when name and fields are equal."""

    fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.fields = tuple(cls.__annotations__) if "__annotations__" in cls.__dict__ else ()

    def __init__(self, *values: object) -> None:
        if len(values) != len(self.fields):
            raise TypeError(f"{type(self).__name__} takes {self.fields}, got {values}")
        super().__init__(*values)

    @property
    def name(self) -> str:
        """Name of the Solidity error."""
        return type(self).__name__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refusal) and (self.name, self.args) == (other.name, other.args)

    def __hash__(self) -> int:
        return hash((self.name, self.args))

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v}' for k, v in zip(self.fields, self.args, strict=True))})"
