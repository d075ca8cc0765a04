"""JSON-RPC client of a node run by others, which may be slow, limit its rate, or be unavailable for a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from crossvault.evm.anvil import ChainLost, ChainRefused, Request

_BUSY = (429, 500, 502, 503, 504)
_RATE_LIMITED = (-32005, -32016, 429)  # JSON-RPC codes of a rate limit
_CONNECT_SECS, _ANSWER_SECS = 10, 120
_LONGEST_WAIT_SECS = 15.0
_HEADERS = {"Content-Type": "application/json"}

logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # its retry warnings show the path of the address


def origin(url: str) -> str:
    """The public part of an address: scheme, host and port."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _is_loopback(url: str) -> bool:
    from ipaddress import ip_address

    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class RpcClient:
    """Requests to one endpoint; temporary failures are retried with growing waits.

    origin: the part of the address that may be shown.
    """

    def __init__(self, url: str, tries: int = 8, wait_secs: float = 0.25) -> None:
        """tries: attempts per request at most; wait_secs: the first wait between two. Opens no connection."""
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util.retry import Retry

        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ValueError("expected an endpoint such as https://host/path")
        self.origin = origin(url)
        self._url, self._tries, self._wait_secs = url, tries, wait_secs
        again = Retry(
            total=tries - 1, allowed_methods=None, status_forcelist=_BUSY, raise_on_status=False,
            backoff_factor=wait_secs, backoff_max=_LONGEST_WAIT_SECS,
        )  # fmt: skip
        self._session = requests.Session()
        self._session.trust_env = not _is_loopback(url)  # a proxy reaches its own loopback, not ours
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=again))

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of one request. Raises ChainLost, ChainRefused."""
        return self.batch([(method, params)])[0]

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """The results of many requests, in their order. Raises ChainLost, ChainRefused."""
        found: dict[int, Any] = {}
        for turn in range(self._tries):
            missing = [place for place in range(len(requests)) if place not in found]
            if not missing:
                break
            if turn:
                time.sleep(min(self._wait_secs * 2**turn, _LONGEST_WAIT_SECS))
            found |= self._answered(requests, missing, last=turn == self._tries - 1)
        return [found[place] for place in range(len(requests))]

    def _answered(self, requests: Sequence[Request], places: Sequence[int], last: bool) -> dict[int, Any]:
        """Results of some requests by place, without those that the node limits for now."""
        found: dict[int, Any] = {}
        for place, answer in self._posted(requests, places).items():
            method, error = requests[place][0], answer.get("error")
            if error is None:
                found[place] = answer["result"]
            elif last or error.get("code") not in _RATE_LIMITED:
                raise ChainRefused(method, error)
        return found

    def _posted(self, requests: Sequence[Request], places: Sequence[int]) -> dict[int, Any]:
        from requests.exceptions import RequestException

        bodies = [
            {"jsonrpc": "2.0", "id": place, "method": requests[place][0], "params": list(requests[place][1])}
            for place in places
        ]
        single = len(bodies) == 1
        try:
            answer = self._session.post(
                self._url, json=bodies[0] if single else bodies, headers=_HEADERS, timeout=(_CONNECT_SECS, _ANSWER_SECS)
            )
        except RequestException as lost:  # its text holds the whole address
            raise ChainLost(f"{self.origin} does not respond: {type(lost).__name__}") from None
        return dict(zip(places, self._read(answer, places), strict=True))

    def _read(self, answer: Any, places: Sequence[int]) -> list[Any]:
        """Splits a response by request; a single error for the batch applies to each request."""
        try:
            body: Any = answer.json()
            if isinstance(body, dict) and ("error" in body or ("result" in body and len(places) == 1)):
                return [body] * len(places)
            answers = {each["id"]: each for each in body}
            return [answers[place] for place in places]
        except (ValueError, KeyError, TypeError):
            raise ChainLost(f"{self.origin} responded with {answer.status_code}, not JSON-RPC") from None
