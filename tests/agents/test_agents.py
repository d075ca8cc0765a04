"""Agents act on the model's state alone, and the same way for the same seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossvault.agents import AgentKind
from crossvault.agents.agent_kinds import AGENTS
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.scenario import json_schema, load
from small_scenarios import play, scenario_file
from sourcefiles import PACKAGE

HEAD = """\
name: agents
about: a crash in front of a liquidator
seed: 5
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 25 %, start: 100 %, knee: 50 %, fast: 20m, slow: 2h, insolvent: 20m}
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
insurance: 500 USDC
"""
ACTORS = """\
actors:
  maker: {kind: maker, deposits: ["50,000 USDC"]}
  alice: {deposits: ["1,000 USDC"], positions: {ETH-PERP: 40 ETH}}
"""

Played = list[tuple[Step, Outcome]]


def played(tmp_path: Path, text: str, seed: int | None = None) -> tuple[Model, Played]:
    """The steps of a story with their outcomes."""
    model, done, _ = play(load(scenario_file(tmp_path, HEAD + text), seed))
    return model, done


def by(done: Played, *actions: str) -> list[tuple[int, str, str]]:
    start = done[0][0].at
    return [(step.at - start, step.sender, step.action) for step, _ in done if step.action in actions]


AUCTION = ("start_liquidation", "bid", "end_liquidation", "declare_insolvent")


def test_a_liquidator_waits_for_its_discount(tmp_path: Path) -> None:
    text = "prices: {ETH: {every: 1h, values: [200 USD, 180 USD]}}\nends: +2h\nlooks: 5m\n" + ACTORS
    text += "  lin: {kind: liquidator, deposits: ['5,000 USDC'], rule: {discount: 75 %}}\n"
    text += "checks: [conserved, {liquidated: [alice]}, {size of alice in ETH-PERP: '~ 15 ETH'}]\n"
    _, done = played(tmp_path, text)
    # from 100 % to 50 % in 20 minutes: 75 % after ten; then at most 62.5 % is sold, and lin sells it on
    assert by(done, *AUCTION) == [(3600, "lin", "start_liquidation"), (4200, "lin", "bid")]
    assert done[-1][0].action == "trade" or done[-2][0].action == "trade"


def test_a_liquidator_takes_what_its_margin_carries(tmp_path: Path) -> None:
    text = "prices: {ETH: {every: 1h, values: [200 USD, 180 USD]}}\nends: +70m\nlooks: 5m\n" + ACTORS
    text += "  lin: {kind: liquidator, deposits: ['200 USDC'], rule: {discount: 75 %, unload: false}}\n"
    _, done = played(tmp_path, text)
    bids = [(step, outcome) for step, outcome in done if step.action == "bid"]
    assert len(bids) == 1 and bids[0][1].refusal is None
    assert bids[0][0].args["fraction_wad"] < 625 * 10**15


def test_a_liquidator_is_paid_for_bad_debt_by_the_fund(tmp_path: Path) -> None:
    text = "prices: {ETH: {every: 1h, values: [200 USD, 170 USD]}}\nends: +2h\nlooks: 5m\n" + ACTORS
    text += "  lin: {kind: liquidator, deposits: ['5,000 USDC'], rule: {reward: 25 %}}\n"
    text += "checks: [conserved, solvent, {insolvent: [alice]}, {insurance: 215 USDC}, {equity of alice: 0 USDC}]\n"
    _, done = played(tmp_path, text)
    # the reward rises to the requirement of 340 in 20 minutes: 25 % of it, 85, after five; the fund pays 200 + 85
    assert by(done, *AUCTION) == [(3600, "lin", "start_liquidation"), (3900, "lin", "bid")]


def test_a_liquidator_leaves_what_the_fund_cannot_pay(tmp_path: Path) -> None:
    text = "prices: {ETH: {every: 1h, values: [200 USD, 150 USD]}}\nends: +2h\nlooks: 5m\n" + ACTORS
    text += "  lin: {kind: liquidator, deposits: ['5,000 USDC']}\nchecks: [conserved]\n"
    model, done = played(tmp_path, text)
    assert not [outcome.refusal for step, outcome in done if step.action == "bid" and outcome.refusal]
    assert model.vault.ledger.cash.insurance_wad < 10**18


def test_no_liquidator_acts_on_stale_prices(tmp_path: Path) -> None:
    text = "prices: {ETH: {at: {+0h: 200 USD, +1h: 180 USD}, lag: 119m}}\nends: +3h\nlooks: 30m\n"
    text += ACTORS.replace("1,000 USDC", "850 USDC") + "  lin: {kind: liquidator, deposits: ['5,000 USDC']}\n"
    _, done = played(tmp_path, text)
    assert by(done, *AUCTION) == [(3600, "lin", "start_liquidation")]  # fresh for one minute, and never again


TRADERS = """\
prices: {ETH: {every: 1h, values: [200 USD, 205 USD, 195 USD, 190 USD, 200 USD]}}
looks: 5m
actors:
  maker: {kind: maker, deposits: ["50,000 USDC"]}
  tom: {deposits: ["900 USDC"], wallet: ["300 USDC"], taste: {chance: 80 %, size: {ETH-PERP: 30 ETH}, cash: 700 USDC}}
  tim: {deposits: ["900 USDC"], taste: {chance: 0 %, size: {ETH-PERP: 30 ETH}, cash: 700 USDC}}
checks: [conserved]
"""


def test_a_trader_does_everything_now_and_then(tmp_path: Path) -> None:
    _, done = played(tmp_path, TRADERS)
    acts = [(step, outcome) for step, outcome in done if step.at > done[0][0].at and step.action != "publish_price"]
    assert {step.action for step, _ in acts} == {"trade", "withdraw_cash", "deposit_cash"}
    assert {outcome.refusal.name for _, outcome in acts if outcome.refusal} >= {"InsufficientMargin"}
    assert any(step.args["size"] < 0 for step, _ in acts if step.action == "trade")
    assert not [step for step, _ in acts if "tim" in map(str, step.accounts())]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_is_the_same_story(tmp_path: Path, seed: int) -> None:
    assert played(tmp_path, TRADERS, seed)[1] == played(tmp_path, TRADERS, seed)[1]
    assert played(tmp_path, TRADERS, seed)[1] != played(tmp_path, TRADERS, seed + 1)[1]


@pytest.mark.parametrize(("expiry", "left"), [("20240101T030000", "0 ETH"), ("20240101T013500", "-20 ETH")])
def test_a_liquidator_sells_options_on_unless_they_have_ended(tmp_path: Path, expiry: str, left: str) -> None:
    # 20 puts on 200 are worth 60 each at 140, 1,200 against 1,100. The reward grows in two hours to 1 % of 140 for
    # each, 28, and lin waits for 1 % of what is required, 12.28; what has ended by then cannot be sold on
    options = "heartbeat: 2h, trade band: 50 %, max spot rate: 15 %, min spot rate: 10 %, call rate: 1 %, put rate: 1 %"
    dated = f"5 %, options: {{{options}}}, expiries: {{{expiry}: {{surface: 20 %}}}}}}"
    text = "prices: {ETH: {at: {+0h: 200 USD, +1h: 140 USD}}}\nlooks: 5m\nends: +2h\n" + ACTORS.split("  alice")[0]
    text += f"""\
  alice: {{deposits: ["1,000 USDC"]}}
  lin: {{kind: liquidator, deposits: ["5,000 USDC"], rule: {{reward: 1 %}}}}
steps:
  - {{do: trade, maker: maker, taker: alice, instrument: ETH-{expiry}-200-P, size: -20 ETH, price: 5 USD}}
checks: [conserved, {{insolvent: [alice]}}, {{size of lin in ETH-{expiry}-200-P: {left}}}]
"""
    _, done, counts = play(
        load(scenario_file(tmp_path, HEAD.replace("5 %}", dated).replace("insolvent: 20m", "insolvent: 2h") + text))
    )
    assert not counts.refusals and any(step.action == "bid" for step, _ in done)


@pytest.mark.parametrize("kind", AGENTS, ids=lambda kind: kind.key)
def test_the_settings_of_every_agent_are_a_part_of_an_actor(kind: AgentKind) -> None:
    definitions = json_schema()["$defs"]
    assert kind.key in definitions["ActorPart"]["properties"]
    assert list(definitions[kind.schema[0]]["properties"]) == [each.key for each in kind.settings]
    assert kind.role is None or kind.role in definitions["ActorPart"]["properties"]["kind"]["anyOf"][0]["enum"]


def test_every_agent_of_the_room_has_a_row() -> None:
    files = {path.stem for path in (PACKAGE / "agents").glob("*.py")} - {"__init__", "agent_kinds", "own_agent"}
    assert {kind.make.__module__.rpartition(".")[2] for kind in AGENTS} == files
    assert len({kind.key for kind in AGENTS}) == len({kind.stream for kind in AGENTS}) == len(AGENTS)
