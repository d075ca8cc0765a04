"""A deployed vault with the objects that a story needs: addresses, actors, bindings and replica."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crossvault.audit.replica import Replica
from crossvault.differential import doors
from crossvault.differential.step import EXCHANGE, VAULT
from crossvault.evm.compiler import compile_contracts
from crossvault.live.actors import PAYER, ActorAddresses, LiveActors, LiveNetwork
from crossvault.live.live_bindings import LiveBindings
from crossvault.live.player import LivePlayer, SentSteps
from crossvault.lockstep.run import Observer, RunResult
from crossvault.rpc.signer import Signer


class VaultAddresses(NamedTuple):
    """Addresses (hex) of a vault, its exchange and its tokens by name, and the block of its deployment."""

    vault: str
    exchange: str
    tokens: Mapping[str, str]
    block: int


class LiveRoles(NamedTuple):
    """Accounts of a live run: the paying account, the cast's label, existing accounts by name, gas budget [wei]."""

    payer: Signer
    cast: str
    signers: Mapping[str, Signer]
    budget_wei: int


@dataclass
class DeployedVault:
    """A deployed vault, its replica, and the actors that play on it."""

    network: LiveNetwork
    addresses: VaultAddresses
    roles: LiveRoles
    sent: SentSteps = field(default_factory=SentSteps)

    def __post_init__(self) -> None:
        network, roles, addresses = self.network, self.roles, self.addresses
        self.actors = LiveActors(network, roles.payer, roles.cast, roles.signers, roles.budget_wei)
        self.names = ActorAddresses(self.actors)
        self.names.bind(VAULT, addresses.vault)
        self.names.bind(EXCHANGE, addresses.exchange)
        for name, address in addresses.tokens.items():
            self.names.bind(name, address)
        for name in (*roles.signers, PAYER):
            self.names.record(name, self.actors.signer(name).address)
        self.bindings = LiveBindings(compile_contracts(), self.names, self.actors, network.chain_id)
        self.replica = Replica(network.client, addresses.vault, names=self.names, from_block=addresses.block)
        self.replica.step_observer = self.sent

    def bind_names(self, names: Iterable[str]) -> None:
        """Binds the addresses of names before the replica reads logs with them."""
        for name in names:
            self.names.number(name)

    def fund_model(self, holdings: Mapping[tuple[str, str], int]) -> None:
        """Mints the token balances that accounts hold outside the vault to the model [raw]."""
        for (person, token), amount_raw in holdings.items():
            step = doors.mint(0, person, token=token, to=person, amount_raw=amount_raw)
            self.sent.unlogged.append((self.replica.block.number, step))
            self.replica.replay_unlogged(step)

    def player(self, confirmations: int, observers: Sequence[Observer], result: RunResult) -> LivePlayer:
        """The player of a story on this vault."""
        return LivePlayer(self.replica, self.sent, self.bindings, self.actors, confirmations, observers, result)
