"""Stories on a deployed vault, on an Anvil that mines by the clock, with concurrent actors and failing endpoints."""

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
from crossvault.lockstep.run import Diverged, RunResult, drive
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
  auction: {buffer: 25 %, start: 100 %, knee: 50 %, fast: 20m, slow: 2h, insolvent: 20m, grace: 0s}
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
    """An Anvil node with impersonation and immediate mining."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client
        client.rpc("anvil_autoImpersonateAccount", True)

    def create(self, sender: str, code: str, gas: str) -> str | None:
        return str(self._sent({"from": sender, "data": code, "gas": gas})["contractAddress"])

    def revert_data(self, sender: str, code: str, gas: str) -> str:
        return "0x"  # its constructors accept

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        assert self._sent({"from": sender, "to": to, "input": data, "gas": gas})["status"] == "0x1"

    def _sent(self, call: dict[str, str]) -> Any:
        self._client.rpc("anvil_setBalance", call["from"], hex(10**20))
        sent = self._client.rpc("eth_sendTransaction", call)
        while (receipt := self._client.rpc("eth_getTransactionReceipt", sent)) is None:
            time.sleep(0.005)  # the node returns the hash before it mines
        return receipt


@pytest.fixture(scope="module")
def node() -> Iterator[RpcClient]:
    with stand_in() as client:
        yield client


def story_at(client: RpcClient, tmp_path: Path) -> Story:
    path = tmp_path / "small.scenario.yaml"
    path.write_text(STORY)
    from datetime import UTC, datetime

    at = int(client.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 1
    return load(str(path), overrides={"starts": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"})


def placed(client: RpcClient, story: Story, contracts: Path | None = None) -> VaultAddresses:
    """The vault of a story, deployed and set up by the payer."""
    payer, build, names = funded(client, "payer"), compile_contracts(contracts), AddressBook()
    names.record(PAYER, payer.address)
    block = int(client.rpc("eth_blockNumber"), 16)
    deploy_world(Direct(client), build, replace(story.world, owner=PAYER), names)
    bindings, node = Bindings(build, names), Direct(client)
    aliases = dict.fromkeys(governors(story), PAYER)
    for step in rules(story)[1]:
        args = {name: aliases.get(str(value), value) for name, value in step.args.items()}
        call = bindings.transaction(replace(step, sender=PAYER, args=args))
        node.send(call["from"], call["to"], call["input"], call["gas"])
    client.rpc("anvil_autoImpersonateAccount", False)
    tokens = {spec.name: names.address(spec.name) for spec in story.world.tokens}
    return VaultAddresses(names.address(VAULT), names.address(EXCHANGE), tokens, block)


def deployed_vault(
    client: RpcClient, place: VaultAddresses, cast: str, endpoint: RpcClient | None = None
) -> DeployedVault:
    network = LiveNetwork(endpoint or client, SEPOLIA, place.vault, pace=PollingPolicy(0.02, 5))
    return DeployedVault(network, place, LiveRoles(funded(client, "payer"), cast, {}, 10**18))


def performed(vault: DeployedVault, story: Story, fitted: PreparedStory) -> RunResult:
    player = vault.player(1, (), RunResult())
    drive(fitted.as_story(), player, lambda steps: None)
    return player.result


def ready(vault: DeployedVault, story: Story) -> dict[str, str]:
    vault.bind_names(person for step in opening(story) for person in people(step))
    vault.replica.catch_up()
    return dict.fromkeys(governors(story), PAYER)


@pytest.mark.slow
def test_a_story_is_played_on_a_deployed_vault(node: RpcClient, tmp_path: Path) -> None:
    place = placed(node, story_at(node, tmp_path))
    with mining(node):
        vault = deployed_vault(node, place, "first")
        aliases = ready(vault, story := story_at(node, tmp_path))
        result = performed(vault, story, PreparedStory(story, aliases))
        assert result.failure is None
        assert result.refusals == {"NotLiquidatable": 1, "UnderLiquidation": 1, "Overfilled": 1}
        assert result.actions["fill"] == 2 and result.compared == result.steps
        assert vault.actors.refund() > 0


@pytest.mark.slow
def test_an_interrupted_opening_is_completed_without_repeats(node: RpcClient, tmp_path: Path) -> None:
    place = placed(node, story_at(node, tmp_path))
    with mining(node):
        for most in (5, 13, None, None):
            vault = deployed_vault(node, place, "seed")
            aliases = ready(vault, story := story_at(node, tmp_path))
            fitted = opened_part(vault, story, aliases)
            fitted.until = most or fitted.until
            result = performed(vault, story, fitted)
            assert result.failure is None
    assert set(result.actions) == {"publish_price"}  # the last run found everything else done
    sizes = {account.owner: state for account, state in states(vault).items()}
    assert sizes["alice"].image.entries[0].size == 40 * 10**18
    assert vault.replica.model.vault.ledger.cash.insurance_wad == 1_000 * 10**18
    assert balance(vault, "maker", "USDC") == 5 * 10**6
    assert balance(vault, "lin", "USDC") == 0


@pytest.mark.slow
def test_concurrent_steps_of_others_are_compared(node: RpcClient, tmp_path: Path) -> None:
    place = placed(node, story_at(node, tmp_path))
    over = threading.Event()
    with mining(node):
        others = deployed_vault(node, place, "others")

        def act() -> None:
            aliases = ready(others, story := story_at(node, tmp_path))
            fitted = PreparedStory(story, aliases, until=story.opening_steps)
            while not over.is_set():
                performed(others, story, fitted)
                fitted = PreparedStory(story, aliases, until=story.opening_steps)

        thread = threading.Thread(target=act)
        thread.start()
        try:
            vault = deployed_vault(node, place, "ours")
            aliases = ready(vault, story := story_at(node, tmp_path))
            result = performed(vault, story, PreparedStory(story, {**aliases, "feeder": PAYER}))
        finally:
            over.set()
            thread.join()
    assert result.failure is None
    assert vault.replica.counts.steps > len(vault.sent.steps)


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
def test_a_failing_endpoint_changes_nothing(node: RpcClient, tmp_path: Path, trouble: Any) -> None:
    place = placed(node, story_at(node, tmp_path))
    faults = Faults(node.origin)
    trouble(faults)
    with mining(node):
        vault = deployed_vault(node, place, "faulty", RpcClient(faults.url, wait_secs=0.02))
        aliases = ready(vault, story := story_at(node, tmp_path))
        result = performed(vault, story, PreparedStory(story, aliases))
    faults.close()
    assert result.failure is None
    assert len(vault.sent.outcomes) == vault.replica.counts.steps


@pytest.mark.slow
def test_a_story_survives_a_reorganisation_of_five_blocks(node: RpcClient, tmp_path: Path) -> None:
    place = placed(node, story_at(node, tmp_path))
    with mining(node, 0.1):
        vault = deployed_vault(node, place, "reorganised")
        aliases = ready(vault, story := story_at(node, tmp_path))
        player = vault.player(1, (), RunResult())
        seen = []

        def tick(steps: int) -> None:
            if steps in (9, 20):
                node.rpc("anvil_reorg", 5, [])
                seen.append(steps)

        drive(PreparedStory(story, aliases).as_story(), player, tick)
    assert player.result.failure is None
    assert len(seen) == 2 and vault.replica.counts.reorganisations >= 2
    deposits = [step for step in vault.sent.history if step.action == "deposit_cash" and step.sender == "alice"]
    assert states(vault)[deposits[0].args["account"]].image.principal is not None


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
        vault = deployed_vault(node, place, "changed")
        aliases = ready(vault, story := story_at(node, tmp_path))
        with pytest.raises(Diverged, match=r"trade by broker\): Traded\.maker_after\.quote"):
            performed(vault, story, PreparedStory(story, aliases))


def states(vault: DeployedVault) -> dict[Any, Any]:
    known = tuple(vault.replica.counts.accounts)
    return {state.account: state for state in vault.replica.model.snapshot(known).accounts}


def balance(vault: DeployedVault, person: str, token: str) -> int:
    [found] = held(vault.network.client, vault.bindings, [(person, token)]).values()
    return found
