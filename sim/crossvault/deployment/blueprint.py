"""Blueprint of a deployment: every step with its address or call, determined before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from crossvault.deployment.params import DEPLOYER, ParamsFile
from crossvault.differential import doors
from crossvault.differential.step import VAULT, TokenSpec, World
from crossvault.evm.artifacts import Build
from crossvault.evm.bindings import Bindings
from crossvault.evm.codec import AddressBook
from crossvault.evm.deploy import ContractPlan, contract_plans, linked, token_plan
from crossvault.scenario import quantity, roster
from crossvault.scenario.owner_calls import ENACT, SCHEDULE, GovernanceSteps, OwnerCall

FACTORY = "0x4e59b44847b379578588920ca78fbf26c0b4956c"  # deterministic deployment: one address on all chains
ACCEPT, SPENDER = "accept_ownership", "set_spender"
DEPLOY = "deploy"

_PAST = {"set": "Set", "list": "Listed", "schedule": "Scheduled", "enact": "Enacted", "offer": "Offered",
         "accept": "Accepted", "open": "Opened"}  # fmt: skip
_EVENT_NAMES = {"set_guardian": {"to": "guardian"}}


@dataclass(frozen=True)
class DeploymentStep:
    """One transaction that must execute exactly once.

    key: its displayed name. hash: of the code and arguments, or of the call. address: of the created contract.
    by: the sender. event, event_values: the vault's event that proves it. action, args: the door and its arguments.
    """

    key: str
    action: str
    to: str
    data: str
    by: str
    hash: str
    name: str = ""
    contract: str = ""
    address: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    event: str = ""
    event_values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def makes(self) -> bool:
        """Whether it creates a contract."""
        return self.action == DEPLOY


class Blueprint:
    """All steps of a deployment in their order, and the names of its contracts."""

    def __init__(self, params_file: ParamsFile, build: Build, deployer: str) -> None:
        """deployer: address (hex, lower case)."""
        self.params_file, self.build, self.deployer = params_file, build, deployer
        self.params = params_file.params
        self.names = AddressBook()
        self.names.bind(deployer, deployer)
        self.owner = self.params.safe or self.person(self.params.owner or DEPLOYER)
        self.world = self._world()
        self.steps = list(self._contracts())
        self.bindings = Bindings(build, self.names)
        self.steps += self._calls()

    def person(self, written: str) -> str:
        """The address of an account in the parameters; binds the address as its own name."""
        found = self.deployer if written == DEPLOYER else written
        self.names.bind(found, found)
        return found

    @property
    def vault(self) -> str:
        """The address of the vault."""
        return self.names.address(VAULT)

    def step(self, key: str) -> DeploymentStep | None:
        """The step of a key, if there is one."""
        return next((each for each in self.steps if each.key == key), None)

    def addresses(self) -> dict[str, str]:
        """The addresses of the contracts by name, including pre-existing tokens."""
        made = {step.name: step.address for step in self.steps if step.makes}
        return {spec.name: self.names.address(spec.name) for spec in self.world.tokens} | made

    def hashes(self) -> dict[str, str]:
        """The hash of every step by its key."""
        return {step.key: step.hash for step in self.steps}

    def _world(self) -> World:
        part = self.params.world
        tokens = (
            TokenSpec(part.quote.name, part.quote.decimals, part.quote.kind),
            *(TokenSpec(name, each.decimals, each.kind) for name, each in part.collaterals.items()),
        )
        return World(tokens, part.quote.name, self.deployer, part.delay, roster.auction(part.auction), 0)

    # contracts

    def _contracts(self) -> Iterator[DeploymentStep]:
        self._salt = _keccak(f"crossvault/{self.params.name}/{self.params.salt}".encode())
        existing = {name: each.address for name, each in self.params.world.collaterals.items()}
        existing[self.world.quote] = self.params.world.quote.address
        self._libraries: dict[str, str] = {}
        for spec in self.world.tokens:
            if address := existing[spec.name]:
                self.names.bind(spec.name, address)
            else:
                yield from self._creation(token_plan(spec), f"token {spec.name}")
        for piece in contract_plans(self.world, self.names, self.build):
            yield from self._creation(piece, piece.contract)

    def _creation(self, piece: ContractPlan, key: str) -> Iterator[DeploymentStep]:
        from eth_abi.abi import encode

        artifact = self.build.artifacts[piece.contract]
        for libraries in artifact.link_references.values():
            for library in libraries:
                if library not in self._libraries:
                    yield from self._creation(ContractPlan(library, library), f"library {library}")
        code = bytes.fromhex(linked(artifact, self._libraries.__getitem__)) + encode(piece.types, piece.values)
        address = create2(self._salt, code)
        if key.startswith("library"):
            self._libraries[piece.name] = address
        self.names.bind(piece.name, address)
        yield DeploymentStep(
            key=key, action=DEPLOY, to=FACTORY, data="0x" + self._salt.hex() + code.hex(), by=self.deployer,
            hash="0x" + _keccak(self._salt + code).hex(), name=piece.name, contract=piece.contract, address=address,
        )  # fmt: skip

    # calls

    def _calls(self) -> Iterator[DeploymentStep]:
        world, params = self.params.world, self.params
        made = {step.name for step in self.steps}
        for spec in self.world.tokens:
            if spec.name in made:
                data = self.bindings.token.call(SPENDER, {"spender": VAULT})
                yield self._call(f"{SPENDER} {spec.name}", SPENDER, spec.name, data, {"spender": VAULT})
        guardian, feeders = self.person(params.guardian), tuple(self.person(each) for each in params.feeders)
        governing = GovernanceSteps(world, self.params_file.source)
        calls: Iterable[OwnerCall] = (
            *governing.appointed(guardian, feeders), *governing.listed(), *governing.changed(SCHEDULE),
            *governing.changed(ENACT),
            *(governing.opened(name, text, quantity.expiry(text))
              for name, part in world.underlyings.items() for text in part.expiries),
        )  # fmt: skip
        counts: dict[str, int] = {}
        for call in calls:
            yield self._owner_step(call, counts)
        if self.owner != self.deployer:
            self.names.bind(self.owner, self.owner)
            yield self._owner_step(OwnerCall((), self.owner, partial(doors.offer_ownership, to=self.owner)), counts)
            data = self.bindings.vault.call(ACCEPT, {})
            yield self._call(ACCEPT, ACCEPT, VAULT, data, {}, self.owner)

    def _owner_step(self, call: OwnerCall, counts: dict[str, int]) -> DeploymentStep:
        """The step of an owner call; a listing gets the next number."""
        step = call.step(0, self.deployer)
        values = {_EVENT_NAMES.get(step.action, {}).get(name, name): value for name, value in step.args.items()}
        verb, _, noun = step.action.partition("_")
        if verb == "list":
            values[noun] = counts[noun] = counts.get(noun, -1) + 1
        key = f"{step.action} {call.subject}".strip()
        made = self._call(key, step.action, VAULT, self.bindings.vault.call(step.action, step.args), values)
        return replace(made, args=step.args)

    def _call(
        self, key: str, action: str, to: str, data: str, values: Mapping[str, Any], by: str | None = None
    ) -> DeploymentStep:
        verb, _, noun = action.partition("_")
        address, sender = self.names.address(to), by or self.deployer
        event = "" if action == SPENDER else noun.capitalize() + _PAST[verb]
        hash_of = bytes.fromhex(address[2:] + data[2:])
        return DeploymentStep(
            key=key, action=action, to=address, data=data, by=sender, hash="0x" + _keccak(hash_of).hex(), name=to,
            event=event, event_values={"sender": sender, **values},
        )  # fmt: skip


def create2(salt: bytes, code: bytes) -> str:
    """The address of a code under deterministic deployment (hex)."""
    made = _keccak(b"\xff" + bytes.fromhex(FACTORY[2:]) + salt + _keccak(code))
    return "0x" + made[-20:].hex()


def _keccak(data: bytes) -> bytes:
    from eth_utils.crypto import keccak

    return bytes(keccak(data))
