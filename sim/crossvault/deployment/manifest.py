"""Manifest of a deployment: addresses, contracts, build and parameters, for other tools to read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from crossvault.differential.ending import BadInput, InputProblem, reason
from crossvault.differential.step import EXCHANGE, VAULT, TokenSpec, World
from crossvault.evm.codec import AddressBook
from crossvault.mirror.liquidation import AuctionTerms

FORMAT = 1


class BadManifest(BadInput):
    """A file that is not a valid manifest; the message states the file and the problem."""


class _ManifestRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeploymentBlock(_ManifestRecord):
    """The block in which the vault was created. at: its time [unix seconds]."""

    number: int
    hash: str
    at: int


class TokenRecord(_ManifestRecord):
    """A token of the vault. ours: whether it is a test token that anyone may mint."""

    name: str
    decimals: int
    kind: Literal["plain", "fee", "reentrant", "callback", "silent"]
    address: str
    ours: bool


class ContractRecord(_ManifestRecord):
    """A created contract: its name, and the hashes of its creation and runtime code (keccak-256)."""

    contract: str
    address: str
    creation_hash: str
    runtime_hash: str


class Compiler(_ManifestRecord):
    """Compiler settings of the contracts. build: hash of sources, settings and dependencies."""

    solc: str
    evm: str
    optimizer_runs: int
    via_ir: bool
    dependencies: dict[str, str]
    build: str


class Manifest(_ManifestRecord):
    """A deployment. addresses: contracts and tokens by name. parameters: in force, integers as decimal text.

    pending_owner: the account that the ownership is offered to, until it accepts.
    """

    format: Literal[1] = 1
    name: str
    about: str
    chain_id: int
    complete: bool
    vault: str
    exchange: str
    addresses: dict[str, str]
    deployer: str
    owner: str
    pending_owner: str | None
    guardian: str
    feeders: list[str]
    quote: str
    tokens: list[TokenRecord]
    underlyings: list[str]
    collaterals: list[str]
    block: DeploymentBlock
    parameters: dict[str, Any]
    contracts: dict[str, ContractRecord]
    compiler: Compiler
    input: dict[str, str]

    def world(self) -> World:
        """The world at the creation of the vault, as the model's input; its owner is the deployer."""
        tokens = tuple(TokenSpec(each.name, each.decimals, each.kind) for each in self.tokens)
        terms = AuctionTerms(**{name: int(value) for name, value in self.parameters["auction"].items()})
        return World(tokens, self.quote, self.deployer, int(self.parameters["delay_secs"]), terms, self.block.at)

    def names(self) -> AddressBook:
        """The address book of contracts and tokens; accounts are named by their address."""
        names = AddressBook()
        for person in (self.deployer, self.owner, self.guardian, *self.feeders):
            names.bind(person, person)
        for name, address in self.addresses.items():
            names.bind(name, address)
        assert names.address(VAULT) == self.vault and names.address(EXCHANGE) == self.exchange
        return names


def plain(value: Any) -> Any:
    """A value of the mirror's types as JSON: named tuples by field, integers as decimal text."""
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int):
        return str(value)
    if hasattr(value, "_asdict"):
        return {name: plain(each) for name, each in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    return [plain(each) for each in value]


def write(path: Path, manifest: Manifest) -> None:
    """Writes a manifest atomically: a reader sees the old or the new file."""
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(manifest.model_dump(mode="json"), indent=1) + "\n", encoding="utf8")
    fresh.replace(path)


def load(path: Path) -> Manifest:
    """The manifest at a path. Raises BadManifest."""
    try:
        return Manifest.model_validate_json(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError) as trouble:
        raise BadManifest(InputProblem(f"cannot be read: {reason(trouble)}", str(path))) from None
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(each) for each in first["loc"]) or "the file"
        raise BadManifest(InputProblem(str(first["msg"]), str(path), field=place)) from None
