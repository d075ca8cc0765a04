"""The views that no step reads."""

from itertools import product

from sim.chain import Chain
from sim.mirror.account import AccountId
from sim.mirror.liquidation import Terms
from sim.model import Model
from sim.side import Step, TokenSpec, World

STARTS_AT = 1_700_000_000
TERMS = Terms(buffer_wad=0, start_wad=10**18, knee_wad=10**18, fast_secs=1, slow_secs=1, insolvent_secs=1)
WORLD = World((TokenSpec("USD", 6),), "USD", "owner", 0, TERMS, STARTS_AT)


def test_both_sides_say_the_same_about_who_may_act() -> None:
    accounts = [AccountId("alice"), AccountId("alice", 1), AccountId("bob")]
    steps = [
        Step(STARTS_AT, "alice", "set_operator", {"account": account, "operator": "carol", "allowed": allowed})
        for account, allowed in [(accounts[0], True), (accounts[1], True), (accounts[1], False)]
    ]
    model, chain = Model(WORLD), Chain(WORLD)
    try:
        assert model.play(steps) == chain.play(steps)
        allowed = []
        for account, sender in product(accounts, ["alice", "bob", "carol", "owner"]):
            data = chain.vault.call("is_authorized", {"account": account, "sender": sender})
            answer = chain.node.rpc("eth_call", {"to": chain.names.address("vault"), "input": data}, "latest")
            [theirs] = chain.vault.result("is_authorized", answer)
            assert theirs == model.vault.is_authorized(account, sender)
            allowed += [(str(account), sender)] if theirs else []
    finally:
        chain.close()
    assert allowed == [("alice", "alice"), ("alice", "carol"), ("alice/1", "alice"), ("bob", "bob")]
