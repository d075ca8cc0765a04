"""A proxy in front of a node with injected faults like those of real endpoints."""

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
Fault = Callable[["Exchange"], bool]  # returns whether the exchange is finished

_ALWAYS = 10**9


class Exchange:
    """One HTTP exchange with the ways to respond to it."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: bytes, node: tuple[str, int]) -> None:
        self.handler, self.body, self._node = handler, body, node
        content = json.loads(body)
        self.single = isinstance(content, dict)
        self.requests: list[dict[str, Any]] = [content] if self.single else content

    def forward(self) -> bytes:
        """Forwards the request and returns the node's response."""
        connection = HTTPConnection(*self._node, timeout=60)
        connection.request("POST", "/", self.body, {"Content-Type": "application/json"})
        answer = connection.getresponse().read()
        connection.close()
        return answer

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Sends a response instead of the node's."""
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def results(self, *values: Any) -> None:
        """Responds to each request with a result, without the node."""
        found = [{"jsonrpc": "2.0", "id": r["id"], "result": v} for r, v in zip(self.requests, values, strict=True)]
        self.answer(json.dumps(found[0] if self.single else found).encode())

    def cut(self) -> None:
        """Closes the connection without a response."""
        self.handler.close_connection = True
        self.handler.connection.shutdown(socket.SHUT_RDWR)


def cut(exchange: Exchange) -> bool:
    """Breaks the connection before the request reaches the node."""
    exchange.cut()
    return True


def lose(exchange: Exchange) -> bool:
    """Forwards the request and loses the response."""
    exchange.forward()
    exchange.cut()
    return True


def status(code: int, **headers: str) -> Fault:
    """Responds with an HTTP status such as 429 or 502; headers such as `Retry_After="1"`."""

    def fault(exchange: Exchange) -> bool:
        exchange.answer(b"busy", code, **headers)
        return True

    return fault


def drop(exchange: Exchange) -> bool:
    """Accepts a transaction and drops it."""
    from eth_utils.crypto import keccak

    raws = [bytes.fromhex(request["params"][0][2:]) for request in exchange.requests]
    exchange.results(*("0x" + keccak(raw).hex() for raw in raws))
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
                    proxy._serve(Exchange(self, body, proxy._node))
                except OSError:  # the node or the client is gone
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                """Suppresses the log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v3/a-secret-token"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def on(self, method: str, fault: Fault, times: int = _ALWAYS, after: int = 0) -> None:
        """Applies a fault to requests of a method (`*`: all): `times` times, after `after` unaffected ones."""
        with self._lock:
            self._rules.append((method, fault, [after, times]))

    def lag(self, blocks: int, times: int = _ALWAYS) -> None:
        """Hides the last blocks of the node in requests for the latest state."""

        def fault(exchange: Exchange) -> bool:
            head = int(self._request(exchange, "eth_blockNumber", []), 16)
            exchange.results(*(self._late(exchange, request, max(0, head - blocks)) for request in exchange.requests))
            return True

        for method in ("eth_blockNumber", "eth_getTransactionCount", "eth_getTransactionReceipt", "eth_getCode",
                       "eth_call", "eth_getBlockByNumber"):  # fmt: skip
            self.on(method, fault, times)

    def calm(self) -> None:
        """Removes all faults."""
        with self._lock:
            self._rules.clear()

    def close(self) -> None:
        """Stops the proxy."""
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, exchange: Exchange) -> None:
        for fault in self._due(exchange):
            if fault(exchange):
                return
        exchange.answer(exchange.forward(), Content_Type="application/json")

    def _due(self, exchange: Exchange) -> list[Fault]:
        methods = {request["method"] for request in exchange.requests}
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

    def _request(self, exchange: Exchange, method: str, params: list[Any]) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        connection = HTTPConnection(*self._node, timeout=60)
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        content = json.loads(connection.getresponse().read())
        connection.close()
        return content["result"]

    def _late(self, exchange: Exchange, request: dict[str, Any], head: int) -> Any:
        method, params = request["method"], [hex(head) if p == "latest" else p for p in request["params"]]
        if method == "eth_blockNumber":
            return hex(head)
        found = self._request(exchange, method, params)
        if method == "eth_getTransactionReceipt" and found and int(found["blockNumber"], 16) > head:
            return None
        if method == "eth_getBlockByNumber" and found and int(found["number"], 16) > head:
            return None
        return found
