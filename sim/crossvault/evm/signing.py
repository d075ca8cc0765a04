"""Signs orders: the key of every name, and the typed data (EIP-712) of an order as wallets hash it.

Keys are derived from names and are for local chains only: anyone with this file can compute them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from eth_utils.crypto import keccak

from crossvault.mirror.exchange import FORMER_VERSION, VERSION, Order, Signature

if TYPE_CHECKING:
    from coincurve import PrivateKey

_LABEL = b"crossvault key of "
DOMAIN = ("crossvault exchange", str(VERSION))  # name and version, as contracts/Exchange.sol states them
_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_FORMER_FIELDS = "uint256 account,uint256 instrument,int256 size,uint256 limitWad,uint256 expiresAt,uint256 salt"
_ORDER_TYPE = f"Order({_FORMER_FIELDS},uint256 epoch)"
_FORMER_ORDER_TYPE = f"Order({_FORMER_FIELDS})"
_WORD = 2**256
_V = 27


def address_of(name: str) -> str:
    """The address of the key of a name (hex)."""
    return "0x" + keccak(_public_key(_secret(name)))[-20:].hex()


def key_of(name: str) -> str:
    """The key of a name (hex)."""
    return "0x" + _secret(name).hex()


def signed(signature: Signature, number: Callable[[str], int]) -> str:
    """Signs an order and returns the signature (hex). number: the address of a name as a number."""
    digest = digest_of(signature, number)
    made = _recoverable(_secret(signature.signer), digest)
    return (made[:64] + bytes([made[64] + _V])).hex()


def digest_of(signature: Signature, number: Callable[[str], int]) -> bytes:
    """The digest to sign: the hash of an order as typed data. number: the address of a name as a number."""
    separator = domain(signature.chain_id, number(signature.exchange), signature.version)
    is_former = signature.version == FORMER_VERSION
    words = _order(signature.order, number)
    content = _keccak_text(_FORMER_ORDER_TYPE) + words[:-32] if is_former else _keccak_text(_ORDER_TYPE) + words
    return keccak(b"\x19\x01" + separator + keccak(content))


def _order(order: Order, number: Callable[[str], int]) -> bytes:
    account, *others = order
    words = [number(account.owner) * 2**96 + account.number, *others]
    return b"".join(_word(value) for value in words)


@cache
def domain(chain_id: int, contract: int, version: int = VERSION) -> bytes:
    """The separator of the exchange's domain. contract: its address as a number."""
    words = [_keccak_text(text) for text in (_DOMAIN_TYPE, DOMAIN[0], str(version))] + [
        _word(chain_id),
        _word(contract),
    ]
    return keccak(b"".join(words))


@cache
def _keccak_text(text: str) -> bytes:
    return keccak(text.encode())


def _word(value: int) -> bytes:
    return (value % _WORD).to_bytes(32, "big")


def _public_key(secret: bytes) -> bytes:
    """The point of a key, in pure Python where coincurve has no wheel."""
    try:
        from coincurve import PublicKey
    except ImportError:
        from eth_keys.datatypes import PrivateKey

        return PrivateKey(secret).public_key.to_bytes()
    return PublicKey.from_valid_secret(secret).format(compressed=False)[1:]


def _recoverable(secret: bytes, digest: bytes) -> bytes:
    """A signature (r, s, parity) of a digest: the same bytes in pure Python, in fifty times the time."""
    try:
        key = _private_key(secret)
    except ImportError:
        from eth_keys.datatypes import PrivateKey as PurePrivateKey

        return PurePrivateKey(secret).sign_msg_hash(digest).to_bytes()
    return key.sign_recoverable(digest, hasher=None)


@lru_cache(maxsize=1024)  # more names than a world has: a key costs more than its signature
def _private_key(secret: bytes) -> PrivateKey:
    from coincurve import PrivateKey

    return PrivateKey(secret)


def _secret(name: str) -> bytes:
    return sha256(_LABEL + name.encode()).digest()
