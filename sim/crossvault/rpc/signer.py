"""Signers: an account that returns signatures only, or a key in memory; and errors of a network or account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from crossvault.differential.ending import BadInput

Transaction = Mapping[str, Any]


class NetworkUnknown(BadInput):
    """A network that ape does not know, or one whose endpoint is not set."""


class AccountUnknown(BadInput):
    """An alias without an account in ape, or an account that cannot be unlocked without a prompt."""


class Signer(Protocol):
    """An account that signs. address: hex, lower case."""

    @property
    def address(self) -> str:
        """Its address (hex, lower case)."""
        ...

    def sign(self, transaction: Transaction) -> bytes:
        """Signs a transaction and returns its raw bytes; fields as JSON-RPC names them, numbers as integers."""
        ...

    def sign_text(self, text: str) -> bytes:
        """Signs a text (EIP-191); the signature is deterministic. Raises if the account cannot sign texts."""
        ...


class KeySigner:
    """A key in memory."""

    def __init__(self, key: bytes) -> None:
        from eth_account import Account

        self._account = Account.from_key(key)

    @property
    def address(self) -> str:
        """Its address (hex, lower case)."""
        return str(self._account.address).lower()

    def sign(self, transaction: Transaction) -> bytes:
        """Signs a transaction and returns its raw bytes."""
        from eth_utils.address import to_checksum_address

        fields = dict(transaction)
        if fields.get("to"):
            fields["to"] = to_checksum_address(fields["to"])
        return bytes(self._account.sign_transaction(fields).raw_transaction)

    def sign_text(self, text: str) -> bytes:
        """Signs a text (EIP-191); the signature is deterministic."""
        from eth_account.messages import encode_defunct

        return bytes(self._account.sign_message(encode_defunct(text=text)).signature)

    def sign_hash(self, digest: bytes) -> bytes:
        """Signs a hash without a prefix: r, s and v."""
        return bytes(self._account.unsafe_sign_hash(digest).signature)
