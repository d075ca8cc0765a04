"""The chain side: the contracts on a local Anvil, driven in chunks.

A chunk of steps goes to the node as one `eth_simulateV1`: each step has its own time, and the accounts that it names
are read after it. The chunk is then mined, a block per time, and the mined state must equal the simulated one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from crossvault.differential.ending import EngineConflict
from crossvault.differential.step import Outcome, Snapshot, Step, World, named
from crossvault.evm.anvil import EncodedRequest, Node, Request
from crossvault.evm.bindings import Answer, Bindings, Call
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import deploy_world
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.lens import AccountState, CurveState
from crossvault.mirror.valuation import Metrics
from crossvault.setup import toolchain
from crossvault.setup.notices import detail

CHUNK = 100

_BEFORE_SECS = 3600


class PreparedChunk(NamedTuple):
    """A chunk of steps and its batches of requests; `before` of them precede the simulation."""

    steps: Sequence[Step]
    before: int
    requests: list[EncodedRequest]


class PlayedChunk(NamedTuple):
    """Results of a chunk: an outcome per step, then the curves and the metrics of each account that it names."""

    outcomes: list[Outcome]
    metrics: list[Metrics]
    curves: tuple[CurveState, ...]


class EnginesDisagree(EngineConflict):
    """The state after mining a chunk differs from the simulated state."""


class Chain(Bindings):
    """The contracts of a directory on an Anvil of their own."""

    def __init__(self, world: World, contracts: Path | None = None, node: Node | None = None) -> None:
        """Compiles, starts a node if none is given, deploys. Raises CompileFailed, ToolchainMissing, ChainLost,
        DeployFailed."""
        build, names = compile_contracts(contracts), AddressBook()
        self.node = node or Node(world.starts_at - _BEFORE_SECS)
        try:
            deploy_world(self.node, build, world, names)
        except BaseException:
            self.node.close()
            raise
        super().__init__(build, names)
        self.engine = f"anvil {toolchain.versions()['anvil']}"
        detail(f"{self.engine} at {self.node.url}")
        self._nonces: dict[str, int] = {}

    def play(self, steps: Sequence[Step]) -> list[Outcome]:
        """Executes steps in order and returns the outcome of each. Raises ChainLost, EnginesDisagree."""
        outcomes: list[Outcome] = []
        for start in range(0, len(steps), CHUNK):
            prepared = self.prepare(steps[start : start + CHUNK])
            outcomes += self.read(prepared, self.send(prepared)).outcomes
        return outcomes

    def prepare(self, steps: Sequence[Step]) -> PreparedChunk:
        """Encodes a chunk of steps as batches to simulate, mine and read it; no batch depends on a response."""
        calls = [self.transaction(step) for step in steps]
        accounts = named(steps)
        views = [self.view("metrics", {"account": account}) for account in accounts]
        views.append(self.view("curves", {}))
        balances = self._balances(steps)
        requests: list[list[Request]] = [
            *balances,
            [self._simulation(steps, calls)],
            *self._blocks(steps, calls),
            [("eth_call", [self.view("snapshot", {"ids": accounts}), "latest"])],
            [_simulated([(steps[-1].at, views)])],
        ]
        return PreparedChunk(steps, len(balances), [self.node.encode(each) for each in requests])

    def send(self, prepared: PreparedChunk) -> list[bytes]:
        """Sends a chunk and returns the raw responses, so that a caller can decode them later. Raises ChainLost."""
        return [self.node.post(request) for request in prepared.requests]

    def read(self, prepared: PreparedChunk, sent: Sequence[bytes]) -> PlayedChunk:
        """Decodes the results of a chunk. Raises EnginesDisagree if the mined state differs from the simulated one."""
        answers = [self.node.decode(*pair)[0] for pair in zip(prepared.requests, sent, strict=True)]
        simulated, mined, [viewed] = answers[prepared.before], answers[-2], answers[-1]
        *metrics, curves = viewed["calls"]
        outcomes = self._outcomes(simulated)
        self._require_same(prepared.steps, outcomes, self.decode_snapshot(mined))
        return PlayedChunk(
            outcomes, [self.decode_metrics(call) for call in metrics], self.decode_curves(curves["returnData"])
        )

    def metrics(self, accounts: Sequence[AccountId], at: int) -> list[Metrics]:
        """Margin metrics of accounts at a time not before the last step [unix seconds]."""
        calls = [self.view("metrics", {"account": account}) for account in accounts]
        return [self.decode_metrics(call) for call in self.simulate(at, calls)]

    def simulate(self, at: int, calls: Sequence[Call]) -> list[Answer]:
        """Simulates calls at a time [unix seconds], one after another, and returns the answers; keeps no state."""
        method, params = _simulated([(at, calls)])
        answers: list[Answer] = self.node.rpc(method, *params)[0]["calls"]
        return answers

    def snapshot(self, accounts: Sequence[AccountId]) -> Snapshot:
        """State of the vault and of some accounts, as mined."""
        call = self.view("snapshot", {"ids": accounts})
        return self.decode_snapshot(self.node.rpc("eth_call", call, "latest"))

    def curves(self) -> tuple[CurveState, ...]:
        """State of the expiries that have not settled, as mined."""
        return self.decode_curves(self.node.rpc("eth_call", self.view("curves", {}), "latest"))

    def close(self) -> None:
        """Stops the node."""
        self.node.close()

    def _simulation(self, steps: Sequence[Step], calls: Sequence[Call]) -> Request:
        """Every step at its own time, and after each the state of the accounts that it names."""
        blocks: list[tuple[int, list[Call]]] = []
        for at, places in _by_time(steps):
            views = ((calls[place], self.view("snapshot", {"ids": steps[place].accounts()})) for place in places)
            blocks.append((at, [call for pair in views for call in pair]))
        return _simulated(blocks)

    def _outcomes(self, blocks: Sequence[Answer]) -> list[Outcome]:
        answers = [answer for block in blocks for answer in block["calls"]]
        return [self.outcome(*pair) for pair in zip(answers[::2], answers[1::2], strict=True)]

    def _require_same(self, steps: Sequence[Step], outcomes: Sequence[Outcome], mined: Snapshot) -> None:
        count = len(outcomes[-1].snapshot.globals.totals_raw)
        last = {
            each.account: _with_collaterals(each, count) for outcome in outcomes for each in outcome.snapshot.accounts
        }
        seen = (
            last[state.account]._replace(interests_wad=state.interests_wad)  # others' steps change it, too
            for state in mined.accounts
        )
        if mined != Snapshot(outcomes[-1].snapshot.globals, tuple(seen)):
            raise EnginesDisagree(f"mining the steps up to {steps[-1]} left {mined}, unlike simulating them")

    def _balances(self, steps: Sequence[Step]) -> list[list[Request]]:
        """Balances to pay gas, for first-time senders."""
        new = dict.fromkeys(step.sender for step in steps if step.sender not in self._nonces)
        self._nonces |= {sender: int(self.names.is_contract(sender)) for sender in new}  # a contract begins at one
        rich: list[Request] = [("anvil_setBalance", [self.names.address(sender), hex(10**30)]) for sender in new]
        return [rich] if rich else []

    def _blocks(self, steps: Sequence[Step], calls: Sequence[Call]) -> Iterator[list[Request]]:
        """The transactions of each time in one batch, and the request to mine them in another."""
        for at, places in _by_time(steps):
            yield [self._sending(steps[place], calls[place], places.stop - place) for place in places]
            yield [("evm_mine", [at])]

    def _sending(self, step: Step, call: Call, gas_price: int) -> Request:
        """A transaction whose gas price determines its place: the node orders a block by gas price."""
        nonce = self._nonces[step.sender]
        self._nonces[step.sender] += 1
        return "eth_sendTransaction", [call | {"nonce": hex(nonce), "gasPrice": hex(gas_price)}]


def _simulated(blocks: Sequence[tuple[int, Sequence[Call]]]) -> Request:
    states = [{"blockOverrides": {"time": hex(at)}, "calls": calls} for at, calls in blocks]
    return "eth_simulateV1", [{"blockStateCalls": states, "validation": False}, "latest"]


def _with_collaterals(state: AccountState, collaterals: int) -> AccountState:
    """The state of an account after further collaterals are listed, with zero balances of them."""
    image = Image(*state.image)
    wider = image.balances + (0,) * (collaterals - len(image.balances))
    return state._replace(image=image._replace(balances=wider))


def _by_time(steps: Sequence[Step]) -> Iterator[tuple[int, range]]:
    """Each time with the places of its steps."""
    start = 0
    for at, group in groupby(steps, key=lambda step: step.at):
        stop = start + sum(1 for _ in group)
        yield at, range(start, stop)
        start = stop
