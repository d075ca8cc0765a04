"""The chain side: the contracts on a local Anvil, driven in chunks.

A chunk of steps goes to the node as one `eth_simulateV1`: each step has its own time, and the state of what it touched
is read after it. The chunk is then mined, a block per time, and the state that mining left must be the simulated one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from sim import toolchain
from sim.anvil import Letter, Node, Request
from sim.codec import Codec, Names
from sim.compiler import Build, compile_contracts
from sim.deploy import GAS, deploy_world, vault_abi
from sim.interface import Interface
from sim.mirror.account import AccountId, Image
from sim.mirror.evm import Call as Said
from sim.mirror.exchange import Signature
from sim.mirror.lens import AccountState, CurveState, Globals
from sim.mirror.valuation import Metrics
from sim.side import EXCHANGE, EXCHANGE_DOORS, TOKEN_ACTIONS, VAULT, Outcome, Snapshot, Step, World, named
from sim.signing import signed

CHUNK = 100

_BEFORE_SECS = 3600
_NOBODY = "0x" + "0" * 40


Call = dict[str, str]
Answer = dict[str, Any]


class Prepared(NamedTuple):
    """A chunk of steps and the letters that put it to the node; `before` of them come before the simulation."""

    steps: Sequence[Step]
    before: int
    letters: list[Letter]


class Played(NamedTuple):
    """What a chunk came to: an outcome per step, then the curves and what each account it names is told."""

    outcomes: list[Outcome]
    metrics: list[Metrics]
    curves: tuple[CurveState, ...]


class EnginesDisagree(Exception):
    """Mining a chunk left another state than simulating it."""


class Chain:
    """The contracts of a directory on an Anvil of their own."""

    def __init__(self, world: World, contracts: Path | None = None) -> None:
        """Compiles, starts, deploys. Raises CompileFailed, ToolchainMissing, ChainLost, DeployFailed."""
        self.build: Build = compile_contracts(contracts)
        self.names = Names()
        self.codec = Codec(self.names)
        self.node = Node(world.starts_at - _BEFORE_SECS)
        try:
            deploy_world(self.node, self.build, world, self.names)
        except BaseException:
            self.node.close()
            raise
        artifacts = self.build.artifacts
        others = [artifact.abi for name, artifact in artifacts.items() if name in _ERROR_SOURCES]
        self.vault = Interface(vault_abi(self.build), self.codec, others)
        self.token = Interface(artifacts["Token"].abi, self.codec)
        self.exchange = Interface(artifacts["Exchange"].abi, self.codec)
        self.codec.written |= {Said: self._said, Signature: self._signed}
        self.engine = f"anvil {toolchain.versions()['anvil']}"
        self._address = self.names.address(VAULT)
        self._speakers = {self._address: self.vault, self.names.address(EXCHANGE): self.exchange}
        self._nonces: dict[str, int] = {}

    def play(self, steps: Sequence[Step]) -> list[Outcome]:
        """Executes steps in order and answers the outcome of each. Raises ChainLost, EnginesDisagree."""
        outcomes: list[Outcome] = []
        for start in range(0, len(steps), CHUNK):
            prepared = self.prepare(steps[start : start + CHUNK])
            outcomes += self.read(prepared, self.send(prepared)).outcomes
        return outcomes

    def prepare(self, steps: Sequence[Step]) -> Prepared:
        """A chunk of steps as letters to the node, to simulate, mine and read it; none waits for an answer."""
        calls = [self.transaction(step) for step in steps]
        accounts = named(steps)
        views = [self._view("metrics", {"account": account}) for account in accounts]
        views.append(self._view("curves", {}))
        balances = self._balances(steps)
        requests: list[list[Request]] = [
            *balances,
            [self._simulation(steps, calls)],
            *self._blocks(steps, calls),
            [("eth_call", [self._view("snapshot", {"ids": accounts}), "latest"])],
            [_simulated([(steps[-1].at, views)])],
        ]
        return Prepared(steps, len(balances), [self.node.letter(each) for each in requests])

    def send(self, prepared: Prepared) -> list[bytes]:
        """What the node answers to a chunk, not read yet: who waits for it can do something else. Raises ChainLost."""
        return [self.node.post(letter) for letter in prepared.letters]

    def read(self, prepared: Prepared, sent: Sequence[bytes]) -> Played:
        """What a chunk came to. Raises EnginesDisagree when mining left another state than simulating."""
        answers = [self.node.answers(*pair)[0] for pair in zip(prepared.letters, sent, strict=True)]
        simulated, mined, [viewed] = answers[prepared.before], answers[-2], answers[-1]
        *metrics, curves = viewed["calls"]
        outcomes = self._outcomes(simulated)
        self._require_same(prepared.steps, outcomes, self._snapshot(mined))
        return Played(outcomes, [self._metrics(call) for call in metrics], self._curves(curves["returnData"]))

    def metrics(self, accounts: Sequence[AccountId], at: int) -> list[Metrics]:
        """What accounts are told about their margin at a time not before the last step [unix seconds]."""
        calls = [self._view("metrics", {"account": account}) for account in accounts]
        return [self._metrics(call) for call in self.simulate(at, calls)]

    def simulate(self, at: int, calls: Sequence[Call]) -> list[Answer]:
        """What the node answers to calls at a time [unix seconds], each after those before it; nothing is kept."""
        method, params = _simulated([(at, calls)])
        answers: list[Answer] = self.node.rpc(method, *params)[0]["calls"]
        return answers

    def snapshot(self, accounts: Sequence[AccountId]) -> Snapshot:
        """State of the vault and of some accounts, as mined."""
        call = self._view("snapshot", {"ids": accounts})
        return self._snapshot(self.node.rpc("eth_call", call, "latest"))

    def curves(self) -> tuple[CurveState, ...]:
        """State of the expiries that have not settled, as mined."""
        return self._curves(self.node.rpc("eth_call", self._view("curves", {}), "latest"))

    def close(self) -> None:
        """Stops the node."""
        self.node.close()

    def transaction(self, step: Step) -> Call:
        """A step as the node takes it."""
        sender = self.names.address(step.sender)
        if step.action in TOKEN_ACTIONS:
            args = {name: value for name, value in step.args.items() if name != "token"}
            to, data = self.names.address(step.args["token"]), self.token.call(step.action, _token_args(args))
        elif step.action in EXCHANGE_DOORS:
            to, data = self.names.address(EXCHANGE), self.exchange.call(step.action, step.args)
        else:
            to, data = self._address, self.vault.call(step.action, step.args)
        return {"from": sender, "to": to, "input": data, "gas": GAS}

    def event_fields(self) -> dict[str, tuple[str, ...]]:
        """The names of the values of every event, in the mirror's form."""
        return self.vault.event_fields() | self.exchange.event_fields()

    def _said(self, call: Said) -> str:
        return self.vault.call(call.action, call.args)

    def _signed(self, signature: Signature) -> str:
        if self.names.is_contract(signature.signer):
            raise ValueError(f"{signature.signer} is a contract and cannot sign")
        return signed(signature, self.names.number)

    def _view(self, door: str, args: dict[str, Any]) -> Call:
        return {"from": _NOBODY, "to": self._address, "input": self.vault.call(door, args), "gas": GAS}

    def _simulation(self, steps: Sequence[Step], calls: Sequence[Call]) -> Request:
        """Every step at its own time, and after each the state of what it names."""
        blocks: list[tuple[int, list[Call]]] = []
        for at, places in _by_time(steps):
            views = ((calls[place], self._view("snapshot", {"ids": steps[place].accounts()})) for place in places)
            blocks.append((at, [call for pair in views for call in pair]))
        return _simulated(blocks)

    def _outcomes(self, blocks: Sequence[Answer]) -> list[Outcome]:
        answers = [answer for block in blocks for answer in block["calls"]]
        return [self._outcome(*pair) for pair in zip(answers[::2], answers[1::2], strict=True)]

    def _require_same(self, steps: Sequence[Step], outcomes: Sequence[Outcome], mined: Snapshot) -> None:
        count = len(outcomes[-1].snapshot.globals.totals_raw)
        last = {each.account: _widened(each, count) for outcome in outcomes for each in outcome.snapshot.accounts}
        if mined != Snapshot(outcomes[-1].snapshot.globals, tuple(last[state.account] for state in mined.accounts)):
            raise EnginesDisagree(f"mining the steps up to {steps[-1]} left {mined}, simulating them did not")

    def _outcome(self, call: dict[str, Any], view: dict[str, Any]) -> Outcome:
        snapshot = self._snapshot(view["returnData"]) if view["status"] == "0x1" else self._unreadable(view)
        if call["status"] != "0x1":
            return Outcome(self.vault.refusal(_revert_data(call)), (), snapshot)
        told = ((self._speakers.get(log["address"]), log) for log in call["logs"])
        return Outcome(None, tuple(speaker.event(log) for speaker, log in told if speaker), snapshot)

    def _metrics(self, call: Answer) -> Any:
        """Metrics, or the refusal of a foreign contract to tell them, which is equal to none."""
        if call["status"] != "0x1":
            return self.vault.refusal(_revert_data(call))
        return Metrics(*self.vault.result("metrics", call["returnData"])[0])

    def _curves(self, data: str) -> tuple[CurveState, ...]:
        return tuple(CurveState(*each) for each in self.vault.result("curves", data)[0])

    def _unreadable(self, view: Answer) -> Snapshot:
        """What stands for a state that a foreign contract refuses to show: equal to no state."""
        refusal: Any = self.vault.refusal(_revert_data(view))
        return Snapshot(refusal, ())

    def _snapshot(self, data: str) -> Snapshot:
        shared, accounts = self.vault.result("snapshot", data)
        return Snapshot(Globals(*shared), tuple(AccountState(*each) for each in accounts))

    def _balances(self, steps: Sequence[Step]) -> list[list[Request]]:
        """Something to pay gas with, for whoever sends the first time."""
        new = dict.fromkeys(step.sender for step in steps if step.sender not in self._nonces)
        self._nonces |= {sender: int(self.names.is_contract(sender)) for sender in new}  # a contract begins at one
        rich: list[Request] = [("anvil_setBalance", [self.names.address(sender), hex(10**30)]) for sender in new]
        return [rich] if rich else []

    def _blocks(self, steps: Sequence[Step], calls: Sequence[Call]) -> Iterator[list[Request]]:
        """The transactions of each time in one letter, and the word to mine them in another."""
        for at, places in _by_time(steps):
            yield [self._sending(steps[place], calls[place], places.stop - place) for place in places]
            yield [("evm_mine", [at])]

    def _sending(self, step: Step, call: Call, gas_price: int) -> Request:
        """A transaction that its gas price puts into its place: the node orders a block by it."""
        nonce = self._nonces[step.sender]
        self._nonces[step.sender] += 1
        return "eth_sendTransaction", [call | {"nonce": hex(nonce), "gasPrice": hex(gas_price)}]


_ERROR_SOURCES = ("Errors", "Unfillable", "Token")


def _simulated(blocks: Sequence[tuple[int, Sequence[Call]]]) -> Request:
    states = [{"blockOverrides": {"time": hex(at)}, "calls": calls} for at, calls in blocks]
    return "eth_simulateV1", [{"blockStateCalls": states, "validation": False}, "latest"]


def _widened(state: AccountState, collaterals: int) -> AccountState:
    """A state as it reads once further collaterals are listed, of which the account has none."""
    image = Image(*state.image)
    wider = image.balances + (0,) * (collaterals - len(image.balances))
    return state._replace(image=image._replace(balances=wider))


def _token_args(args: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `mint(to, amountRaw)` and of ERC-20's `transfer(to, value)`."""
    return {**args, "value": args["amount_raw"]}


def _by_time(steps: Sequence[Step]) -> Iterator[tuple[int, range]]:
    """Each time with the places of its steps."""
    start = 0
    for at, group in groupby(steps, key=lambda step: step.at):
        stop = start + sum(1 for _ in group)
        yield at, range(start, stop)
        start = stop


def _revert_data(call: dict[str, Any]) -> str:
    data: str = call.get("returnData") or "0x"
    return data if data != "0x" else call.get("error", {}).get("data") or "0x"
