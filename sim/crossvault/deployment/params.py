"""The file of parameters of a deployment: which chain, who governs, and the world in the words of scenario files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from crossvault.mirror import liquidation
from crossvault.scenario import quantity
from crossvault.scenario import roster as cast
from crossvault.scenario.file_part import FilePart, Label, Name
from crossvault.scenario.owner_calls import GovernanceSteps
from crossvault.scenario.schema import schema_of
from crossvault.scenario.source import Route, SourceFile, read
from crossvault.scenario.valid import validated
from crossvault.scenario.world import CollateralPart, QuotePart, WorldPart

DEPLOYER = "deployer"

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_EXAMPLE = "0x00000000000000000000000000000000DeaDBeef"
_GWEI_DECIMALS = 9


def address(value: object) -> str:
    """An address in lower case; ValueError for what is none, or was mistyped (EIP-55)."""
    text = str(value).strip()
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is no address: expected 0x and 40 hex digits, such as {_EXAMPLE}")
    if int(text, 16) == 0:
        raise ValueError("is the zero address: nobody could act for it")
    from eth_utils.address import to_checksum_address

    if text[2:] not in (text[2:].lower(), text[2:].upper()) and to_checksum_address(text) != text:
        raise ValueError(f"{text} has a wrong checksum (EIP-55): a letter or digit was mistyped")
    return text.lower()


def _person(value: object) -> str:
    if isinstance(value, str) and value.startswith("0x"):
        return address(value)
    if value != DEPLOYER:
        raise ValueError(f"{value!r}: expected 'deployer' or an address such as {_EXAMPLE}")
    return DEPLOYER


def _fee(value: object) -> int:
    amount = quantity.quantity(value, "50 gwei")
    if amount.unit != "gwei":
        raise ValueError(f"'{amount}' is in {amount.unit}: expected gwei, such as '50 gwei'")
    if amount.digits <= 0:
        raise ValueError(f"'{amount}': expected more than nothing")
    return amount.scaled(_GWEI_DECIMALS)


def _text(what: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": what, "examples": list(examples)})


Address = Annotated[str, BeforeValidator(address), _text("address", _EXAMPLE)]
Person = Annotated[str, BeforeValidator(_person), _text("'deployer' or an address", DEPLOYER, _EXAMPLE)]
Fee = Annotated[int, BeforeValidator(_fee), _text("fee per gas", "50 gwei")]


class LimitsPart(FilePart):
    """What one transaction may cost at most."""

    fee: Fee | None = None
    gas: Annotated[int, Field(strict=True, ge=21_000)] = 2**24  # more no chain takes (EIP-7825)


class DeployedQuote(QuotePart):
    """The quote token: a test token of ours, or one that exists at an address."""

    address: Address | None = None


class DeployedCollateral(CollateralPart):
    """A collateral: a test token of ours, or one that exists at an address."""

    address: Address | None = None


class DeployedWorld(WorldPart):
    """A world as scenarios have it, whose tokens may exist already; people are named outside of it."""

    quote: DeployedQuote
    collaterals: Mapping[Name, DeployedCollateral] = {}

    @model_validator(mode="before")
    @classmethod
    def _no_roles(cls, data: Any) -> Any:
        if isinstance(data, dict) and "roles" in data:
            raise ValueError(
                "'roles' are for scenarios: expected 'owner', 'guardian' and 'feeders' outside of the world"
            )
        return data


class Params(FilePart):
    """A file of parameters."""

    name: Name
    about: str = ""
    chain: Annotated[int, Field(strict=True, ge=1)]
    salt: Label = ""
    owner: Person | None = None
    safe: Address | None = None
    guardian: Person = DEPLOYER
    feeders: list[Person] = Field(min_length=1)
    confirmations: Annotated[int, Field(strict=True, ge=1, le=64)] = 2
    limits: LimitsPart = LimitsPart()
    world: DeployedWorld

    @model_validator(mode="after")
    def _one_owner(self) -> Params:
        if (self.owner is None) == (self.safe is None):
            raise ValueError("expected 'owner' or 'safe': who owns the vault in the end, one of the two")
        if len(set(self.feeders)) != len(self.feeders):
            raise ValueError("'feeders' has one of them twice")
        return self


class ParamsFile(NamedTuple):
    """A file of parameters that was read: what it says, and where. path: as it was given."""

    params: Params
    source: SourceFile
    path: Path

    def input(self) -> dict[str, str]:
        """What it says, by field: a deployment goes on only with the same."""
        told = self.params.model_dump(mode="json", exclude={"about", "limits", "confirmations"})
        return dict(_flat("", told))


def load(path: Path) -> ParamsFile:
    """Reads a file of parameters; raises ScenarioError with file, line and field of all that is wrong."""
    source = read(path, str(path))
    params = validated(source, Params)
    world = params.world
    for route, problem in cast.world_problems(world):
        source.note(route, problem)
    tokens: list[tuple[Route, DeployedQuote | DeployedCollateral]] = [(("world", "quote"), world.quote)]
    tokens += [(("world", "collaterals", name), part) for name, part in world.collaterals.items()]
    for place, token in tokens:
        if token.address and token.kind != "plain":
            source.note((*place, "kind"), "is for test tokens of ours: this one exists already")
    with source.guard(("world", "auction")):
        cast.require(liquidation.require_valid, cast.auction(world.auction))
    governing = GovernanceSteps(world, source)
    for deeds in (governing.listed(), governing.changed("schedule")):
        list(deeds)
    for name, underlying in world.underlyings.items():
        for text in underlying.expiries:
            with source.guard(("world", "underlyings", name, "expiries", text)):
                quantity.expiry(text)
    source.require_no_problems()
    return ParamsFile(params, source, path)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of files of parameters, for editors."""
    return schema_of(Params, "deployment")


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict) and value:
        return [pair for key, each in value.items() for pair in _flat(f"{name}.{key}" if name else key, each)]
    return [(name, json.dumps(value))]
