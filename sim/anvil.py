"""A local Anvil, started and stopped, and spoken to through web3's provider.

Two set-ups. Traced: one node that keeps every block, for `explain`. Flat: a node forked off an idle one, so that no
state root is computed and a block costs the same however long the run and wide the world (contracts/README.md).
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from typing import Any

from sim import toolchain
from sim.compiler import EVM_VERSION

Request = tuple[str, Sequence[Any]]

_START_SECS = 30.0
_TIMEOUT_SECS = 300


class ChainLost(Exception):
    """The node stopped answering; what was compared until then stands."""


class ChainRefused(Exception):
    """The node refused a request that is not a step (a defect of crossvault, or another node than expected)."""


class Node:
    """A running Anvil that mines only when told to and lets anyone send."""

    def __init__(self, starts_at: int, *, traced: bool = False) -> None:
        """Starts the node; its first block is at a time [unix seconds]. Raises ToolchainMissing, ChainLost."""
        self._processes: list[subprocess.Popen[bytes]] = []
        mine = ["--no-mining", "--order", "fees", "--auto-impersonate", "--block-base-fee-per-gas", "0"]
        try:
            if traced:
                self.url = self._start(starts_at, [*mine, "--max-persisted-states", "0"])
            else:
                base = self._start(starts_at, [])
                flat = ["--fork-url", base, "--no-storage-caching", "--prune-history"]
                self.url = self._start(starts_at, [*mine, *flat, "--transaction-block-keeper", "8"])
        except BaseException:
            self.close()
            raise

    def _start(self, starts_at: int, options: Sequence[str]) -> str:
        port = toolchain.free_port()
        command = [str(toolchain.anvil()), "--accounts", "1", "--port", str(port), "--silent"]
        command += ["--disable-console-log", "--no-request-size-limit"]
        command += ["--timestamp", str(starts_at), "--hardfork", EVM_VERSION, "--disable-block-gas-limit", *options]
        # a session of its own: Ctrl-C in the terminal is for crossvault, which stops the node itself
        silent, heard = subprocess.DEVNULL, subprocess.PIPE
        self._processes.append(subprocess.Popen(command, stdout=silent, stderr=heard, start_new_session=True))
        url = f"http://127.0.0.1:{port}"
        self._provider = _provider(port)
        self._await(self._processes[-1])
        return url

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
                raise ChainLost(f"Anvil did not start (exit {process.returncode}): {said}")
            try:
                self._provider.make_request("eth_chainId", [])
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise ChainLost(f"Anvil did not answer within {_START_SECS:.0f} s")

    def rpc(self, method: str, *params: Any) -> Any:
        """The answer to one request. Raises ChainLost, ChainRefused."""
        try:
            response = self._provider.make_request(method, list(params))
        except (OSError, ValueError) as lost:
            raise self._lost() from lost
        return _answer(method, response)

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """The answers to many requests, in their order; the node works on them at once, so none may need another."""
        if not requests:
            return []
        try:
            responses = self._provider.make_batch_request([(method, list(params)) for method, params in requests])
        except (OSError, ValueError) as lost:
            raise self._lost() from lost
        if not isinstance(responses, list):
            raise ChainRefused(f"batch: {responses}")
        return [_answer(method, each) for (method, _), each in zip(requests, responses, strict=True)]

    def _lost(self) -> ChainLost:
        gone = [process.returncode for process in self._processes if process.poll() is not None]
        detail = f"it ended with exit {gone[-1]}" if gone else "it still runs but does not answer"
        return ChainLost(f"Anvil at {self.url} was lost: {detail}")

    def close(self) -> None:
        """Stops the node."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            if process.stderr:
                process.stderr.close()
        self._processes.clear()


def _provider(port: int) -> Any:
    """web3's JSON-RPC provider on one kept-alive connection, without a session's costly proxies and retries."""
    from http.client import HTTPConnection, HTTPException

    from web3.providers.base import JSONBaseProvider

    class Wire(JSONBaseProvider):
        def __init__(self) -> None:
            super().__init__()
            self._connection = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECS)

        def make_request(self, method: Any, params: Any) -> Any:
            return self.decode_rpc_response(self._sent(self.encode_rpc_request(method, params)))

        def make_batch_request(self, requests: Any) -> Any:
            responses: Any = self.decode_rpc_response(self._sent(self.encode_batch_rpc_request(requests)))
            return sorted(responses, key=lambda each: each["id"]) if isinstance(responses, list) else responses

        def _sent(self, body: bytes) -> bytes:
            try:
                self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
                return self._connection.getresponse().read()
            except HTTPException as broken:
                self._connection.close()
                raise ConnectionError(str(broken)) from broken
            except OSError:
                self._connection.close()
                raise

    return Wire()


def _answer(method: str, response: Any) -> Any:
    if error := response.get("error"):
        raise ChainRefused(f"{method}: {error}")
    return response["result"]
