"""A deployed vault with everything that is needed to play on it."""

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
from crossvault.lockstep.run import Observer, Result
from crossvault.rpc.signer import Signer


class VaultAddresses(NamedTuple):
    """Where a vault is: addresses (hex) of vault, exchange and tokens by name, and the block of its deployment."""

    vault: str
    exchange: str
    tokens: Mapping[str, str]
    block: int


class LiveRoles(NamedTuple):
    """Who plays: the account that pays, the label of the cast, names that have accounts of their own, what gas may
    cost [wei]."""

    payer: Signer
    cast: str
    roles: Mapping[str, Signer]
    budget_wei: int


@dataclass
class DeployedVault:
    """A deployed vault, its replica, and a company to play on it."""

    ground: LiveNetwork
    place: VaultAddresses
    troupe: LiveRoles
    ours: SentSteps = field(default_factory=SentSteps)

    def __post_init__(self) -> None:
        ground, troupe, place = self.ground, self.troupe, self.place
        self.company = LiveActors(ground, troupe.payer, troupe.cast, troupe.roles, troupe.budget_wei)
        self.names = ActorAddresses(self.company)
        self.names.bind(VAULT, place.vault)
        self.names.bind(EXCHANGE, place.exchange)
        for name, address in place.tokens.items():
            self.names.bind(name, address)
        for name in (*troupe.roles, PAYER):
            self.names.record(name, self.company.signer(name).address)
        self.voice = LiveBindings(compile_contracts(), self.names, self.company, ground.chain_id)
        self.replica = Replica(ground.wire, place.vault, names=self.names, from_block=place.block)
        self.replica.witness = self.ours

    def meet(self, people: Iterable[str]) -> None:
        """Lets the replica know the addresses of people before it hears of them."""
        for name in people:
            self.names.number(name)

    def endow(self, holdings: Mapping[tuple[str, str], int]) -> None:
        """Tells the model what people have of tokens, which is no affair of the vault [raw]."""
        for (person, token), amount_raw in holdings.items():
            step = doors.mint(0, person, token=token, to=person, amount_raw=amount_raw)
            self.ours.unheard.append((self.replica.block.number, step))
            self.replica.unheard(step)

    def player(self, confirmations: int, observers: Sequence[Observer], result: Result) -> LivePlayer:
        """Who plays a story here."""
        return LivePlayer(self.replica, self.ours, self.voice, self.company, confirmations, observers, result)
