"""A proxy between us and a node that fails on request, as real endpoints do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Forward = Callable[[str, list[Any]], Any]  # method and parameters -> the node's whole JSON-RPC answer
Fault = Callable[["Talk"], bool]  # whether the talk was dealt with

_ALWAYS = 10**9


class Talk:
    """One HTTP request with what can be done about it."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: bytes, node: tuple[str, int]) -> None:
        self.handler, self.body, self._node = handler, body, node
        told = json.loads(body)
        self.single = isinstance(told, dict)
        self.requests: list[dict[str, Any]] = [told] if self.single else told

    def forward(self) -> bytes:
        """What the node answers."""
        connection = HTTPConnection(*self._node, timeout=60)
        connection.request("POST", "/", self.body, {"Content-Type": "application/json"})
        answer = connection.getresponse().read()
        connection.close()
        return answer

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Answers instead of the node."""
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def results(self, *values: Any) -> None:
        """Answers each request with a result, without the node."""
        found = [{"jsonrpc": "2.0", "id": r["id"], "result": v} for r, v in zip(self.requests, values, strict=True)]
        self.answer(json.dumps(found[0] if self.single else found).encode())

    def cut(self) -> None:
        """Closes the connection without an answer."""
        self.handler.close_connection = True
        self.handler.connection.shutdown(socket.SHUT_RDWR)


def cut(talk: Talk) -> bool:
    """The connection breaks before the node hears of it."""
    talk.cut()
    return True


def lose(talk: Talk) -> bool:
    """The node does what it is asked for, and its answer is lost."""
    talk.forward()
    talk.cut()
    return True


def status(code: int, **headers: str) -> Fault:
    """The endpoint answers with a status such as 429 or 502; headers such as `Retry_After="1"`."""

    def fault(talk: Talk) -> bool:
        talk.answer(b"busy", code, **headers)
        return True

    return fault


def drop(talk: Talk) -> bool:
    """The endpoint takes a transaction and forgets it."""
    from eth_utils.crypto import keccak

    raws = [bytes.fromhex(request["params"][0][2:]) for request in talk.requests]
    talk.results(*("0x" + keccak(raw).hex() for raw in raws))
    return True


class Faults:
    """A proxy in front of a node; `url` is its address, `seen` counts requests by method."""

    def __init__(self, node_url: str) -> None:
        parts = urlsplit(node_url)
        self._node = (parts.hostname or "", parts.port or 80)
        self._rules: list[tuple[str, Fault, list[int]]] = []
        self._lock = threading.Lock()
        self.seen: dict[str, int] = {}
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # header and body are two writes: without it each answer takes 40 ms

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    proxy._serve(Talk(self, body, proxy._node))
                except OSError:  # the node or the client is gone
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v3/a-secret-token"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def on(self, method: str, fault: Fault, times: int = _ALWAYS, after: int = 0) -> None:
        """Has requests of a method (`*`: of all) fail: so often, after so many that do not."""
        with self._lock:
            self._rules.append((method, fault, [after, times]))

    def lag(self, blocks: int, times: int = _ALWAYS) -> None:
        """Has the node know nothing of the last blocks when it is asked for the latest."""

        def fault(talk: Talk) -> bool:
            head = int(self._ask(talk, "eth_blockNumber", []), 16)
            talk.results(*(self._late(talk, request, max(0, head - blocks)) for request in talk.requests))
            return True

        for method in ("eth_blockNumber", "eth_getTransactionCount", "eth_getTransactionReceipt", "eth_getCode",
                       "eth_call", "eth_getBlockByNumber"):  # fmt: skip
            self.on(method, fault, times)

    def calm(self) -> None:
        """Ends all faults."""
        with self._lock:
            self._rules.clear()

    def close(self) -> None:
        """Ends the proxy."""
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, talk: Talk) -> None:
        for fault in self._due(talk):
            if fault(talk):
                return
        talk.answer(talk.forward(), Content_Type="application/json")

    def _due(self, talk: Talk) -> list[Fault]:
        methods = {request["method"] for request in talk.requests}
        found = []
        with self._lock:
            for method in methods:
                self.seen[method] = self.seen.get(method, 0) + 1
            for method, fault, left in self._rules:
                if method != "*" and method not in methods:
                    continue
                if left[0] > 0:
                    left[0] -= 1
                elif left[1] > 0:
                    left[1] -= 1
                    found.append(fault)
        return found

    def _ask(self, talk: Talk, method: str, params: list[Any]) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        connection = HTTPConnection(*self._node, timeout=60)
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        told = json.loads(connection.getresponse().read())
        connection.close()
        return told["result"]

    def _late(self, talk: Talk, request: dict[str, Any], head: int) -> Any:
        method, params = request["method"], [hex(head) if p == "latest" else p for p in request["params"]]
        if method == "eth_blockNumber":
            return hex(head)
        told = self._ask(talk, method, params)
        if method == "eth_getTransactionReceipt" and told and int(told["blockNumber"], 16) > head:
            return None
        if method == "eth_getBlockByNumber" and told and int(told["number"], 16) > head:
            return None
        return told
