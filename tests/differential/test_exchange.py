"""Signed orders on both sides: real signatures over the orders of a step, valid and invalid ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.notation import BadNotation, Notation
from crossvault.differential.step import CHAIN_ID, EXCHANGE, EXCHANGE_DOORS, Outcome, Step
from crossvault.differential.story import Story
from crossvault.evm.chain import Chain
from crossvault.evm.codec import AddressBook, snake
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.signing import address_of, signed
from crossvault.fuzz.task import steps_of
from crossvault.lockstep.record import RecordChecker, RecordWriter, header, read
from crossvault.lockstep.run import run
from crossvault.mirror import account_errors, authority_errors, market, number_errors, order_errors
from crossvault.mirror.account import AccountId, entry
from crossvault.mirror.exchange import Match, Order, Signature
from crossvault.mirror.refusal import Refusal
from crossvault.walks.order_moves import START_AT, UNDERLYINGS, WAD, OrderWalk
from crossvault.walks.random_walk import Walk
from walks import orders

OF_ORDERS = {
    "OrderExpired", "OrderCancelled", "OrderBelowFloor", "FloorNotRaised", "Overfilled", "InstrumentsDiffer",
    "NotOpposite", "LimitNotMet", "BadSignature", "OrderOfOtherEpoch", "OrderOfOtherVersion",
    "ZeroSize", "SizeTooLarge", "NotAuthorized",
}  # fmt: skip
OF_THE_VAULT = {"SameAccount", "PriceOutsideBand", "UnknownInstrument", "InsufficientMargin", "VaultPaused"}
LATER = START_AT + 600
ETH, BTC = market.perp(0), market.perp(1)
ALICE, BOB, SAFE = AccountId("owner0"), AccountId("owner1"), AccountId("safe")
ORDER_FIELDS = ("account", "instrument", "size", "limitWad", "expiresAt", "salt", "epoch")
GROUP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def contracts(request: pytest.FixtureRequest) -> Path | None:
    """The directory given with --contracts, or the contracts that ship."""
    given = request.config.getoption("--contracts")
    return Path(given) if given else None


class Market:
    """Both sides after the set-up of a walk of orders."""

    def __init__(self, contracts: Path | None) -> None:
        walk = OrderWalk(7, 0)
        self.quote = walk.world.quote
        self.model, self.chain = Model(walk.world), Chain(walk.world, contracts)
        self.play(list(walk.setup()))

    def play(self, steps: Sequence[Step]) -> list[Outcome]:
        """The outcomes of some steps, which must be equal on both sides."""
        mine = self.model.play(steps)
        assert self.chain.play(steps) == mine
        return mine

    def fund(self, *accounts: AccountId) -> None:
        """Deposits 10 million of the quote token into each account."""
        raw, quote = 10_000_000 * 10**6, self.quote
        for each in accounts:
            mint = doors.mint(START_AT, "faucet", token=quote, to=each.owner, amount_raw=raw)
            deposit = doors.deposit_cash(START_AT, each.owner, account=each, amount_raw=raw)
            assert not any(outcome.refusal for outcome in self.play([mint, deposit]))

    def fill(self, *matches: Match, at: int = START_AT) -> Refusal | None:
        """The refusal of a fill, if it is one."""
        return self.play([doors.fill(at, "relayer", matches=matches)])[0].refusal

    def view(self, view: str, order: Order) -> Any:
        """The result of a view of the exchange for an order."""
        [answer] = self.chain.exchange.result(view, self.word(view, order))
        return answer

    def word(self, view: str, order: Order) -> str:
        """The result of a view in hex."""
        call = {"to": self.chain.names.address(EXCHANGE), "input": self.chain.exchange.call(view, {"order": order})}
        answer: str = self.chain.node.rpc("eth_call", call, "latest")
        return answer


@pytest.fixture
def both(contracts: Path | None) -> Iterator[Market]:
    """A separate market for each test."""
    made = Market(contracts)
    yield made
    made.chain.close()


def order(account: AccountId, size: int, limit: int = 2_000 * WAD, instrument: int = ETH, salt: int = 0) -> Order:
    return Order(account, instrument, size, limit, LATER, salt)


def by(signer: str, order: Order) -> Signature:
    return Signature(signer, order, CHAIN_ID, EXCHANGE)


def pair(maker: Order, taker: Order, size: int) -> Match:
    signers = {"safe": "keeper"}
    made = [by(signers.get(each.account.owner, each.account.owner), each) for each in (maker, taker)]
    return Match(maker, made[0], taker, made[1], size)


@pytest.mark.parametrize(
    ("seed", "steps"),
    [pytest.param(1, 2_000, marks=pytest.mark.slow), pytest.param(0, 3_000, marks=pytest.mark.campaign)],
)
def test_random_orders_have_equal_outcomes_on_both_sides(seed: int, steps: int, contracts: Path | None) -> None:
    result = orders(seed, steps, contracts)
    assert result.failure is None, str(result.failure)
    assert result.compared == result.steps >= steps
    assert set(EXCHANGE_DOORS) <= set(result.actions)
    wanted = OF_ORDERS | OF_THE_VAULT
    assert wanted - set(result.refusals) == set()
    assert sum(result.refusals.values()) < result.steps * 2 // 3


def test_doors_are_those_of_the_contract() -> None:
    abi = compile_contracts().artifacts["Exchange"].abi
    doors = [snake(item["name"]) for item in abi if item.get("stateMutability") == "nonpayable" and "name" in item]
    assert sorted(EXCHANGE_DOORS) == sorted(doors)


def test_a_fill_trades_at_the_midpoint_and_is_never_larger_than_the_order(both: Market) -> None:
    maker, taker = order(ALICE, -2 * WAD), order(SAFE, 3 * WAD, 2_010 * WAD)
    [outcome] = both.play([doors.fill(START_AT, "relayer", matches=(pair(maker, taker, WAD),))])
    assert [event.name for event in outcome.events] == ["Filled", "Traded", "Batched"]
    assert outcome.events[0].values == ("relayer", maker, taker, WAD, WAD, WAD)
    assert outcome.events[1].values[5] == 2_005 * WAD
    assert both.fill(pair(maker, taker, WAD + 1)) == order_errors.Overfilled(WAD + 1, WAD)
    assert both.fill(pair(maker, taker, WAD)) is None
    assert both.fill(pair(maker, taker, WAD)) == order_errors.Overfilled(WAD, 0)
    for each, size in ((maker, 2 * WAD), (taker, 2 * WAD), (order(BOB, WAD), 0)):
        assert both.view("filled_wad", each) == both.model.exchange.filled_wad(each) == size
    holders = both.model.vault.ledger.holders
    assert [entry(holders[each], ETH).size for each in (ALICE, SAFE)] == [-2 * WAD, 2 * WAD]


def test_one_order_twice_in_a_call_is_one_order(both: Market) -> None:
    one = pair(order(ALICE, -WAD), order(BOB, 3 * WAD), WAD * 2 // 3)
    assert both.fill(one, one) == order_errors.Overfilled(WAD * 2 // 3, WAD - WAD * 2 // 3)
    assert both.model.exchange.filled_wad(one.maker) == 0
    half = one._replace(size_wad=WAD // 2)
    assert both.fill(half, half) is None


def test_margin_of_a_spread_is_required_once_for_all_matches(both: Market) -> None:
    """Bob changes his long for another one: bought first, the second is refused; together with the sale it is not."""
    seller = AccountId("owner2")
    both.fund(seller, SAFE)
    [metrics] = both.model.metrics([BOB], START_AT)
    size = metrics.free_collateral_wad * 9 // (2_000 * WAD) * WAD  # nine times what is free, at ten percent
    assert size > 0
    assert both.fill(pair(order(seller, -size, salt=1), order(BOB, size, salt=1), size)) is None
    other = size // 20
    buy = pair(order(SAFE, -other, 40_000 * WAD, BTC), order(BOB, other, 40_000 * WAD, BTC), other)
    sell = pair(order(seller, size, salt=2), order(BOB, -size, salt=2), size)
    assert isinstance(both.fill(buy), account_errors.InsufficientMargin)
    assert both.fill(buy, sell) is None


def test_only_the_owner_of_an_account_can_sign_for_it(both: Market) -> None:
    maker, taker = order(SAFE, -WAD), order(AccountId("joint"), WAD)
    good = Match(maker, by("keeper", maker), taker, by("owner0", taker), WAD)
    for signer in ("owner0", "relayer", "owner1"):
        assert both.fill(good._replace(maker_signature=by(signer, maker))) == order_errors.BadSignature(SAFE)
    for signer in ("keeper", "relayer"):
        bad = good._replace(taker_signature=by(signer, taker))
        assert both.fill(bad) == order_errors.BadSignature(AccountId("joint"))
    elsewhere = by("keeper", maker)
    for wrong in (elsewhere._replace(chain_id=1), elsewhere._replace(exchange="vault"), "", "0x" + "12" * 65):
        assert both.fill(good._replace(maker_signature=wrong)) == order_errors.BadSignature(SAFE)
    assert both.fill(good) is None


def test_the_malleable_form_of_a_signature_is_refused(both: Market) -> None:
    """(r, n - s, flipped v) recovers the same key: a second signature without the owner's key."""
    maker, taker = order(ALICE, -WAD), order(BOB, WAD)
    good = pair(maker, taker, WAD)
    raw = bytes.fromhex(signed(by("owner0", maker), both.chain.names.number))
    s = GROUP_ORDER - int.from_bytes(raw[32:64], "big")
    twin = "0x" + (raw[:32] + s.to_bytes(32, "big") + bytes([55 - raw[64]])).hex()
    assert both.fill(good._replace(maker_signature=twin)) == order_errors.BadSignature(ALICE)


def test_a_floor_excludes_its_own_salt_and_a_cancelled_order_stays_cancelled(both: Market) -> None:
    at = START_AT
    below, above = order(ALICE, -WAD, salt=4), order(ALICE, -WAD, salt=5)
    outcomes = both.play([
        doors.cancel_below(at, "owner1", account=ALICE, salt=5),
        doors.cancel_below(at, "owner0", account=ALICE, salt=5),
        doors.cancel_below(at, "owner0", account=ALICE, salt=5),
        doors.cancel(at, "safe", order=order(SAFE, WAD)),
        doors.cancel(at, "keeper", order=order(SAFE, WAD, salt=1)),
    ])  # fmt: skip
    assert [each.refusal for each in outcomes] == [
        authority_errors.NotAuthorized(ALICE, "owner1"), None, order_errors.FloorNotRaised(5, 5), None,
        authority_errors.NotAuthorized(SAFE, "keeper"),
    ]  # fmt: skip
    assert both.fill(pair(below, order(BOB, WAD), WAD)) == order_errors.OrderBelowFloor(4, 5)
    assert both.fill(pair(above, order(SAFE, WAD), WAD)) == order_errors.OrderCancelled(SAFE, 0)
    for each, dead in ((below, True), (above, False), (order(SAFE, WAD), True)):
        assert both.view("is_cancelled", each) == both.model.exchange.is_cancelled(each) == dead
    assert both.fill(pair(above, order(BOB, WAD), WAD)) is None


def test_the_price_is_the_middle_of_the_limits_rounded_down_in_either_naming(both: Market) -> None:
    """2,000 and 2,003.000000000000000001: the middle is 2,001.5 and half a wei, which the buyer keeps."""
    sells, buys = order(ALICE, -2 * WAD), order(BOB, 2 * WAD, 2_003 * WAD + 1)
    for one, other in ((sells, buys), (buys, sells)):
        [outcome] = both.play([doors.fill(START_AT, "relayer", matches=(pair(one, other, WAD),))])
        assert outcome.refusal is None and outcome.events[1].values[5] == 2_001_500_000_000_000_000_000
    both.fund(SAFE)
    apart = pair(order(SAFE, -WAD, 2_000 * WAD + 1), order(BOB, WAD), WAD)
    assert both.fill(apart) == order_errors.LimitNotMet(2_000 * WAD + 1, 2_000 * WAD)
    far = pair(order(SAFE, -WAD), order(BOB, WAD, 2**256 - 1), WAD)  # no sum overflows
    assert both.fill(far) == number_errors.PriceTooLarge((2**256 - 1 + 2_000 * WAD) // 2, 2**96 - 1)


def test_a_floor_lasts_for_its_epoch_and_an_order_for_its_own(both: Market) -> None:
    """A floor of 2^256 - 1 shuts an account out until its next epoch; no order of an earlier one comes back."""
    old = order(ALICE, -WAD, salt=2**256 - 1)
    outcomes = both.play([
        doors.next_epoch(START_AT, "owner1", account=ALICE),
        doors.cancel_below(START_AT, "owner0", account=ALICE, salt=2**256 - 1),
    ])  # fmt: skip
    assert [each.refusal for each in outcomes] == [authority_errors.NotAuthorized(ALICE, "owner1"), None]
    assert both.fill(pair(order(ALICE, -WAD), order(BOB, WAD), WAD)) == order_errors.OrderBelowFloor(0, 2**256 - 1)
    ahead = old._replace(epoch=1, salt=0)
    assert both.fill(pair(ahead, order(BOB, WAD), WAD)) == order_errors.OrderOfOtherEpoch(1, 0)
    [started] = both.play([doors.next_epoch(START_AT, "owner0", account=ALICE)])
    assert [tuple(each) for each in started.events] == [("EpochStarted", ("owner0", ALICE, 1))]
    assert both.fill(pair(old, order(BOB, WAD), WAD)) == order_errors.OrderOfOtherEpoch(0, 1)
    for each, dead in ((old, True), (ahead, False), (ahead._replace(epoch=2), False)):
        assert both.view("is_cancelled", each) == both.model.exchange.is_cancelled(each) == dead
    assert both.fill(pair(ahead, order(BOB, WAD), WAD)) is None
    assert both.play([doors.cancel_below(START_AT, "owner0", account=ALICE, salt=1)])[0].refusal is None


def test_a_signature_of_version_1_is_refused_by_name(both: Market) -> None:
    """Of a key and of a contract wallet; another's, or of another order, is a bad one of any version."""
    for maker, signer in ((order(ALICE, -WAD), "owner0"), (order(SAFE, -WAD), "keeper")):
        good, former = pair(maker, order(BOB, WAD), WAD), by(signer, maker)._replace(version=1)
        named = order_errors.OrderOfOtherVersion(1, 2)
        assert both.fill(good._replace(maker_signature=former)) == named
        ahead = former._replace(order=maker._replace(epoch=9))  # version 1 has no epochs: the same bytes
        assert both.fill(good._replace(maker_signature=ahead)) == named
        for wrong in (
            former._replace(signer="owner1"), former._replace(chain_id=1), former._replace(version=3),
            former._replace(order=maker._replace(salt=1)),
        ):  # fmt: skip
            assert both.fill(good._replace(maker_signature=wrong)) == order_errors.BadSignature(maker.account)
        assert both.fill(good._replace(size_wad=WAD // 2)) is None


def test_an_order_is_valid_in_its_last_second(both: Market) -> None:
    maker, taker = order(ALICE, -2 * WAD), order(BOB, 2 * WAD)
    assert both.fill(pair(maker, taker, WAD), at=LATER) is None
    assert both.fill(pair(maker, taker, WAD), at=LATER + 1) == order_errors.OrderExpired(LATER + 1, LATER)


def test_an_order_is_signed_as_eip_712_typed_data(both: Market) -> None:
    """The second witness is eth_account; the third is the contract's own digest."""
    names = both.chain.names
    given = order(AccountId("owner0", 3), -5, salt=2**256 - 1)._replace(epoch=7)
    for version, view, words in ((2, "digest", ORDER_FIELDS), (1, "former_digest", ORDER_FIELDS[:-1])):
        kinds = [{"name": name, "type": "int256" if name == "size" else "uint256"} for name in words]
        domain = {"name": "crossvault exchange", "version": str(version), "chainId": CHAIN_ID,
                  "verifyingContract": names.address(EXCHANGE)}  # fmt: skip
        values = [names.number("owner0") * 2**96 + 3, *given[1:]]
        message = encode_typed_data(domain, {"Order": kinds}, dict(zip(words, values, strict=False)))
        signature = signed(by("owner0", given)._replace(version=version), names.number)
        assert Account.recover_message(message, signature=signature).lower() == address_of("owner0")
        typed = keccak(b"\x19" + message.version + message.header + message.body)
        assert both.word(view, given) == "0x" + typed.hex()


def test_a_contract_has_no_key(both: Market) -> None:
    maker, taker = order(SAFE, -WAD), order(BOB, WAD)
    step = doors.fill(START_AT, "relayer", matches=(Match(maker, by("safe", maker), taker, "", WAD),))
    with pytest.raises(ValueError, match="safe is a contract"):
        both.chain.transaction(step)


def test_an_unknown_name_has_the_address_of_its_key() -> None:
    names = AddressBook()
    assert names.address("alice") == address_of("alice") != address_of("bob")
    assert not names.is_contract("alice")
    names.bind("vault", "0x" + "12" * 20)
    assert names.is_contract("vault") and names.name(int("12" * 20, 16)) == "vault"


@pytest.mark.parametrize(("story", "action"), [(OrderWalk(2, 400).story(), "fill"), (Walk(2, 400).story(), "batch")])
def test_steps_round_trip_through_their_notation(story: Story, action: str) -> None:
    notation, steps = Notation(story.underlyings, story.collaterals), steps_of(story)
    for step in steps:
        assert notation.parse(json.loads(json.dumps(notation.step(step)))) == step
    assert any(step.action == action and len(step.accounts()) > 1 for step in steps)


def test_a_notation_with_a_field_too_many_or_too_few_is_refused() -> None:
    notation = Notation(UNDERLYINGS, ())
    text = notation.step(doors.fill(0, "x", matches=(pair(order(ALICE, -WAD), order(BOB, WAD), WAD),)))
    [written] = text["args"]["matches"]
    assert written["maker"]["instrument"] == "ETH-PERP" and written["maker"]["size"] == str(-WAD)
    assert written["maker_signature"]["order"]["account"] == "owner0"
    written["maker"]["colour"] = "red"
    with pytest.raises(BadNotation, match="Order takes account"):
        notation.parse(text)
    del written["maker"]["colour"], written["taker_signature"]["signer"]
    with pytest.raises(BadNotation, match="Signature takes signer"):
        notation.parse(text)


def test_an_order_written_before_epochs_is_of_the_first_one_and_signed_as_now() -> None:
    notation = Notation(UNDERLYINGS, ())
    step = doors.fill(0, "x", matches=(pair(order(ALICE, -WAD), order(BOB, WAD), WAD),))
    text = notation.step(step)
    [written] = text["args"]["matches"]
    for side in ("maker", "taker"):
        assert written[side].pop("epoch") == "0" and written[f"{side}_signature"].pop("version") == "2"
        assert written[f"{side}_signature"]["order"].pop("epoch") == "0"
    assert notation.parse(text) == step


@pytest.mark.slow
def test_a_record_of_orders_is_replayed_to_the_last_hash(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    story = OrderWalk(3, 150).story()
    chain = Chain(story.world)
    try:
        with path.open("w", encoding="utf8") as out:
            assert run(story, Model(story.world), chain, [RecordWriter(out, header(story, chain))]).failure is None
    finally:
        chain.close()
    record = read(path)
    again, checker = record.story(), RecordChecker(record)
    assert again.world == story.world
    chain = Chain(again.world)
    try:
        run(again, Model(again.world), chain, [checker])
    finally:
        chain.close()
    assert checker.first_difference is None and checker.lines == 1 + len(record.steps)
