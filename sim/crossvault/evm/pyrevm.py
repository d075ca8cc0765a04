"""An EVM in this process: pyrevm, with its limitations handled in one file.

Its gas figures are not used (its journal never ends, so slots stay warm), and `commit` is never called: the next call
would fail. This file adds what pyrevm lacks: transient storage ends with a call, the block follows the time, and a
contract may be a sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crossvault.evm.chunk_call import ChunkCall
from crossvault.evm.compiler import EVM_VERSION
from crossvault.setup import toolchain

Answer = dict[str, Any]

_BLOCK_GAS = 2**63
_PADDING = b"\0" * 33  # appended by revm to code in its jump analysis
_COPIES = 0xC0DE << 144
_CALLER = "0x" + f"{0x4A4D << 144:040x}"
_VIEWER = "0x" + f"{0x71E3 << 144:040x}"
_REVERTED = re.compile(r"Revert \{ gas_used: \d+, output: (0x[0-9a-f]*) \}")
_HALTED = "Halt {"
_MAX_MARKS = 500  # of 1024 levels; a step needs some
_VIEWS_GAS = 2**62  # each view has its own limit
# calls one view after another, and appends success, length and data of each result to the calldata in memory
_VIEWER_CODE = bytes.fromhex(
    "365f5f37"  # CALLDATACOPY(0, 0, size)
    "5f36"  # place of the first view, place of its result
    "5b368210601257"  # 6: is there a view at the place?
    "36900336f3"  # RETURN(size, place of the result - size)
    "5b"  # 18: the next view
    "5f5f836040015184606001"  # no data back yet; length and place of its data
    "5f86602001518751f1"  # CALL without value, to its target, with its gas
    "8152"  # MSTORE(place of the result, success)
    "3d8160200152"  # MSTORE(.. + 32, length)
    "3d5f826040013e"  # RETURNDATACOPY(.. + 64, 0, length)
    "3d6040010190"  # place of the next result
    "80604001516060010190"  # place of the next view
    "600656"  # JUMP(6)
)


class EvmFailed(Exception):
    """The EVM failed outside of a step (a defect of crossvault, or an unexpected version of pyrevm)."""


class InMemoryEvm:
    """An EVM state in memory: time, block number, contracts, and marks to return to. Addresses and data are hex."""

    def __init__(self, chain_id: int, at: int, mix: int = 0, most_code: int | None = None) -> None:
        """at: time of the first block [unix seconds]; mix: its `prevrandao`; most_code: contract size limit [bytes].

        Raises ToolchainMissing if pyrevm is not installed.
        """
        self._revm = _revm()
        env = self._revm.Env(cfg=self._revm.CfgEnv(chain_id=chain_id, limit_contract_code_size=most_code))
        self._mix = mix.to_bytes(32, "big")
        self._evm: Any = self._revm.EVM(env=env, gas_limit=_BLOCK_GAS, spec_id=EVM_VERSION.upper())
        self._marks: list[tuple[Any, int, int]] = []
        self._proxies: set[str] = set()
        self._accounts: set[str] = set()
        self._evm.insert_account_info(_VIEWER, self._revm.AccountInfo(nonce=1, code=_VIEWER_CODE))
        self._set_block(at, 0)

    def move(self, at: int) -> None:
        """Begins the next block, at a time [unix seconds]."""
        self._set_block(at, self.number + 1)

    def call(self, call: Mapping[str, str]) -> Answer:
        """Executes a call (`from`, `to`, `input`, `gas`) and keeps its changes; returns an answer as a node does."""
        sender, to, data = call["from"], call["to"], call["input"]
        if self._is_contract(sender):
            sender, to, data = _CALLER, sender, f"0x{to[2:]:0>64}{data[2:]}"
        evm = self._evm
        evm.reset_transient_storage()
        try:
            answer = evm.message_call(sender, to, calldata=bytes.fromhex(data[2:]), gas=int(call["gas"], 16))
        except RuntimeError as refused:
            return {"status": "0x0", "returnData": _revert_data(str(refused)), "logs": ()}
        return {"status": "0x1", "returnData": "0x" + answer.hex(), "logs": tuple(map(_log, evm.result.logs))}

    def step(self, call: Mapping[str, str], views: Sequence[Mapping[str, str]]) -> list[Answer]:
        """Executes a call and keeps its changes, then views at once; returns the answers of all."""
        return [self.call(call), *self._viewed(views)]

    def _viewed(self, views: Sequence[Mapping[str, str]]) -> list[Answer]:
        """The answers of views: several are one call, of a contract that calls each and returns what came of it."""
        if len(views) < 2:
            return [self.query(view) for view in views]
        data = "0x" + "".join(_viewing(view) for view in views)
        answered = self.query({"from": _CALLER, "to": _VIEWER, "input": data, "gas": hex(_VIEWS_GAS)})
        if answered["status"] != "0x1":
            raise EvmFailed(f"{len(views)} views in one call reverted")
        return list(_view_answers(answered["returnData"], len(views)))

    def chunk(self, calls: Sequence[ChunkCall]) -> list[list[Answer]]:
        """Executes calls, each with its views, and keeps their changes; returns the answers of each."""
        answers: list[list[Answer]] = []
        for each in calls:
            if each.begins_at is not None:
                self.move(each.begins_at)
            answers.append(self.step(each.call, each.views))
        return answers

    def query(self, call: Mapping[str, str], at: int | None = None) -> Answer:
        """Executes a call and reverts its changes; `at`: in the next block, at a time [unix seconds]."""
        moved = at is not None and at != self.at
        was = self.at, self.number
        if moved:
            self.move(at or 0)
        snapshot = self._evm.snapshot()
        answer = self.call(call)
        self._evm.revert(snapshot)
        if moved:
            self._set_block(*was)
        return answer

    def code(self, address: str) -> str:
        """The deployed code at an address."""
        code: bytes | None = self._evm.get_code(address)
        return "0x" + (code or b"").removesuffix(_PADDING).hex()

    def replace(self, address: str, code: bytes) -> None:
        """Replaces the code of a contract and keeps its storage."""
        self._evm.insert_account_info(address, self._revm.AccountInfo(nonce=1, code=code))

    def create(self, sender: str, code: str, gas: str) -> str | None:
        """Executes the code of a constructor in a block of its own; returns the address, or None if it reverts."""
        self.move(self.at)
        try:
            created: str = self._evm.deploy(sender, bytes.fromhex(code.removeprefix("0x")), gas=int(gas, 16))
        except RuntimeError as refused:
            _revert_data(str(refused))
            return None
        return created.lower()

    def revert_data(self, sender: str, code: str, gas: str) -> str:
        """The data with which the code of a constructor reverts (hex); keeps no change."""
        snapshot = self._evm.snapshot()
        try:
            self._evm.deploy(sender, bytes.fromhex(code.removeprefix("0x")), gas=int(gas, 16))
        except RuntimeError as refused:
            return _revert_data(str(refused))
        self._evm.revert(snapshot)
        return "0x"

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        """Executes a call in a block of its own, accepted or reverted."""
        self.move(self.at)
        self.call({"from": sender, "to": to, "input": data, "gas": gas})

    def mark(self) -> int:
        """Sets a mark to return to. Each mark is a level of the call depth, so a few hundred are possible."""
        if len(self._marks) >= _MAX_MARKS:
            raise EvmFailed(f"there is room for {_MAX_MARKS} marks at once")
        self._marks.append((self._evm.snapshot(), self.at, self.number))
        return len(self._marks) - 1

    def back(self, mark: int) -> None:
        """Reverts everything since a mark, which stays; later marks are removed."""
        _, at, number = self._marks[mark]
        for snapshot, *_ in reversed(self._marks[mark:]):  # one by one: each reverts a single level
            self._evm.revert(snapshot)
        self._marks[mark:] = [(self._evm.snapshot(), at, number)]
        self._set_block(at, number)

    def _set_block(self, at: int, number: int) -> None:
        self.at, self.number = at, number
        self._evm.set_block_env(self._revm.BlockEnv(timestamp=at, number=number, basefee=0, prevrandao=self._mix))

    def _is_contract(self, sender: str) -> bool:
        """Whether a sender has code; at first use, its code is replaced by a proxy that can send on its behalf."""
        if sender in self._accounts:
            return False
        if sender in self._proxies:
            return True
        code = bytes.fromhex(self.code(sender)[2:])
        if not code:
            self._accounts.add(sender)
            return False
        copy = f"0x{_COPIES + len(self._proxies):040x}"
        info = self._revm.AccountInfo
        self._evm.insert_account_info(copy, info(code=code))
        self._evm.insert_account_info(sender, info(nonce=self._evm.basic(sender).nonce, code=_proxy_code(copy)))
        self._proxies.add(sender)
        return True


def _revm() -> Any:
    try:
        import pyrevm
    except ImportError as missing:
        mend = toolchain.setup_command() if toolchain.clone() else "pip install 'crossvault[fuzz]'"
        raise toolchain.ToolchainMissing(f"searching needs pyrevm 0.3.7, which is not installed: {mend}") from missing
    return pyrevm


def _proxy_code(copy: str) -> bytes:
    """Proxy code that delegates to `copy`, but sends the calldata of one caller (32 bytes of target, then data).

    An account with code cannot send a transaction, yet the called contract must see it as its sender.
    """
    passed = "6020360360205f37"  # CALLDATACOPY(0, 32, size - 32)
    own = "5b" + passed + "5f5f602036035f5f5f355af1"  # CALL(all gas, first word, no value, the rest)
    others = "365f5f375f5f365f73" + copy[2:] + "5af4"  # DELEGATECALL(all gas, copy, everything)
    is_caller = f"73{_CALLER[2:]}3314"  # is it the sending caller?
    here = (len(is_caller) + len(others)) // 2 + 6
    end = here + len(own) // 2
    answer = f"5b3d5f5f3e60{end + 11:02x}573d5ffd5b3d5ff3"  # returns or reverts with the result
    return bytes.fromhex(f"{is_caller}60{here:02x}57{others}60{end:02x}56{own}{answer}")


def _viewing(view: Mapping[str, str]) -> str:
    """A view in the calldata of the viewer: words of its gas, target and length, then its data (hex)."""
    data = view["input"][2:]
    return f"{int(view['gas'], 16):064x}{view['to'][2:]:0>64}{len(data) // 2:064x}{data}"


def _view_answers(data: str, count: int) -> Iterator[Answer]:
    """Yields the answers in the return data of the viewer: words of success and length, then what each returned."""
    at = 2
    for _ in range(count):
        is_accepted, size = int(data[at : at + 64], 16), 2 * int(data[at + 64 : at + 128], 16)
        at += 128
        yield {"status": hex(is_accepted), "returnData": "0x" + data[at : at + size], "logs": ()}
        at += size


def _log(log: Any) -> dict[str, Any]:
    return {"address": log.address.lower(), "topics": log.topics, "data": "0x" + log.data[1].hex()}


def _revert_data(text: str) -> str:
    """The revert data of an error text; a halt has none. Raises EvmFailed for any other text."""
    if found := _REVERTED.fullmatch(text):
        return found[1]
    if text.startswith(_HALTED):
        return "0x"
    raise EvmFailed(f"pyrevm: {text}")
