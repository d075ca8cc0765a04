"""Contracts onto whatever executes them: linked, libraries first and once, each name bound to its address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sim.codec import Codec, Names
from sim.compiler import Artifact, Build
from sim.mirror.liquidation import Terms
from sim.side import DEPLOYER, EXCHANGE, VAULT, TokenSpec, World

TELLER, POLICY, FEED, REGISTRY, APPRAISER, STRESS = "teller", "policy", "feed", "registry", "appraiser", "stress"
GAS = hex(30_000_000)

_TOKENS = {"plain": "Token", "fee": "FeeToken", "reentrant": "ReentrantToken", "silent": "SilentToken"}


class Ground(Protocol):
    """Whoever executes contracts: a node, or a machine in this process. Addresses, data and gas are hex."""

    def create(self, sender: str, code: str, gas: str) -> str | None:
        """Executes the code of a constructor and answers the address of the contract; None when that fails."""
        ...

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        """Executes a call, and keeps what it changes."""
        ...


def vault_abi(build: Build) -> list[dict[str, Any]]:
    """Everything that may be said to the vault's address: its own doors, and those that it passes on."""
    items = [
        item
        for name in ("Vault", "Appraiser", "Registry", "Feed", "Policy", "Teller")
        for item in build.artifacts[name].abi
    ]
    return [item for place, item in enumerate(items) if item not in items[:place]]


class DeployFailed(Exception):
    """A contract could not be put on the chain."""


class Deployer:
    """Puts contracts of one build on a ground, libraries first and once."""

    def __init__(self, ground: Ground, build: Build, names: Names) -> None:
        self._ground, self._build, self.names = ground, build, names
        self._libraries: dict[str, str] = {}

    def deploy(self, contract: str, types: Sequence[str] = (), values: Sequence[Any] = ()) -> str:
        """Puts a contract on the chain and answers its address (hex). Raises DeployFailed."""
        from eth_abi.abi import encode

        artifact = self._build.artifacts[contract]
        data = "0x" + self._linked(artifact) + encode(types, values).hex()
        address = self._ground.create(self.names.address(DEPLOYER), data, GAS)
        if address is None:
            size = len(artifact.deployed_bytecode) // 2
            raise DeployFailed(f"{contract} ({size} bytes; the chain takes 24576) could not be deployed")
        return address

    def _linked(self, artifact: Artifact) -> str:
        code = artifact.bytecode
        for libraries in artifact.link_references.values():
            for name, places in libraries.items():
                if name not in self._libraries:
                    self._libraries[name] = self.deploy(name)
                address = self._libraries[name][2:]
                for place in places:
                    at, size = 2 * place["start"], 2 * place["length"]
                    code = code[:at] + address + code[at + size :]
        return code


def deploy_world(ground: Ground, build: Build, world: World, names: Names) -> None:
    """Puts tokens, vault, exchange and wallets of a world on a ground and binds their names. Raises DeployFailed."""
    deployer = Deployer(ground, build, names)
    deploy_tokens(deployer, world)
    kinds = ["address", "address", "uint256", f"({','.join(['uint64'] * len(Terms._fields))})"]
    values = [names.address(world.owner), names.address(world.quote), world.delay_secs, tuple(world.terms)]
    names.bind(STRESS, stress := deployer.deploy("Stress"))
    names.bind(TELLER, teller := deployer.deploy("Teller"))
    names.bind(POLICY, policy := deployer.deploy("Policy", ["address"], [teller]))
    names.bind(FEED, feed := deployer.deploy("Feed", ["address"], [policy]))
    names.bind(REGISTRY, registry := deployer.deploy("Registry", ["address"], [feed]))
    names.bind(APPRAISER, appraiser := deployer.deploy("Appraiser", ["address"], [registry]))
    names.bind(VAULT, vault := deployer.deploy("Vault", [*kinds, "address", "address"], [*values, appraiser, stress]))
    names.bind(EXCHANGE, deployer.deploy("Exchange", ["address"], [vault]))
    for name, signer in world.wallets:
        names.bind(name, deployer.deploy("Wallet", ["address"], [names.address(signer)]))
    set_spenders(ground, build, world.tokens, names)


def deploy_tokens(deployer: Deployer, world: World) -> None:
    """Puts the tokens of a world on a ground and binds their names. Raises DeployFailed."""
    for spec in world.tokens:
        types, values = ["string", "uint8"], [spec.name, spec.decimals]
        deployer.names.bind(spec.name, deployer.deploy(_TOKENS[spec.kind], types, values))


def set_spenders(ground: Ground, build: Build, tokens: Sequence[TokenSpec], names: Names) -> None:
    """Lets the vault of a world spend what anybody holds of its tokens."""
    from sim.interface import Interface

    interface = Interface(build.artifacts["Token"].abi, Codec(names))
    data = interface.call("set_spender", {"spender": VAULT})
    for spec in tokens:
        ground.send(names.address(DEPLOYER), names.address(spec.name), data, GAS)
