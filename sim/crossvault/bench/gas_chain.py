"""The chain of the gas benchmark: Anvil at the newest hardfork, steps mined without being simulated or read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crossvault.bench.chain_speed import BenchFailed
from crossvault.bench.gas_code import code_functions
from crossvault.bench.gas_market import AT, WORLD
from crossvault.bench.gas_profile import FunctionGas, gas_profile
from crossvault.bench.gas_trace import call_trace
from crossvault.differential.step import Step
from crossvault.evm.anvil import Node
from crossvault.evm.bindings import ACCEPTED, Answer, Call
from crossvault.evm.chain import CHUNK, Chain
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import MODULES, TOKENS, TRANSACTION_GAS, module_name

HARDFORK = "osaka"
LIMIT = TRANSACTION_GAS
ENFORCED = ("--enable-tx-gas-limit",)  # the option of Anvil that refuses transactions with more gas
ROOM = 10**9  # gas that no door uses: what is over the limit is measured too

_BARE = {"disableStack": True, "disableStorage": True, "enableMemory": False, "enableReturnData": False}
_STARTS = AT - 3600


class GasNode(Node):
    """A node that notes the gas of each creation, by address."""

    def __init__(self, options: Sequence[str] = ()) -> None:
        super().__init__(_STARTS, flat=False, options=options, hardfork=HARDFORK)
        self.creations: dict[str, int] = {}

    def create(self, sender: str, code: str, gas: str) -> str | None:
        """Mines the creation of a contract; returns its address (hex), or None if the constructor reverts."""
        address = super().create(sender, code, hex(LIMIT))
        if address:
            receipts = self.rpc("eth_getBlockReceipts", "latest")
            self.creations[address] = int(receipts[-1]["gasUsed"], 16)
        return address

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        """Mines a call, accepted or reverted."""
        super().send(sender, to, data, hex(LIMIT))


class GasChain(Chain):
    """The contracts of a directory on such a node; room: gas limit of each transaction."""

    def __init__(self, contracts: Path | None = None, options: Sequence[str] = (), room: int = ROOM) -> None:
        """Compiles, starts, deploys. Raises CompileFailed, ToolchainMissing, ChainLost, DeployFailed."""
        compile_contracts(contracts)
        node = GasNode(options)
        super().__init__(WORLD, contracts, node)
        self.creations, self._directory, self._room = node.creations, contracts, room

    def transaction(self, step: Step) -> Call:
        """Encodes a step as a transaction with the room of this chain. Raises DoesNotFit."""
        return super().transaction(step) | {"gas": hex(self._room)}

    def contracts(self) -> dict[str, str]:
        """The contract at each address of the vault and its exchange."""
        return {self.names.address(module_name(contract)): contract for contract in MODULES}

    def profile(self, at: int, call: Call) -> list[FunctionGas]:
        """The profile of a call at a time [unix seconds]. Raises ProfileIncomplete."""
        found = self.contracts() | {self.names.address(each.name): TOKENS[each.kind] for each in WORLD.tokens}
        codes = {name: self._code(address) for address, name in found.items()}
        functions = code_functions(codes, self.build, self._directory)
        given, block = call | {"gas": hex(ROOM)}, {"blockOverrides": {"time": hex(at)}}
        calls = self.node.rpc("debug_traceCall", given, "latest", {"tracer": "callTracer", **block})
        request = self.node.encode([("debug_traceCall", [given, "latest", _BARE | block])])
        trace = call_trace(self.node.post(request), {**calls, "gas": given["gas"]}, found, functions)
        return gas_profile(trace, functions, int(self.answer(at, call)["gasUsed"], 16))

    def _code(self, address: str) -> bytes:
        return bytes.fromhex(self.node.rpc("eth_getCode", address, "latest")[2:])

    def mine(self, steps: Sequence[Step]) -> list[int]:
        """Mines steps, a block per time, and returns the gas of each. Raises BenchFailed where one is refused."""
        used: list[int] = []
        for start in range(0, len(steps), CHUNK):
            part = steps[start : start + CHUNK]
            calls = [self.transaction(step) for step in part]
            batches = (*self._balances(part), *self._blocks(part, calls))
            sent = [each for requests in batches for each in self._sent(requests)]
            receipts = self.node.batch([("eth_getTransactionReceipt", [each]) for each in sent])
            for step, receipt in zip(part, receipts, strict=True):
                if receipt["status"] != ACCEPTED:
                    raise BenchFailed(f"{step} was refused")
                used.append(int(receipt["gasUsed"], 16))
        return used

    def _sent(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[str]:
        """Sends requests; the hashes of the transactions among them."""
        answers = self.node.batch(requests)
        return answers if requests[0][0] == "eth_sendTransaction" else []

    def answer(self, at: int, call: Call, gas: int = ROOM) -> Answer:
        """The answer to a call with so much gas, at a time [unix seconds]; no state is kept."""
        [answer] = self.simulate(at, [call | {"gas": hex(gas)}])
        return answer

    def is_enough(self, at: int, call: Call, gas: int) -> bool:
        """Whether a call is accepted with so much gas."""
        return bool(self.answer(at, call, gas)["status"] == ACCEPTED)
