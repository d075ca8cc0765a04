"""An agent of the user acts in a story; whatever is wrong with it is named with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import start
from crossvault.agents.own_agent import GROUP
from crossvault.differential.ending import USAGE
from crossvault.differential.own_code import OwnCodeError
from crossvault.scenario import json_schema, load
from own_modules import distribution, own_module
from small_scenarios import HEAD, play, problems, scenario_file

DIP = """\
from crossvault.agents.own_agent import Agent
from crossvault.scenario.quantity import wad

class Dip(Agent):
    def __init__(self, below: str, size: str = "1") -> None:
        self.below_wad, self.size_wad = wad(below), wad(size)

    def steps(self, market):
        held_wad = market.size_wad(self.account, "ETH-PERP")
        if market.index_wad("ETH") < self.below_wad and held_wad == 0:
            outcome = yield market.trade("ETH-PERP", self.size_wad)
            assert outcome.refusal is None
        elif held_wad and market.index_wad("ETH") >= self.below_wad:
            yield market.trade("ETH-PERP", -held_wad)
"""
PRICES = "prices: {ETH: {every: 1h, values: [200 USD, 190 USD, 210 USD, 180 USD]}}\n"
LINE = HEAD.count("\n") + 5  # of the actor


def story(kind: str, settings: str = "{}") -> str:
    """A story with an agent of a kind."""
    actor = f'  dip: {{kind: "{kind}", deposits: ["1,000 USDC"], settings: {settings}}}\n'
    return HEAD + PRICES + "actors:\n  maker: {kind: maker, deposits: ['9,000 USDC']}\n\n" + actor


def acting(folder: Path, body: str) -> str:
    """A story with an agent whose `steps` has a body."""
    module = own_module(
        folder, f"from crossvault.differential import doors\nclass Odd:\n    def steps(self, market):\n{body}"
    )
    return scenario_file(folder, story(f"{module}:Odd"))


def test_an_agent_of_the_user_buys_the_dip_and_sells_the_rise(tmp_path: Path) -> None:
    module = own_module(tmp_path, DIP)
    loaded = load(scenario_file(tmp_path, story(f"{module}:Dip", '{below: "195", size: "2"}')))
    _, done, _ = play(loaded)
    trades = [(step.at - done[0][0].at, step.sender, step.args["size"]) for step, _ in done if step.action == "trade"]
    assert trades == [(3600, "broker", 2 * 10**18), (7200, "broker", -2 * 10**18), (10800, "broker", 2 * 10**18)]
    assert [step for step, _ in play(loaded)[1]] == [step for step, _ in done]  # each play has an agent of its own


def test_the_hash_of_a_story_covers_the_code_of_its_agents(tmp_path: Path) -> None:
    module = own_module(tmp_path, DIP)
    text = story(f"{module}:Dip", '{below: "195"}')
    first = load(scenario_file(tmp_path, text)).hash
    (tmp_path / f"{module}.py").write_text(DIP + "\n")
    assert load(scenario_file(tmp_path, text)).hash != first


@pytest.mark.parametrize(
    ("kind", "settings", "problem"),
    [
        ("traider", "{}", "'traider': did you mean 'trader'?"),
        ("no_such_module_here:Dip", "{}", "no_such_module_here: there is no such module in "),
        ("MODULE:Dop", "{}", "no 'Dop': did you mean 'Dip'?"),
        ("MODULE:wad", "{}", "expected a class of cv.Agent with a method `steps`"),
        ("MODULE:Dip", '{belov: "1"}', "MODULE.py:4: MODULE:Dip: no setting 'belov': did you mean 'below'?"),
        ("MODULE:Dip", "{}", "MODULE.py:4: MODULE:Dip: the setting 'below' is missing"),
        ("MODULE:Dip", "{below: x}", "MODULE.py:6: MODULE:Dip: raises ValueError: 'x' is not a number"),
        ("trader", "{size: 1}", "are for an agent of your own: expected 'kind: module:Class', not 'trader'"),
    ],
)
def test_what_is_wrong_with_an_agent_is_a_problem_of_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, settings: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    module = own_module(tmp_path, DIP)
    [found] = problems(scenario_file(tmp_path, story(kind.replace("MODULE", module), settings)))
    assert found.startswith(f":{LINE}: actors.dip") and problem.replace("MODULE", module) in found


def test_a_module_that_does_not_load_is_named_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text, problem in (("\nx = = 1", ":2: {}:A: raises SyntaxError"), ("\n\nboom", ":3: {}:A: raises NameError")):
        module = own_module(tmp_path, text)
        [found] = problems(scenario_file(tmp_path, story(f"{module}:A")))
        assert f"{module}.py{problem.format(module)}" in found


def test_a_module_with_the_name_of_another_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text(DIP)
    [found] = problems(scenario_file(tmp_path, story("random:Dip")))
    assert "random: is the name of a module of" in found and "expected another" in found


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("        yield 5\n", ":4: MODULE:Odd: yields 5: expected a step"),
        ("        return None\n", ":3: MODULE:Odd: steps returns None: expected steps"),
        ("        return [5]\n", ":3: MODULE:Odd: yields 5"),
        ("        yield market.trade('ETH-PREP', 1)\n", ":4: MODULE:Odd: raises ValueError: 'ETH-PREP' is not an"),
        (
            "        yield market.trade('ETH-PERP', 1.5)\n",
            ":4: MODULE:Odd: trade: size: 1.5 is a float: expected a whole",
        ),
        ("        yield market.trade('ETH-PERP', 10**90)\n", ":4: MODULE:Odd: trade: size: 1000"),
        (
            "        yield doors.start_liquidation(market.at, 'a', account='alice')\n",
            ":4: MODULE:Odd: start_liquidation: account: 'alice' is text: expected cv.account('alice')",
        ),
        (
            "        yield doors.mint(market.at, 'a', token='USDX', to='a', amount_raw=1)\n",
            ":4: MODULE:Odd: mint: token: no token 'USDX': did you mean 'USDC'?",
        ),
        (
            "        yield doors.unpause(market.at + 1, 'governor')\n",
            ":4: MODULE:Odd: unpause: at: 1704070801: expected the time of the market, 1704070800",
        ),
        ("        yield doors.unpause(market.at, 7)\n", ":4: MODULE:Odd: unpause: sender: 7: expected the name"),
        ("        return market.size_wad('a', 'ETH-PERP') / 0\n", ":4: MODULE:Odd: raises ZeroDivisionError"),
        ("        yield market.deposit(-5)\n", ":4: MODULE:Odd: deposit_cash: amount_raw: -5 is negative"),
        (
            "        while True:\n            yield doors.unpause(market.at, 'governor')\n",
            ":3: MODULE:Odd: steps yields more than 10,000 steps at one moment, 1704070800",
        ),
        ("        raise SystemExit(1)\n", ":4: MODULE:Odd: raises SystemExit: 1"),
    ],
)
def test_what_an_agent_does_wrong_is_named_with_its_line(tmp_path: Path, body: str, problem: str) -> None:
    path = acting(tmp_path, body)
    module = Path(path).read_text().partition('kind: "')[2].partition(":")[0]
    with pytest.raises(OwnCodeError) as wrong:
        play(load(path))
    assert f"{module}.py{problem.replace('MODULE', module)}" in str(wrong.value)


PROCESS = """\
import crossvault as cv

class Walk(cv.Agent):
    def steps(self, market):
        price_wad = market.index_wad("ETH") * self.random.choice((99, 101)) // 100
        outcome = yield cv.doors.publish_price(
            market.at, "feeder", underlying=0, index_wad=price_wad, premium_wad=0, confidence_wad=cv.wad("1"),
            published_at=market.at)
        assert outcome.refusal is None
"""


def test_an_agent_is_a_price_process_by_the_seed_of_the_story(tmp_path: Path) -> None:
    module = own_module(tmp_path, PROCESS)
    text = story(f"{module}:Walk").replace(PRICES, "prices: {ETH: {at: {+0h: 200 USD}}}\nends: +9h\nlooks: 1h\n")
    path = scenario_file(tmp_path, text)

    def prices(seed: int) -> list[int]:
        return [step.args["index_wad"] for step, _ in play(load(path, seed))[1] if step.action == "publish_price"]

    assert len(prices(1)) == 10 and prices(1) == prices(1)
    assert len({tuple(prices(seed)) for seed in range(6)}) > 1


def test_an_installed_package_offers_a_kind_of_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = own_module(tmp_path, DIP)
    distribution(tmp_path, GROUP, dip=f"{module}:Dip")
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "stories"
    folder.mkdir()
    _, done, _ = play(load(scenario_file(folder, story("dip", '{below: "195"}'))))
    assert sum(step.action == "trade" for step, _ in done) == 3
    assert "dip" in json_schema()["$defs"]["ActorPart"]["properties"]["kind"]["anyOf"][0]["enum"]
    [found] = problems(scenario_file(folder, story("dop")))
    assert "'dop': did you mean 'dip'?" in found


@pytest.mark.slow
def test_a_run_with_a_failing_agent_is_bad_input_and_keeps_its_record(tmp_path: Path) -> None:
    path = acting(
        tmp_path, "        if market.index_wad('ETH') < 19 * 10**19:\n            yield 5\n        return []\n"
    )
    text = Path(path).read_text().replace("values: [200 USD", "values: [200 USD, 188 USD")
    Path(path).write_text(text)
    done = start("run", path, "--record", "r.jsonl", "--json", folder=tmp_path)
    assert done.returncode == USAGE and ".py:5: " in done.stdout and "without a difference" in done.stdout
    assert start("replay", "r.jsonl", folder=tmp_path).returncode in (0, USAGE)
