"""Stories on a deployed vault, on an Anvil that mines by the clock, with others at work and endpoints that fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossvault.commands.live import opened_part
from crossvault.differential.step import EXCHANGE, VAULT
from crossvault.differential.story import Story
from crossvault.evm.bindings import Bindings
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import deploy_world
from crossvault.live.actors import PAYER, LiveNetwork
from crossvault.live.deployed_vault import DeployedVault, LiveRoles, VaultAddresses
from crossvault.live.preflight import PreparedStory, governors, rules
from crossvault.live.seeding import held, opening, people
from crossvault.lockstep.run import Diverged, Result, drive
from crossvault.rpc.client import RpcClient
from crossvault.rpc.transactions import PollingPolicy
from crossvault.scenario import load
from crossvault.setup.toolchain import contracts_dir
from faults import Faults, cut, drop, lose, status
from testnet import SEPOLIA, funded, mining, stand_in

STORY = """
name: small
about: A trade, a fall, a liquidation and refusals, in twenty seconds.
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  delay: 0s
  auction: {buffer: 25 %, start: 100 %, knee: 50 %, fast: 20m, slow: 2h, insolvent: 20m}
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
  collaterals:
    WETH: {decimals: 18, underlying: ETH, haircut initial: 10 %, haircut maintenance: 5 %}
prices:
  ETH: {at: {+0s: 200 USD, +6s: 180 USD}}
insurance: 1,000 USDC
actors:
  maker: {kind: maker, deposits: ["50,000 USDC"], wallet: ["5 USDC"]}
  alice: {deposits: ["1,000 USDC"], positions: {ETH-PERP: 40 ETH}}
  lin: {deposits: ["5,000 USDC", 1 WETH]}
steps:
  - {do: start liquidation, account: alice, expect: {refused: NotLiquidatable}}
  - {at: +6s, do: start liquidation, account: alice, by: lin, expect: {equity of alice: 200 USDC}}
  - {do: withdraw, account: alice, amount: 1 USDC, expect: {refused: UnderLiquidation}}
  - {do: bid, account: alice, bidder: lin, fraction: 25 %, limit: 50 USDC}
  - {at: +8s, do: order, name: sale, account: lin, instrument: ETH-PERP, size: -2 ETH, limit: 178 USD, expires: +1h,
     salt: 1}
  - {do: order, name: buy, account: maker, instrument: ETH-PERP, size: 2 ETH, limit: 182 USD, expires: +1h, salt: 2}
  - {do: fill, matches: [{maker: buy, taker: sale, size: 2 ETH}]}
  - {do: fill, matches: [{maker: buy, taker: sale, size: 2 ETH}], expect: {refused: Overfilled}}
  - {do: cancel, order: sale}
"""


class Direct:
    """A node of our own: it lets anyone send and mines at once."""

    def __init__(self, wire: RpcClient) -> None:
        self._wire = wire
        wire.rpc("anvil_autoImpersonateAccount", True)

    def create(self, sender: str, code: str, gas: str) -> str | None:
        return str(self._sent({"from": sender, "data": code, "gas": gas})["contractAddress"])

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        assert self._sent({"from": sender, "to": to, "input": data, "gas": gas})["status"] == "0x1"

    def _sent(self, call: dict[str, str]) -> Any:
        self._wire.rpc("anvil_setBalance", call["from"], hex(10**20))
        sent = self._wire.rpc("eth_sendTransaction", call)
        while (receipt := self._wire.rpc("eth_getTransactionReceipt", sent)) is None:
            time.sleep(0.005)  # it answers before it has mined
        return receipt


@pytest.fixture(scope="module")
def node() -> Iterator[RpcClient]:
    with stand_in() as wire:
        yield wire


def story_at(wire: RpcClient, tmp_path: Path) -> Story:
    path = tmp_path / "small.scenario.yaml"
    path.write_text(STORY)
    from datetime import UTC, datetime

    at = int(wire.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 1
    return load(str(path), overrides={"starts": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"})


def placed(wire: RpcClient, story: Story, contracts: Path | None = None) -> VaultAddresses:
    """The vault of a story, deployed and set up by the payer."""
    payer, build, names = funded(wire, "payer"), compile_contracts(contracts), AddressBook()
    names.record(PAYER, payer.address)
    block = int(wire.rpc("eth_blockNumber"), 16)
    deploy_world(Direct(wire), build, replace(story.world, owner=PAYER), names)
    speech, ground = Bindings(build, names), Direct(wire)
    aliases = dict.fromkeys(governors(story), PAYER)
    for step in rules(story)[1]:
        args = {name: aliases.get(str(value), value) for name, value in step.args.items()}
        call = speech.transaction(replace(step, sender=PAYER, args=args))
        ground.send(call["from"], call["to"], call["input"], call["gas"])
    wire.rpc("anvil_autoImpersonateAccount", False)
    tokens = {spec.name: names.address(spec.name) for spec in story.world.tokens}
    return VaultAddresses(names.address(VAULT), names.address(EXCHANGE), tokens, block)


def venue_of(wire: RpcClient, place: VaultAddresses, cast: str, endpoint: RpcClient | None = None) -> DeployedVault:
    ground = LiveNetwork(endpoint or wire, SEPOLIA, place.vault, pace=PollingPolicy(0.02, 5))
    return DeployedVault(ground, place, LiveRoles(funded(wire, "payer"), cast, {}, 10**18))


def performed(venue: DeployedVault, story: Story, fitted: PreparedStory) -> Result:
    player = venue.player(1, (), Result())
    drive(fitted.told(), player, lambda steps: None)
    return player.result


def ready(venue: DeployedVault, story: Story) -> dict[str, str]:
    venue.meet(person for step in opening(story) for person in people(step))
    venue.replica.catch_up()
    return dict.fromkeys(governors(story), PAYER)


def test_a_story_is_played_on_a_deployed_vault(node: RpcClient, tmp_path: Path) -> None:
    place = placed(node, story_at(node, tmp_path))
    with mining(node):
        venue = venue_of(node, place, "first")
        aliases = ready(venue, story := story_at(node, tmp_path))
        result = performed(venue, story, PreparedStory(story, aliases))
        assert result.failure is None
        assert result.refusals == {"NotLiquidatable": 1, "UnderLiquidation": 1, "Overfilled": 1}
        assert result.actions["fill"] == 2 and result.compared == result.steps
        assert venue.company.give_back() > 0


def test_an_opening_is_put_on_a_vault_once_in_as_many_goes_as_it_takes(node: RpcClient, tmp_path: Path) -> None:
    place = placed(node, story_at(node, tmp_path))
    with mining(node):
        for most in (5, 13, None, None):
            venue = venue_of(node, place, "seed")
            aliases = ready(venue, story := story_at(node, tmp_path))
            fitted = opened_part(venue, story, aliases)
            fitted.until = most or fitted.until
            result = performed(venue, story, fitted)
            assert result.failure is None
    assert set(result.actions) == {"publish_price"}  # the last go found everything else in its place
    sizes = {account.owner: state for account, state in states(venue).items()}
    assert sizes["alice"].image.entries[0].size == 40 * 10**18
    assert venue.replica.model.vault.ledger.cash.insurance_wad == 1_000 * 10**18
    assert balance(venue, "maker", "USDC") == 5 * 10**6
    assert balance(venue, "lin", "USDC") == 0


@pytest.mark.slow
def test_what_others_do_meanwhile_is_part_of_it(node: RpcClient, tmp_path: Path) -> None:
    place = placed(node, story_at(node, tmp_path))
    over = threading.Event()
    with mining(node):
        others = venue_of(node, place, "others")

        def act() -> None:
            aliases = ready(others, story := story_at(node, tmp_path))
            fitted = PreparedStory(story, aliases, until=story.opening_steps)
            while not over.is_set():
                performed(others, story, fitted)
                fitted = PreparedStory(story, aliases, until=story.opening_steps)

        thread = threading.Thread(target=act)
        thread.start()
        try:
            venue = venue_of(node, place, "ours")
            aliases = ready(venue, story := story_at(node, tmp_path))
            result = performed(venue, story, PreparedStory(story, {**aliases, "feeder": PAYER}))
        finally:
            over.set()
            thread.join()
    assert result.failure is None
    assert venue.replica.tally.steps > len(venue.ours.sent)


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble",
    [
        lambda faults: faults.on("eth_sendRawTransaction", lose, after=2, times=4),
        lambda faults: faults.on("eth_sendRawTransaction", drop, after=3, times=2),
        lambda faults: faults.on("*", status(429, Retry_After="0"), after=50, times=3),
        lambda faults: faults.on("eth_getTransactionReceipt", status(502), after=5, times=6),
        lambda faults: faults.on("eth_call", cut, after=10, times=3),
    ],
    ids=["receipt lost", "dropped", "429", "502", "cut"],
)
def test_an_endpoint_that_fails_changes_nothing(node: RpcClient, tmp_path: Path, trouble: Any) -> None:
    place = placed(node, story_at(node, tmp_path))
    faults = Faults(node.origin)
    trouble(faults)
    with mining(node):
        venue = venue_of(node, place, "faulty", RpcClient(faults.url, wait_secs=0.02))
        aliases = ready(venue, story := story_at(node, tmp_path))
        result = performed(venue, story, PreparedStory(story, aliases))
    faults.close()
    assert result.failure is None
    assert len(venue.ours.outcomes) == venue.replica.tally.steps


@pytest.mark.slow
def test_a_reorganisation_of_five_blocks_is_played_through(node: RpcClient, tmp_path: Path) -> None:
    place = placed(node, story_at(node, tmp_path))
    with mining(node, 0.1):
        venue = venue_of(node, place, "reorganised")
        aliases = ready(venue, story := story_at(node, tmp_path))
        player = venue.player(1, (), Result())
        seen = []

        def tick(steps: int) -> None:
            if steps in (9, 20):
                node.rpc("anvil_reorg", 5, [])
                seen.append(steps)

        drive(PreparedStory(story, aliases).told(), player, tick)
    assert player.result.failure is None
    assert len(seen) == 2 and venue.replica.tally.reorganisations >= 2
    deposits = [step for step in venue.ours.history if step.action == "deposit_cash" and step.sender == "alice"]
    assert states(venue)[deposits[0].args["account"]].image.principal is not None


@pytest.mark.slow
def test_a_contract_changed_by_one_rounding_differs(node: RpcClient, tmp_path: Path) -> None:
    changed = tmp_path / "contracts"
    changed.mkdir()
    text = (contracts_dir() / "Vault.sol").read_text()
    assert text.count("Fixed.mulDivCeil(size, int256(priceWad), Fixed.WAD)") == 1
    floor = "Fixed.mulDivFloor(size, int256(priceWad), Fixed.WAD) - 1"
    text = text.replace("Fixed.mulDivCeil(size, int256(priceWad), Fixed.WAD)", floor)
    (changed / "Vault.sol").write_text(text)
    place = placed(node, story_at(node, tmp_path), changed)
    with mining(node):
        venue = venue_of(node, place, "changed")
        aliases = ready(venue, story := story_at(node, tmp_path))
        with pytest.raises(Diverged, match=r"trade by broker\): Traded\.maker_after\.quote"):
            performed(venue, story, PreparedStory(story, aliases))


def states(venue: DeployedVault) -> dict[Any, Any]:
    known = tuple(venue.replica.tally.accounts)
    return {state.account: state for state in venue.replica.model.snapshot(known).accounts}


def balance(venue: DeployedVault, person: str, token: str) -> int:
    [found] = held(venue.ground.wire, venue.voice, [(person, token)]).values()
    return found
