"""Orders are signed with the same bytes with coincurve and without it."""

import json
import sys

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from crossvault.differential.step import EXCHANGE, VAULT
from crossvault.evm import signing
from crossvault.mirror.account import AccountId
from crossvault.mirror.exchange import Order, Signature
from places import ROOT


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


def test_the_typed_data_of_the_docs_is_what_is_signed() -> None:
    """The second witness is eth_account, of the page as a wallet reads it."""
    page = (ROOT / "docs" / "signed-orders.md").read_text(encoding="utf8")
    shown = json.loads(page.partition("```json\n")[2].partition("```")[0])
    signable = encode_typed_data(full_message=shown)
    values = {name: int(text) for name, text in shown["message"].items()}
    account = AccountId("alice", values.pop("account") - 3 * 2**96)
    signature = Signature("alice", Order(account, *values.values()), 31_337, EXCHANGE)
    digest = keccak(b"\x19" + signable.version + signable.header + signable.body)
    assert account.number == 3 and signing.digest_of(signature, number) == digest
