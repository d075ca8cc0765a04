"""Starts and stops a local Anvil, and sends requests to it through web3's provider.

Two set-ups. Flat: a node forked off an idle one, so that no state root is computed and the cost of a block depends on
neither the length of the run nor the size of the world (contracts/README.md). Plain: one node as users start it.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from crossvault.differential.ending import BadEnvironment, FailedRun
from crossvault.evm.compiler import EVM_VERSION
from crossvault.setup import toolchain
from crossvault.setup.environment import direct_to_loopback
from crossvault.setup.watcher import Watcher

Request = tuple[str, Sequence[Any]]

_START_SECS = 30.0
_TIMEOUT_SECS = 300


class EncodedRequest(NamedTuple):
    """A batch of requests, encoded once."""

    body: bytes
    methods: tuple[str, ...]


class ChainLost(BadEnvironment):
    """The node stopped responding; comparisons made before remain valid."""


class ChainRefused(FailedRun):
    """A node refused a request; `code`, `message` and `data` are the node's (0 and empty where absent)."""

    def __init__(self, method: str, error: Any) -> None:
        details: dict[str, Any] = error if isinstance(error, dict) else {"message": str(error)}
        self.code: int = details.get("code", 0)
        self.message = str(details.get("message", ""))
        self.data = details.get("data") or ""
        super().__init__(f"{method}: {error}")


class Node:
    """A running Anvil that mines only on request and accepts transactions of any sender."""

    def __init__(
        self, starts_at: int, *, flat: bool = True, options: Sequence[str] = (), hardfork: str = EVM_VERSION
    ) -> None:
        """Starts the node; its first block is at a time [unix seconds]. options: more ones of Anvil.

        Raises ToolchainMissing, ChainLost.
        """
        self._processes: list[subprocess.Popen[bytes]] = []
        self._watcher, self._hardfork = Watcher(), hardfork
        mine = [*options, "--no-mining", "--order", "fees", "--auto-impersonate", "--block-base-fee-per-gas", "0"]
        try:
            if flat:
                base = self._start(starts_at, [])
                fork = ["--fork-url", base, "--no-storage-caching", "--prune-history"]
                self._start(starts_at, [*mine, *fork, "--transaction-block-keeper", "8"])
            else:
                self._start(starts_at, [*mine, "--max-persisted-states", "0"])
        except BaseException:
            self.close()
            raise

    def _start(self, starts_at: int, options: Sequence[str]) -> str:
        port = toolchain.free_port()
        command = [str(toolchain.anvil()), "--accounts", "1", "--port", str(port), "--silent"]
        command += ["--disable-console-log", "--no-request-size-limit"]
        command += ["--timestamp", str(starts_at), "--hardfork", self._hardfork, "--disable-block-gas-limit", *options]
        # a session of its own: Ctrl-C in the terminal is for crossvault, which stops the node itself
        silent, stderr = subprocess.DEVNULL, subprocess.PIPE
        env = direct_to_loopback(os.environ)
        process = subprocess.Popen(command, env=env, stdout=silent, stderr=stderr, start_new_session=True)
        self._processes.append(process)
        self._watcher.watch(process)
        self.url = f"http://127.0.0.1:{port}"
        self._http = _HttpProvider(port)
        self._await(process)
        return self.url

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                output = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
                raise ChainLost(f"Anvil did not start (exit {process.returncode}): {output}")
            try:
                self.rpc("eth_chainId")
            except ChainLost:
                time.sleep(0.02)
            else:
                return
        raise ChainLost(f"Anvil did not respond within {_START_SECS:.0f} s")

    def encode(self, requests: Sequence[Request]) -> EncodedRequest:
        """Encodes requests as one batch; the node executes a batch concurrently, so none may depend on another."""
        return EncodedRequest(self._http.body(requests), tuple(method for method, _ in requests))

    def post(self, request: EncodedRequest) -> bytes:
        """Sends a batch and returns the raw response. Raises ChainLost."""
        try:
            return self._http.post(request.body)
        except OSError as lost:
            raise self._lost() from lost

    def decode(self, request: EncodedRequest, response: bytes) -> list[Any]:
        """Decodes the results of a batch, in the order of its requests. Raises ChainLost, ChainRefused."""
        try:
            responses = self._http.responses(response)
        except ValueError as garbled:
            raise self._lost() from garbled
        return [_result(method, each) for method, each in zip(request.methods, responses, strict=True)]

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of one request. Raises ChainLost, ChainRefused."""
        return self.batch([(method, params)])[0]

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """The results of many requests, in their order. Raises ChainLost, ChainRefused."""
        if not requests:
            return []
        request = self.encode(requests)
        return self.decode(request, self.post(request))

    def create(self, sender: str, code: str, gas: str) -> str | None:
        """Mines the creation of a contract; returns its address (hex), or None if the constructor reverts."""
        sent = self.rpc("eth_sendTransaction", {"from": sender, "data": code, "gas": gas, "gasPrice": "0x0"})
        self.rpc("evm_mine")
        receipt = self.rpc("eth_getTransactionReceipt", sent)
        created = receipt is not None and receipt["status"] == "0x1"
        return receipt["contractAddress"] if created else None

    def revert_data(self, sender: str, code: str, gas: str) -> str:
        """The data with which the code of a constructor reverts (hex); keeps no change."""
        try:
            self.rpc("eth_call", {"from": sender, "data": code, "gas": gas}, "latest")
        except ChainRefused as refused:
            return str(refused.data or "0x")
        return "0x"

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        """Mines a call, accepted or reverted."""
        self.rpc("eth_sendTransaction", {"from": sender, "to": to, "data": data, "gas": gas, "gasPrice": "0x0"})
        self.rpc("evm_mine")

    def _lost(self) -> ChainLost:
        gone = [process.returncode for process in self._processes if process.poll() is not None]
        detail = f"it ended with exit {gone[-1]}" if gone else "it still runs but does not respond"
        return ChainLost(f"Anvil at {self.url} was lost: {detail}")

    def close(self) -> None:
        """Stops the node."""
        self._watcher.close()
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            if process.stderr:
                process.stderr.close()
        self._processes.clear()


class _HttpProvider:
    """web3's JSON-RPC provider on one kept-alive connection, without a session's costly proxies and retries."""

    def __init__(self, port: int) -> None:
        from http.client import HTTPConnection

        from web3.providers.base import JSONBaseProvider

        self._provider: Any = JSONBaseProvider()
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECS)

    def body(self, requests: Sequence[Request]) -> bytes:
        encoded: bytes = self._provider.encode_batch_rpc_request([(name, list(params)) for name, params in requests])
        return encoded

    def post(self, body: bytes) -> bytes:
        from http.client import HTTPException

        try:
            self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
            return self._connection.getresponse().read()
        except HTTPException as broken:
            self._connection.close()
            raise ConnectionError(str(broken)) from broken
        except OSError:
            self._connection.close()
            raise

    def responses(self, response: bytes) -> list[Any]:
        found: Any = self._provider.decode_rpc_response(response)
        return sorted(found, key=lambda each: each["id"]) if isinstance(found, list) else [found]


def _result(method: str, response: Any) -> Any:
    if error := response.get("error"):
        raise ChainRefused(method, error)
    return response["result"]
