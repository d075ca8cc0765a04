"""Deploys contracts on an executor: linked, libraries first and once, each name bound to its address."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from crossvault.differential.ending import BadInput
from crossvault.differential.step import DEPLOYER, EXCHANGE, VAULT, TokenSpec, World
from crossvault.evm.artifacts import Artifact, Build
from crossvault.evm.codec import AddressBook, Codec
from crossvault.mirror.liquidation import AuctionTerms

TELLER, POLICY, FEED, REGISTRY, APPRAISER, STRESS = "teller", "policy", "feed", "registry", "appraiser", "stress"
DELEGATES = ("Appraiser", "Registry", "Feed", "Policy", "Teller")  # their code runs on the storage of the vault
GAS = hex(30_000_000)

TOKENS = {
    "plain": "Token", "fee": "FeeToken", "reentrant": "ReentrantToken", "callback": "CallbackToken",
    "silent": "SilentToken",
}  # fmt: skip


class Executor(Protocol):
    """Executes contracts: a node, or an EVM in this process. Addresses, data and gas are hex."""

    def create(self, sender: str, code: str, gas: str) -> str | None:
        """Executes the code of a constructor; returns the address of the contract, or None if it reverts."""
        ...

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        """Executes a call and keeps its changes."""
        ...


def vault_abi(build: Build) -> list[dict[str, Any]]:
    """The ABI at the vault's address: its own doors, and those that it delegates."""
    items = [item for name in ("Vault", *DELEGATES) for item in build.artifacts[name].abi]
    return [item for place, item in enumerate(items) if item not in items[:place]]


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
        data = "0x" + self._linked(artifact) + encode(types, values).hex()
        address = self._executor.create(self.names.address(DEPLOYER), data, GAS)
        if address is None:
            size = len(artifact.deployed_bytecode) // 2
            raise DeployFailed(f"{contract} ({size} bytes; the chain takes 24576) could not be deployed")
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


def contract_plans(world: World, names: AddressBook) -> Iterator[ContractPlan]:
    """Yields the contracts of a vault, each after those that it refers to; bind each name before the next one."""
    terms = f"({','.join(['uint64'] * len(AuctionTerms._fields))})"
    yield ContractPlan(STRESS, "Stress")
    yield ContractPlan(TELLER, "Teller")
    yield ContractPlan(POLICY, "Policy", ["address"], [names.address(TELLER)])
    yield ContractPlan(FEED, "Feed", ["address"], [names.address(POLICY)])
    yield ContractPlan(REGISTRY, "Registry", ["address"], [names.address(FEED)])
    yield ContractPlan(APPRAISER, "Appraiser", ["address"], [names.address(REGISTRY)])
    kinds = ["address", "address", "uint256", terms, "address", "address"]
    arguments = [names.address(world.owner), names.address(world.quote), world.delay_secs, tuple(world.terms)]
    yield ContractPlan(VAULT, "Vault", kinds, [*arguments, names.address(APPRAISER), names.address(STRESS)])
    yield ContractPlan(EXCHANGE, "Exchange", ["address"], [names.address(VAULT)])


def token_plan(spec: TokenSpec) -> ContractPlan:
    """A planned test token."""
    return ContractPlan(spec.name, TOKENS[spec.kind], ["string", "uint8"], [spec.name, spec.decimals])


def deploy_world(executor: Executor, build: Build, world: World, names: AddressBook) -> None:
    """Deploys the tokens, vault, exchange and wallets of a world, and binds their names. Raises DeployFailed."""
    deployer = Deployer(executor, build, names)
    deploy_tokens(deployer, world)
    for plan in contract_plans(world, names):
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
