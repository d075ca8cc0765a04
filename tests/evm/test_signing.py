"""Orders are signed with the same bytes with coincurve and without it."""

import sys

import pytest

from crossvault.differential.step import EXCHANGE, VAULT
from crossvault.evm import signing
from crossvault.mirror.account import AccountId
from crossvault.mirror.exchange import Order, Signature


def number(name: str) -> int:
    """The number of a name's address, as a book of addresses has it."""
    return {VAULT: 1, EXCHANGE: 2}.get(name, 3)


def test_a_machine_without_coincurve_signs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"person{place}" for place in range(4)]
    order = Order(AccountId("alice", 0), 1, -5, 10**21, 1_700_000_000, 7)
    signatures = [Signature(name, order, 31_337, EXCHANGE) for name in names]
    with_wheel = [(signing.address_of(each.signer), signing.signed(each, number)) for each in signatures]
    monkeypatch.setitem(sys.modules, "coincurve", None)
    assert [(signing.address_of(each.signer), signing.signed(each, number)) for each in signatures] == with_wheel
