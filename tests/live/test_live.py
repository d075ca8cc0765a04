"""Stories on a deployed vault: accounts, skipped steps and mismatches."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from crossvault.commands.live import require_test_tokens
from crossvault.deployment.manifest import TokenRecord
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.live.actors import PAYER, ActorAddresses, LiveActors, LiveNetwork, OverBudget, PendingTransaction
from crossvault.live.preflight import PreparedStory, StoryMismatch, key, require_feeders, require_same_rules, rules
from crossvault.rpc.client import RpcClient
from crossvault.rpc.transactions import PollingPolicy
from crossvault.scenario import load
from testnet import SEPOLIA, funded, stand_in

VAULT = "0x" + "11" * 20
ALIASES = {"governor": PAYER, "feeder": PAYER, "guardian": PAYER}


@pytest.fixture(scope="module")
def node() -> Iterator[RpcClient]:
    with stand_in() as client:
        yield client


def live_actors(node: RpcClient, cast: str = "first", budget_wei: int = 10**18) -> LiveActors:
    return LiveActors(
        LiveNetwork(node, SEPOLIA, VAULT, pace=PollingPolicy(0.01)), funded(node, "payer"), cast, {}, budget_wei
    )


def test_the_same_payer_and_cast_derive_the_same_accounts_and_another_cast_derives_others(node: RpcClient) -> None:
    first, again, other = live_actors(node), live_actors(node), live_actors(node, "second")
    assert first.signer("alice").address == again.signer("alice").address
    found = {each.signer(name).address for each in (first, other) for name in ("alice", "bob")}
    assert len(found) == 4
    assert first.signer(PAYER).address == first.payer.address


def test_gas_is_topped_up_within_the_budget_and_the_rest_is_refunded(node: RpcClient) -> None:
    found = live_actors(node)
    found.fund_gas("alice", 100_000)
    assert found.spent_wei > 0
    assert int(node.rpc("eth_getBalance", found.signer("alice").address, "latest"), 16) == found.spent_wei
    spent_wei = found.spent_wei
    found.fund_gas("alice", 100_000)  # has enough
    assert found.spent_wei == spent_wei
    assert 0 < found.refund() < spent_wei
    poor = live_actors(node, "poor", 10)
    with pytest.raises(OverBudget, match="gas for alice needs"):
        poor.fund_gas("alice", 100_000)


def test_pending_transactions_are_awaited(node: RpcClient) -> None:
    found = live_actors(node, "pending")
    found.fund_gas("alice", 100_000)
    node.rpc("evm_setAutomine", False)
    try:
        sender = found.sender("alice")
        sender.post(sender.prepare(found.payer.address, "0x", value=1))
        found.network = found.network._replace(pace=PollingPolicy(0.01, 0.1))
        with pytest.raises(PendingTransaction, match=r"\(alice\) has a transaction that is in no block yet"):
            found.await_quiet(["alice"])
        threading.Timer(0.1, node.rpc, ["evm_mine"]).start()
        found.network = found.network._replace(pace=PollingPolicy(0.01, 10))
        found.await_quiet(["alice"])
        assert sender.nonce("latest") == 1
    finally:
        node.rpc("evm_setAutomine", True)


def test_every_name_has_an_address_and_contracts_keep_theirs(node: RpcClient) -> None:
    found = live_actors(node)
    names = ActorAddresses(found)
    names.bind("vault", VAULT)
    assert names.address("vault") == VAULT
    assert names.address("alice") == found.signer("alice").address
    assert names.name(names.number("alice")) == "alice"


def deployed(story: Story) -> Model:
    """A model with the rules of a story in force, as a deployment leaves it."""
    model, made = rules(story)
    renamed = Model(replace(story.world, owner=PAYER))
    for step in made:
        args = {
            name: ALIASES.get(value, value) if isinstance(value, str) else value for name, value in step.args.items()
        }
        assert renamed.apply(replace(step, sender=PAYER, args=args)).refusal is None
    assert renamed.vault.parameters() == model.vault.parameters()
    return renamed


def played(model: Model, fitted: PreparedStory) -> list[tuple[Step, Outcome]]:
    return list(driven(fitted.as_story().steps(model), model.apply))


@pytest.mark.parametrize("name", ["first-liquidation", "portfolio-mode", "expiry-day"])
def test_a_story_on_a_vault_with_its_rules_plays_as_on_a_fresh_vault(name: str) -> None:
    story = load(name)
    model, alone = deployed(story), Model(story.world)
    require_same_rules(story, model)
    require_feeders(story, model, ALIASES)
    fitted = PreparedStory(story, ALIASES)
    here, there = played(model, fitted), played(alone, PreparedStory(story, {}, leading=False))
    assert fitted.left_out == len(there) - len(here) == len(rules(story)[1]) > 0
    assert [each.refusal for _, each in here] == [each.refusal for _, each in there[fitted.left_out :]]
    assert all(step.sender not in ALIASES for step, _ in here)


def test_a_story_with_other_rules_does_not_fit() -> None:
    model = deployed(load("first-liquidation"))
    other = load("first-liquidation", overrides={"world.underlyings.ETH.initial margin": "11 %"})
    with pytest.raises(
        StoryMismatch, match=r"underlyings\[0\].risk.initial_rate is 1\d+, in the story 110000000000000000"
    ):
        require_same_rules(other, model)


def test_a_feeder_that_may_not_publish_does_not_fit() -> None:
    story = load("first-liquidation")
    with pytest.raises(StoryMismatch, match="feeder is not a feeder of the deployed vault"):
        require_feeders(story, deployed(story), {})


def test_earlier_steps_are_skipped_once_and_only_the_opening_is_played() -> None:
    story = load("first-liquidation")
    opening = played(deployed(story), PreparedStory(story, ALIASES, until=story.opening_steps))
    assert len(opening) == story.opening_steps - len(rules(story)[1])
    kept = [step for step, _ in opening if not step.action.startswith("publish")]
    fitted = PreparedStory(story, ALIASES, until=story.opening_steps, missing={})
    fitted.done.update(key(step) for step in kept if step.action != "mint")
    model = deployed(story)
    for step, _ in opening:
        model.apply(step)
    again = [step.action for step, _ in played(model, fitted)]
    assert set(again) == {"publish_price"}
    assert fitted.left_out == story.opening_steps - len(again)


def test_only_missing_tokens_are_minted() -> None:
    story = load("first-liquidation")
    mints = [
        s
        for s, _ in played(deployed(story), PreparedStory(story, ALIASES, until=story.opening_steps))
        if s.action == "mint"
    ]
    place = mints[0].args["to"], mints[0].args["token"]
    fitted = PreparedStory(story, ALIASES, missing={place: 7}, until=story.opening_steps)
    steps = [s for s, _ in _dry(fitted, deployed(story)) if s.action == "mint"]
    assert [(s.args["to"], s.args["token"], s.args["amount_raw"]) for s in steps] == [(*place, 7)]


def _dry(fitted: PreparedStory, model: Model) -> list[tuple[Step, Outcome]]:
    """Plays the steps after minting every token, so that all are accepted."""
    for token in model.tokens.values():
        for name in ("alice", "lin", "lou", "maker", PAYER):
            token.mint(name, 10**30)
    model.journal.keep()
    return played(model, fitted)


def test_tokens_that_cannot_be_minted_do_not_fit() -> None:
    record = TokenRecord(name="USDC", decimals=6, kind="plain", address=VAULT, ours=True)
    require_test_tokens([record])
    with pytest.raises(StoryMismatch, match="USDC is not a test token of crossvault"):
        require_test_tokens([record.model_copy(update={"ours": False})])
    with pytest.raises(StoryMismatch, match="USDC is a 'fee' token"):
        require_test_tokens([record, record.model_copy(update={"kind": "fee"})])
