"""Stories on a deployed vault, on an Anvil that mines by the clock, with others at work and endpoints that fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from testnet import SEPOLIA, funded, stand_in

from sim.codec import Names
from sim.compiler import compile_contracts
from sim.deploy import deploy_world
from sim.live.company import PAYER, Ground
from sim.live.fitting import Fitted, governors, rules
from sim.live.seeding import opening, people
from sim.live.venue import Place, Troupe, Venue
from sim.network.courier import Pace
from sim.network.wire import Wire
from sim.run import Result, drive
from sim.scenario import load
from sim.side import EXCHANGE, VAULT
from sim.speech import Speech
from sim.story import Story

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

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        wire.rpc("anvil_autoImpersonateAccount", True)

    def create(self, sender: str, code: str, gas: str) -> str | None:
        return str(self._sent({"from": sender, "data": code, "gas": gas})["contractAddress"])

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        assert self._sent({"from": sender, "to": to, "input": data, "gas": gas})["status"] == "0x1"

    def _sent(self, call: dict[str, str]) -> Any:
        self._wire.rpc("anvil_setBalance", call["from"], hex(10**20))
        return self._wire.rpc("eth_getTransactionReceipt", self._wire.rpc("eth_sendTransaction", call))


@pytest.fixture(scope="module")
def node() -> Iterator[Wire]:
    with stand_in() as wire:
        yield wire


def story_at(wire: Wire, tmp_path: Path) -> Story:
    path = tmp_path / "small.scenario.yaml"
    path.write_text(STORY)
    from datetime import UTC, datetime

    at = int(wire.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 1
    return load(str(path), overrides={"starts": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"})


def placed(wire: Wire, story: Story) -> Place:
    """The vault of a story, deployed and set up by the payer."""
    wire.rpc("evm_setIntervalMining", 0)
    wire.rpc("evm_setAutomine", True)
    payer, build, names = funded(wire, "payer"), compile_contracts(), Names()
    names.know(PAYER, payer.address)
    block = int(wire.rpc("eth_blockNumber"), 16)
    deploy_world(Direct(wire), build, replace(story.world, owner=PAYER), names)
    speech, ground = Speech(build, names), Direct(wire)
    aliases = dict.fromkeys(governors(story), PAYER)
    for step in rules(story)[1]:
        args = {name: aliases.get(str(value), value) for name, value in step.args.items()}
        call = speech.transaction(replace(step, sender=PAYER, args=args))
        ground.send(call["from"], call["to"], call["input"], call["gas"])
    wire.rpc("anvil_autoImpersonateAccount", False)
    wire.rpc("evm_setIntervalMining", 1)
    tokens = {spec.name: names.address(spec.name) for spec in story.world.tokens}
    return Place(names.address(VAULT), names.address(EXCHANGE), tokens, block)


def venue_of(wire: Wire, place: Place, cast: str, endpoint: Wire | None = None) -> Venue:
    ground = Ground(endpoint or wire, SEPOLIA, place.vault, pace=Pace(0.05, 5))
    return Venue(ground, place, Troupe(funded(wire, "payer"), cast, {}, 10**18))


def performed(venue: Venue, story: Story, fitted: Fitted) -> Result:
    player = venue.player(1, (), Result())
    drive(fitted.told(), player, lambda steps: None)
    return player.result


def ready(venue: Venue, story: Story) -> dict[str, str]:
    venue.meet(person for step in opening(story) for person in people(step))
    venue.replica.catch_up()
    return dict.fromkeys(governors(story), PAYER)


def test_a_story_is_played_on_a_deployed_vault(node: Wire, tmp_path: Path) -> None:
    place = placed(node, story_at(node, tmp_path))
    venue = venue_of(node, place, "first")
    aliases = ready(venue, story := story_at(node, tmp_path))
    result = performed(venue, story, Fitted(story, aliases))
    assert result.failure is None
    assert result.refusals == {"NotLiquidatable": 1, "UnderLiquidation": 1, "Overfilled": 1}
    assert result.actions["fill"] == 2 and result.compared == result.steps
    assert venue.company.give_back() > 0
