"""Parameter file of a deployment: chain, governance, and the world in the format of scenario files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from crossvault.mirror import liquidation
from crossvault.scenario import quantity, roster
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
    """An address in lower case. Raises ValueError for an invalid address or checksum (EIP-55)."""
    text = str(value).strip()
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is not an address: expected 0x and 40 hex digits, such as {_EXAMPLE}")
    if int(text, 16) == 0:
        raise ValueError("is the zero address, for which no account can act")
    from eth_utils.address import to_checksum_address

    if text[2:] not in (text[2:].lower(), text[2:].upper()) and to_checksum_address(text) != text:
        raise ValueError(f"{text} has a wrong checksum (EIP-55): check its letters and digits")
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
        raise ValueError(f"'{amount}': expected more than zero")
    return amount.scaled(_GWEI_DECIMALS)


def _text(what: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": what, "examples": list(examples)})


Address = Annotated[str, BeforeValidator(address), _text("address", _EXAMPLE)]
Person = Annotated[str, BeforeValidator(_person), _text("'deployer' or an address", DEPLOYER, _EXAMPLE)]
Fee = Annotated[int, BeforeValidator(_fee), _text("fee per gas", "50 gwei")]


class LimitsPart(FilePart):
    """Cost limits of one transaction."""

    fee: Fee | None = None
    gas: Annotated[int, Field(strict=True, ge=21_000)] = 2**24  # the protocol's limit (EIP-7825)


class DeployedQuote(QuotePart):
    """The quote token: a new test token, or an existing one at an address."""

    address: Address | None = None


class DeployedCollateral(CollateralPart):
    """A collateral: a new test token, or an existing one at an address."""

    address: Address | None = None


class DeployedWorld(WorldPart):
    """A world as in scenarios, whose tokens may exist already; accounts are defined outside of it."""

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
    """The content of a parameter file."""

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
            raise ValueError("expected either 'owner' or 'safe', the final owner of the vault")
        if len(set(self.feeders)) != len(self.feeders):
            raise ValueError("'feeders' contains a duplicate")
        return self


class ParamsFile(NamedTuple):
    """A parameter file: its content with source lines. path: as given."""

    params: Params
    source: SourceFile
    path: Path

    def input(self) -> dict[str, str]:
        """Its content by field, which must be equal when a deployment resumes."""
        content = self.params.model_dump(mode="json", exclude={"about", "limits", "confirmations"})
        return dict(_flat("", content))


def load(path: Path) -> ParamsFile:
    """Reads a parameter file. Raises ScenarioError with file, line and field of every problem."""
    source = read(path, str(path))
    params = validated(source, Params)
    world = params.world
    for route, problem in roster.world_problems(world):
        source.note(route, problem)
    tokens: list[tuple[Route, DeployedQuote | DeployedCollateral]] = [(("world", "quote"), world.quote)]
    tokens += [(("world", "collaterals", name), part) for name, part in world.collaterals.items()]
    for place, token in tokens:
        if token.address and token.kind != "plain":
            source.note((*place, "kind"), "is for new test tokens: this one exists already")
    with source.guard(("world", "auction")):
        roster.require(liquidation.require_valid, roster.auction(world.auction))
    governing = GovernanceSteps(world, source)
    for calls in (governing.listed(), governing.changed("schedule")):
        list(calls)
    for name, underlying in world.underlyings.items():
        for text in underlying.expiries:
            with source.guard(("world", "underlyings", name, "expiries", text)):
                quantity.expiry(text)
    source.require_no_problems()
    return ParamsFile(params, source, path)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of parameter files, for editors."""
    return schema_of(Params, "deployment")


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict) and value:
        return [pair for key, each in value.items() for pair in _flat(f"{name}.{key}" if name else key, each)]
    return [(name, json.dumps(value))]
