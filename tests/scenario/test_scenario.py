"""Scenarios: shipped ones play, and errors report file, line, field and the expected form."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from crossvault import scenario
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.portfolio import portfolio_file
from crossvault.scenario import load, preset, run_checks
from places import DATA, ROOT
from small_scenarios import ACTORS, HEAD, LINE, PRICES, play, problems, scenario_file

SHIPPED = ROOT / "sim" / "crossvault" / "scenarios"
BARS = """\
timestamp,venue,market,symbol,interval_s,open,high,low,close
1704067200,here,spot,ETHUSD,3600,200,205,190,201
"""

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a scenario and returns its path."""
    return partial(scenario_file, tmp_path)


@pytest.fixture
def data_or_skip(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Names the folder of market data to the story that reads it, and skips where there is none."""

    def prepare(name: str) -> None:
        if name == REAL:
            if not (DATA / "2020-03_black_thursday_1h.csv").is_file():
                pytest.skip("there is no folder of market data")
            monkeypatch.setenv("CROSSVAULT_DATA", str(DATA))

    return prepare


# shipped scenarios


REAL = "black-thursday-data"  # thousands of bars
SHORT = [name for name in scenario.names() if name != REAL]


@pytest.mark.parametrize("name", [*SHORT, pytest.param(REAL, marks=pytest.mark.slow)])
def test_every_shipped_scenario_plays(name: str, data_or_skip: Callable[[str], None]) -> None:
    data_or_skip(name)
    story = load(name)
    model, steps, counts = play(story)
    times = [step.at for step, _ in steps]
    assert times == sorted(times)
    assert times[0] == story.world.starts_at
    assert run_checks.conserved(model) is None
    assert abs(len(steps) - story.expected_steps) <= len(steps) // 4
    assert counts.refusals


def test_the_shipped_names() -> None:
    assert {"quickstart", "black-thursday", "first-liquidation", "bad-debt"} <= set(scenario.names())


def test_black_thursday_has_its_required_size() -> None:
    story = load("black-thursday")
    _, steps, counts = play(story)
    traders = {str(step.args["taker"]) for step, _ in steps if step.action == "trade"} - {"lin", "lou", "liv"}
    assert len(steps) >= 500
    assert len(traders) >= 20
    assert counts.insolvent and set(counts.liquidated) - set(counts.insolvent)
    assert {"WETH", "WBTC", "USDT"} == set(story.collaterals)


@pytest.mark.slow
def test_black_thursday_runs_from_real_bars(data_or_skip: Callable[[str], None]) -> None:
    data_or_skip(REAL)
    _, steps, counts = play(load(REAL))
    assert len(steps) >= 2_000
    assert counts.liquidated and counts.bids


KINDS = {"scenario": scenario.json_schema, "portfolio": portfolio_file.json_schema, "preset": preset.json_schema}


@pytest.mark.parametrize("kind", KINDS)
def test_shipped_files_point_editors_to_the_schema(kind: str) -> None:
    folder = SHIPPED.parent / f"{kind}s"
    files = list(folder.glob("*.yaml"))
    firsts = {path.read_text(encoding="utf8").splitlines()[0] for path in files}
    assert firsts == {f"# yaml-language-server: $schema=./{kind}.schema.json"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_current(kind: str) -> None:
    written = json.loads((SHIPPED.parent / f"{kind}s" / f"{kind}.schema.json").read_text(encoding="utf8"))
    assert written == json.loads(json.dumps(KINDS[kind]())), f"write `crossvault schema {kind}` there again"


def test_nothing_heavy_is_imported() -> None:
    program = "import sys, crossvault.scenario; print(*{'web3', 'pyarrow', 'numpy', 'ape'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# determinism


@pytest.mark.slow
def test_a_story_can_be_played_again() -> None:
    story = load("black-thursday")
    assert play(story)[1] == play(story)[1] == play(load("black-thursday"))[1]


@pytest.mark.slow
def test_a_seed_makes_another_story() -> None:
    one, other = load("black-thursday", seed=1), load("black-thursday", seed=2)
    assert one.hash != other.hash and (one.seed, other.seed) == (1, 2)
    plain = {"checks": "[conserved]", "steps": "[]"}
    assert play(load("black-thursday", 1, plain))[1] != play(load("black-thursday", 2, plain))[1]


def test_the_hash_covers_file_overrides_and_data(write: Write, tmp_path: Path) -> None:
    bars = tmp_path / "bars.csv"
    bars.write_text(BARS, encoding="utf8")
    path = write(HEAD + "prices: {ETH: {file: bars.csv, column: open}}\n")
    hashes = [load(path).hash, load(path, overrides={"about": "other"}).hash, load(path, seed=1).hash]
    bars.write_text(BARS.replace("201", "202"), encoding="utf8")
    hashes.append(load(path).hash)
    path = write(HEAD.replace("for a test", "other") + "prices: {ETH: {file: bars.csv, column: open}}\n")
    hashes.append(load(path).hash)
    assert len(set(hashes)) == 5
    assert load(path).hash == load(path).hash


# errors


def test_a_bare_decimal_is_an_error(write: Write) -> None:
    path = write(HEAD + PRICES + ACTORS + "steps:\n  - {do: deposit, account: alice, amount: 1.5}\n")
    assert problems(path) == [
        f":{LINE + 3}: steps[0].amount: 1.5 is a bare decimal number: "
        "quote it with its unit, such as '1.5 USDC' or '1.5 %'"
    ]


COMMA = "a comma inside { } or [ ] ends a value: quote the number, such as"


@pytest.mark.parametrize(
    ("old", "new", "where", "written"),
    [
        ("WETH: {", "WETH: {cap: 1,000,000 USD, ", ":10: world.collaterals.WETH.cap", "1,000,000 USD"),
        ("200 USD,", "2,000 USD,", f":{LINE}: prices.ETH.values[0]", "2,000 USD"),
    ],
)
def test_a_comma_inside_braces_is_named(write: Write, old: str, new: str, where: str, written: str) -> None:
    path = write((HEAD + PRICES).replace(old, new))
    assert problems(path) == [f"{where}: {COMMA} {written!r}"]


def test_a_comma_of_an_override_is_named(write: Write) -> None:
    path, text = write(HEAD + PRICES), "{ETH: {every: 1h, values: [2,000 USD]}}"
    assert problems(path, prices=text) == [f"--set prices={text}: prices.ETH.values[0]: {COMMA} '2,000 USD'"]


def test_several_problems_are_reported_at_once(write: Write) -> None:
    text = HEAD.replace("initial margin", "inital margin").replace("fast: 15m", "fast: soon")
    text += "actors:\n  alice: {kind: tradr}\n  bob: {deposits: [1,000 USDC]}\nsteps: [{do: deposite}]\nprices: []\n"
    found = problems(write(text))
    assert len(found) == 6
    assert found[0] == f":{LINE + 2}: actors.bob.deposits[0]: {COMMA} '1,000 USDC'"
    assert found[1].startswith(":6: world.auction.fast: 'soon' is not a duration: expected whole numbers with units")
    assert found[2].startswith(":8: world.underlyings.ETH.inital margin: unknown field: did you mean 'initial margin'?")
    assert found[3] == f":{LINE + 4}: prices: expected a mapping, got []"
    assert found[4].startswith(f":{LINE + 1}: actors.alice.kind: 'tradr': did you mean 'trader'?")
    assert found[5].startswith(f":{LINE + 3}: steps[0].do: 'deposite' is not a step: did you mean 'deposit'?")


@pytest.mark.parametrize(
    ("actor", "problem"),
    [
        ("deposits: ['1 USDT']", "deposits[0]: unknown name 'USDT': did you mean 'USDC'?"),
        ("deposits: ['-5 USDC']", "deposits[0]: '-5 USDC' is negative: expected an amount of zero or more"),
        ("deposits: ['0 USDC']", "deposits[0]: '0 USDC' is zero: expected more than zero"),
        ("deposits: ['0.0000001 USDC']", "deposits[0]: 0.0000001 USDC has 7 decimals: expected at most 6"),
        ("positions: {ETH-PREP: 1 ETH}", "positions.ETH-PREP: unknown name 'ETH-PREP': did you mean 'ETH-PERP'?"),
        ("positions: {ETH-PERP: 1 BTC}", "positions.ETH-PERP: '1 BTC' is in BTC: expected a size in ETH"),
        ("leverage: {ETH-PERP: 5 ETH}", "leverage.ETH-PERP: '5 ETH' is in ETH: expected x"),
        (
            "positions: {ETH-PERP: 1 ETH}, against: makr",
            "positions.ETH-PERP: unknown name 'makr': did you mean 'mak",
        ),
        ("taste: {chance: 5 %, cash: 5 WETH}", "taste.cash: '5 WETH': expected USDC"),
        ("taste: {chance: 101 %}", "taste.chance: 101 % is out of range: expected 0 % to 100 %"),
        ("rule: {most: 101 %}", "rule.most: 101 % is out of range: expected 0 % to 100 %"),
        ("depositss: []", "depositss: unknown field: did you mean 'deposits'?"),
    ],
)
def test_wrong_actors(write: Write, actor: str, problem: str) -> None:
    text = HEAD + PRICES + f"actors:\n  maker: {{kind: maker}}\n  zoe: {{{actor}}}\n"
    assert problems(write(text))[0].startswith(f":{LINE + 3}: actors.zoe.{problem}")


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("do: deposit, account: alise, amount: 1 USDC", ".account: unknown name 'alise': did you mean 'alice'?"),
        ("do: deposit, account: alice", ".amount: is missing"),
        ("account: alice", ": is missing 'do': expected a step"),
        (
            "do: deposit, account: alice, amount: 1 USDC, by: alcie",
            ".by: unknown name 'alcie': did you mean 'alice'?",
        ),
        ("do: trade, maker: maker, taker: alice, instrument: ETH-PERP, size: 1 BTC", ".size: '1 BTC' is in BTC"),
        ("do: publish, underlying: BTC, price: 5 USD", ".underlying: unknown name 'BTC'"),
        ("do: fund insurance, by: alice, amount: 1 WETH", ".amount: '1 WETH': the insurance fund holds USDC"),
        ("do: look, at: 1 o'clock", ".at: \"1 o'clock\" is not a time: expected '+2h' after the start, or a date"),
        ("do: look, at: '2023-12-31T00:00:00Z'", ".at: comes before the step above, or before the story starts"),
        ("do: look, expect: acepted", ".expect: 'acepted': did you mean 'accepted'?"),
        (
            "do: look, expect: {refused: StalePrices}",
            ".expect.refused: 'StalePrices' is not a refusal: did you mean 'StalePrice'?",
        ),
        (
            "do: look, expect: {refused: {StalePrice: {heartbeat: 1h}}}",
            ".expect.refused: StalePrice has no 'heartbeat': did you",
        ),
        ("do: look, expect: {refused: [StalePrice]}", ".expect.refused: ['StalePrice'] is not a refusal"),
        (
            "do: look, expect: {equty of alice: 1 USDC}",
            ".expect.equty of alice: 'equty of alice' is not a state value: did",
        ),
        (
            "do: look, expect: {equity of alice: 5 %}",
            ".expect.equity of alice: '5 %' is in %: expected one of: USDC, USD",
        ),
        (
            "do: look, expect: {equity of alise: 5 USDC}",
            ".expect.equity of alise: unknown name 'alise': did you mean",
        ),
        (
            "do: look, expect: {equity of alice: 5}",
            ".expect.equity of alice: 5 is a bare number: quote it with its unit",
        ),
    ],
)
def test_wrong_steps(write: Write, step: str, problem: str) -> None:
    text = HEAD + PRICES + ACTORS + f"steps:\n  - {{{step}}}\n"
    assert problems(write(text))[0].startswith(f":{LINE + 3}: steps[0]{problem}")


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        ("conservd", "checks[0]: 'conservd': did you mean 'conserved'?"),
        ("{liquidated: [carl]}", "checks[0].liquidated: unknown name 'carl'"),
        ("{steps: many}", "checks[0].steps: 'many' is not a count: expected something like 3 or '>= 3'"),
        ("{refusals: {Stale: 1}}", "checks[0].refused: 'Stale' is not a refusal: did you mean 'StalePrice'?"),
    ],
)
def test_wrong_checks(write: Write, check: str, problem: str) -> None:
    assert problems(write(HEAD + PRICES + ACTORS + f"checks:\n  - {check}\n"))[0].startswith(f":{LINE + 3}: {problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ":1: the file is empty"),
        ("[1]", ":1: the file: expected a mapping"),
        ("a: [", ":1: invalid YAML"),
        ("a: &a [*a]", ":1: a"),
        (HEAD + "name: again\n", f":{LINE}: name: appears twice"),
        (HEAD.replace("2024-01-01T00:00:00Z", "yesterday"), ":3: starts: 'yesterday' is not a time"),
        (
            HEAD.replace("decimals: 6", "decimals: 19"),
            ":5: world.quote.decimals: Input should be less than or equal to 18",
        ),
        (HEAD.replace("knee: 80 %", "knee: 99 %"), ":6: world.auction.knee: knee 99 % is above start 98 %: "),
        (
            HEAD.replace("underlying: ETH", "underlying: ETC"),
            ":10: world.collaterals.WETH.underlying: unknown name",
        ),
        (
            HEAD.replace("maintenance margin: 5 %", "maintenance margin: 11 %"),
            ":8: world.underlyings.ETH.initial margin: initial margin 10 %",
        ),
        (
            HEAD.replace("maintenance: 15 %", "maintenance: 21 %"),
            ":10: world.collaterals.WETH.haircut initial: haircut initial 20 % is",
        ),
        (HEAD + "actors: {vault: {}}", f":{LINE}: actors.vault: 'vault' is the name of a contract"),
        (HEAD.replace("USDC", "vault"), ":5: world.quote.name: 'vault' is the name of a contract"),
        (HEAD.replace("WETH", "exchange"), ":10: world.collaterals.exchange: 'exchange' is the name of a contract"),
        (
            HEAD.replace("  auction:", "  roles: {broker: WETH}\n  auction:"),
            ":6: world.roles.broker: 'WETH' is the name of a contract",
        ),
        (HEAD + "actors: {a/0: {}}", f":{LINE}: actors.a/0: is account a: write 'a'"),
        (HEAD + "actors: {5-a: {}}", f":{LINE}: actors.5-a: '5-a' is not a name"),
        (
            HEAD + "prices: {ETC: {at: {+0h: 5 USD}}}",
            f":{LINE}: prices.ETC: unknown name 'ETC': did you mean 'ETH'?",
        ),
        (
            HEAD + "prices: {ETH: {at: {+1h: 5 USD}}}",
            f":{LINE}: prices.ETH: expected a price at the start of the story",
        ),
        (HEAD + "prices: {ETH: {at: {+1h: 5 USD, +0h: 5 USD}}}", f":{LINE}: prices.ETH.at: '+0h' does not come after"),
        (HEAD + "prices: {ETH: {values: [5 USD]}}", f":{LINE}: prices.ETH: expected 'values' and 'every' together"),
        (HEAD + "prices: {ETH: {}}", f":{LINE}: prices.ETH: expected one of 'values', 'at', 'file', got none"),
        (HEAD + "prices: {ETH: {file: x.csv}}", f":{LINE}: prices.ETH: expected 'column: close'"),
        (HEAD + "prices: {ETH: {file: x.csv, column: close}}", f":{LINE}: prices.ETH.file: 'x.csv' was not found in"),
        (
            HEAD + "actors: {a: {positions: {ETH-PERP: 1 ETH}}}",
            f":{LINE}: actors.a.positions.ETH-PERP: there is no actor",
        ),
    ],
)
def test_wrong_files(write: Write, text: str, problem: str) -> None:
    assert problems(write(text))[0].startswith(problem)


def test_an_unknown_name_has_a_suggestion() -> None:
    assert problems("quickstrt")[0].startswith(": there is no such scenario: did you mean 'quickstart'?")
    assert problems("nowhere.yaml") == [": there is no such file"]


# overrides


def test_overrides_replace_fields() -> None:
    story = load("quickstart", overrides={"world.underlyings.ETH.initial margin": "20 %"})
    listed = next(step for step in play_until_wrong(story) if step.action == "list_underlying")
    assert listed.args["risk"].initial_rate == 2 * 10**17
    assert story.hash != load("quickstart").hash


def test_an_override_may_name_an_expiry() -> None:
    path = "world.underlyings.ETH.expiries.20240628.basis"
    story = load("calendar-spread", overrides={path: "60 USD"})
    far = [step.args["forward_wad"] for step in play_until_wrong(story) if step.action == "publish_forward"]
    assert far[1] == 2_060 * 10**18


def play_until_wrong(story: Story) -> list[Step]:
    steps: list[Step] = []
    model = Model(story.world)
    with pytest.raises(ExpectationFailed):
        for step, _ in driven(story.steps(model), model.apply):
            steps.append(step)
    return steps


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("world.underlyings.ETT.heartbeat", "2h", "world.underlyings: unknown name 'ETT': did you mean 'ETH'?"),
        (
            "world.underlyings.ETH.initial margn",
            "2 %",
            "world.underlyings.ETH.initial margn: unknown field: did you mean",
        ),
        ("world.underlyings.ETH.initial margin", "0.2", "world.underlyings.ETH.initial margin: 0.2 is a bare decimal"),
        ("steps.99.amount", "5 USDC", "steps: unknown name '99'"),
        ("seed", "soon", "seed: expected a whole number, got 'soon'"),
    ],
)
def test_wrong_overrides(path: str, text: str, problem: str) -> None:
    found = problems("quickstart", **{path: text})
    assert found[0].startswith(f"--set {path}={text}: {problem}")
