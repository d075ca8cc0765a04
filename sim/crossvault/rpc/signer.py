"""Signers: an account that only hands out signatures, or a key in memory; and what a network or account lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from crossvault.differential.ending import BadInput

Transaction = Mapping[str, Any]


class NetworkUnknown(BadInput):
    """A choice of network that ape does not know, or one whose endpoint is not set."""


class AccountUnknown(BadInput):
    """An alias that no account of ape has, or an account that cannot be unlocked without a question."""


class Signer(Protocol):
    """An account that signs. address: hex, lower case."""

    @property
    def address(self) -> str:
        """Its address (hex, lower case)."""
        ...

    def sign(self, transaction: Transaction) -> bytes:
        """The transaction as it goes onto the wire; fields as JSON-RPC names them, numbers as integers."""
        ...

    def sign_text(self, text: str) -> bytes:
        """A signature over a text (EIP-191), the same each time. Raises when the account cannot."""
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
        """The transaction as it goes onto the wire."""
        from eth_utils.address import to_checksum_address

        fields = dict(transaction)
        if fields.get("to"):
            fields["to"] = to_checksum_address(fields["to"])
        return bytes(self._account.sign_transaction(fields).raw_transaction)

    def sign_text(self, text: str) -> bytes:
        """A signature over a text (EIP-191), the same each time."""
        from eth_account.messages import encode_defunct

        return bytes(self._account.sign_message(encode_defunct(text=text)).signature)

    def sign_hash(self, digest: bytes) -> bytes:
        """A signature over a hash as it is: r, s and v."""
        return bytes(self._account.unsafe_sign_hash(digest).signature)
