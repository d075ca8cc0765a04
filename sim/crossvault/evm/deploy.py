"""Deploys contracts on an executor: linked, libraries first and once, each name bound to its address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from crossvault.differential.ending import BadInput
from crossvault.differential.step import DEPLOYER, EXCHANGE, VAULT, TokenSpec, World
from crossvault.evm.artifacts import Artifact, Build
from crossvault.evm.codec import AddressBook, Codec
from crossvault.evm.creation import ConstructorArgument, constructor_problem, why_reverted
from crossvault.mirror.liquidation import AuctionTerms

STATELESS, STORE = ("Stress", "Pricer"), "Store"  # code without storage, which the ledger refers to
FACETS = (
    "Auction",
    "Appraiser",
    "Governance",
    "Registry",
    "Feed",
    "Policy",
    "Teller",
    "Analyst",
    "Listing",
    "Comparison",
    "Custody",
)  # code on the vault's storage
MODULES = (*STATELESS, *FACETS, "Vault", "Exchange")  # every contract of a vault but its tokens
TRANSACTION_GAS = 2**24  # the most that a transaction may use since EIP-7825
GAS = hex(TRANSACTION_GAS)

_ZERO_ADDRESS = "0x" + "0" * 40

TOKENS = {
    "plain": "Token", "fee": "FeeToken", "reentrant": "ReentrantToken", "callback": "CallbackToken",
    "silent": "SilentToken",
}  # fmt: skip


class Executor(Protocol):
    """Executes contracts: a node, or an EVM in this process. Addresses, data and gas are hex."""

    def create(self, sender: str, code: str, gas: str) -> str | None:
        """Executes the code of a constructor; returns the address of the contract, or None if it reverts."""
        ...

    def revert_data(self, sender: str, code: str, gas: str) -> str:
        """The data with which the code of a constructor reverts (hex); keeps no change."""
        ...

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        """Executes a call and keeps its changes."""
        ...


def vault_abi(build: Build) -> list[dict[str, Any]]:
    """The ABI at the vault's address, its own doors and those of its facets, without the views of their table."""
    items = [item for name in ("Vault", *FACETS) for item in build.artifacts[name].abi]
    views = {json.dumps(item, sort_keys=True) for item in diamond_abi(build)}
    found = {json.dumps(item, sort_keys=True): item for item in items}
    return [item for text, item in found.items() if text not in views]


def diamond_abi(build: Build) -> list[dict[str, Any]]:
    """The ABI of the table of facets: the event of EIP-2535, its views, and that of EIP-165."""
    return [item for item in build.artifacts["Diamond"].abi if item["type"] != "constructor"]


def module_name(contract: str) -> str:
    """The name that a contract of a vault is bound to; but for the vault and the exchange one that no account has."""
    return {"Vault": VAULT, "Exchange": EXCHANGE}.get(contract, f"{contract}.sol")


def selectors(build: Build, contracts: Sequence[str] = ("Vault", *FACETS)) -> dict[str, tuple[str, ...]]:
    """The selectors (hex, 4 bytes) at the vault's address by the contract whose code runs for them: its own first.

    The views of the storage that all inherit are those of the first; any other selector of two is in both.
    """
    shared = set(build.artifacts[STORE].method_identifiers.values()) if STORE in build.artifacts else set[str]()
    first, *facets = contracts
    found = {first: tuple(build.artifacts[first].method_identifiers.values())}
    for name in facets:
        own = build.artifacts[name].method_identifiers.values()
        found[name] = tuple(each for each in own if each not in shared)
    return found


def refusal_libraries(build: Build) -> dict[str, list[dict[str, Any]]]:
    """The ABI of every library of refusals, by name: a file of the contracts' own whose name ends in `Errors`."""
    found = (each for each in build.artifacts.values() if each.name.endswith("Errors") and "/" not in each.source)
    return {each.name: each.abi for each in found}


def vault_refusals(build: Build) -> list[list[dict[str, Any]]]:
    """The ABIs of the libraries of refusals, but for that of signed orders."""
    return [abi for name, abi in refusal_libraries(build).items() if name != "OrderErrors"]


class DeployFailed(BadInput):
    """A contract could not be deployed."""


class Deployer:
    """Deploys contracts of one build on an executor, libraries first and once."""

    def __init__(self, executor: Executor, build: Build, names: AddressBook) -> None:
        self._executor, self._build, self.names = executor, build, names
        self._libraries: dict[str, str] = {}

    def deploy(self, contract: str, types: Sequence[str] = (), values: Sequence[Any] = ()) -> str:
        """Deploys a contract and returns its address (hex). Raises DeployFailed."""
        from eth_abi.abi import encode

        artifact = self._build.artifacts[contract]
        if problem := constructor_problem(artifact, [ConstructorArgument(each) for each in types]):
            raise DeployFailed(f"{contract}: {problem}")
        data = "0x" + self._linked(artifact) + encode(types, values).hex()
        sender = self.names.address(DEPLOYER)
        address = self._executor.create(sender, data, GAS)
        if address is None:
            found = self._executor.revert_data(sender, data, GAS)
            errors = refusal_libraries(self._build).values()
            why = why_reverted(self._build, artifact, found, self.names, errors)
            raise DeployFailed(f"{contract} could not be deployed: {why}")
        return address

    def _linked(self, artifact: Artifact) -> str:
        return linked(artifact, self._library)

    def _library(self, name: str) -> str:
        if name not in self._libraries:
            self._libraries[name] = self.deploy(name)
        return self._libraries[name]


def linked(artifact: Artifact, library: Callable[[str], str]) -> str:
    """The creation code of a contract, linked with the addresses of its libraries (hex, without 0x)."""
    code = artifact.bytecode
    for libraries in artifact.link_references.values():
        for name, places in libraries.items():
            address = library(name)[2:]
            for place in places:
                at, size = 2 * place["start"], 2 * place["length"]
                code = code[:at] + address + code[at + size :]
    return code


class ContractPlan(NamedTuple):
    """A planned contract: the name to bind, the artifact, and the types and values of its constructor arguments."""

    name: str
    contract: str
    types: Sequence[str] = ()
    values: Sequence[Any] = ()


def contract_plans(world: World, names: AddressBook, build: Build) -> Iterator[ContractPlan]:
    """Yields the contracts of a vault, each after those that it refers to; bind each name before the next one."""
    terms = f"({','.join(['uint64'] * len(AuctionTerms._fields))})"
    for name in (*STATELESS, *FACETS):
        yield ContractPlan(module_name(name), name)
    kinds = ["address", "address", "uint256", terms, *["address"] * len(STATELESS), "(address,bytes4[])[]"]
    arguments = [names.address(world.owner), names.address(world.quote), world.delay_secs, tuple(world.terms)]
    table = facet_table({name: names.address(module_name(name)) for name in FACETS}, selectors(build))
    stateless = [names.address(module_name(each)) for each in STATELESS]
    yield ContractPlan(VAULT, "Vault", kinds, [*arguments, *stateless, table])
    yield ContractPlan(EXCHANGE, "Exchange", ["address"], [names.address(VAULT)])


def facet_table(addresses: Mapping[str, str], table: Mapping[str, Sequence[str]]) -> list[tuple[str, list[bytes]]]:
    """The facets of a vault with their selectors, as its constructor takes them.

    addresses: of the facets by contract; the vault itself is at the zero address.
    """
    return [
        (addresses.get(name, _ZERO_ADDRESS), [bytes.fromhex(each) for each in found]) for name, found in table.items()
    ]


def token_plan(spec: TokenSpec) -> ContractPlan:
    """A planned test token."""
    return ContractPlan(spec.name, TOKENS[spec.kind], ["string", "uint8"], [spec.name, spec.decimals])


def deploy_world(executor: Executor, build: Build, world: World, names: AddressBook) -> None:
    """Deploys the tokens, vault, exchange and wallets of a world, and binds their names. Raises DeployFailed."""
    deployer = Deployer(executor, build, names)
    deploy_tokens(deployer, world)
    for plan in contract_plans(world, names, build):
        names.bind(plan.name, deployer.deploy(plan.contract, plan.types, plan.values))
    for name, signer in world.wallets:
        names.bind(name, deployer.deploy("Wallet", ["address"], [names.address(signer)]))
    set_spenders(executor, build, world.tokens, names)


def deploy_tokens(deployer: Deployer, world: World) -> None:
    """Deploys the tokens of a world and binds their names. Raises DeployFailed."""
    for spec in world.tokens:
        plan = token_plan(spec)
        deployer.names.bind(plan.name, deployer.deploy(plan.contract, plan.types, plan.values))


def set_spenders(executor: Executor, build: Build, tokens: Sequence[TokenSpec], names: AddressBook) -> None:
    """Allows the vault of a world to spend its tokens on behalf of every holder."""
    from crossvault.evm.abi import Interface

    interface = Interface(build.artifacts["Token"].abi, Codec(names))
    data = interface.call("set_spender", {"spender": VAULT})
    for spec in tokens:
        executor.send(names.address(DEPLOYER), names.address(spec.name), data, GAS)
