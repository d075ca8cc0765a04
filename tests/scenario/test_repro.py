"""Repro files: they name their finding, are read as written, and fail once the story no longer leads to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from crossvault.differential import doors
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.inprocess_run import run_in_process
from crossvault.lockstep.run import ArgumentTooWide
from crossvault.mirror.authority_errors import NotFeeder
from crossvault.scenario import ExpectationFailed, ScenarioError, load
from crossvault.scenario.repro import Repro, text
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk
from places import TESTS

KEPT = sorted((TESTS / "repros").glob("*.repro.yaml"))

TEXT = """\
name: prices
about: A price is published twice.
found: {step: 3, field: PricePublished.track, chain: '0', model: '1'}
starts: 2024-01-01T00:00:00Z
world:
  quote: USDC
  owner: governor
  tokens: {USDC: {decimals: 6}}
  auction: {start wad: 1e18, knee wad: 1e18, fast secs: 1, slow secs: 1, insolvent secs: 1}
  underlyings: [ETH]
steps:
  - {at: +0s, by: governor, do: list underlying, name: ETH, risk: RISK}
  - {at: +0s, by: governor, do: set feeder, feeder: governor, allowed: true}
  - {at: +5s, by: governor, do: publish price, underlying: ETH, index wad: 2000e18, premium wad: -3,
     confidence wad: 0, published at: +4s}
""".replace("RISK", "{heartbeat secs: 60, initial rate: 1e17, maintenance rate: 5e16, skew scale: 1}")


def written(folder: Path, content: str) -> str:
    path = folder / "prices.repro.yaml"
    path.write_text(content, encoding="utf8")
    return str(path)


def played(story: Story) -> tuple[list[Step], list[Outcome]]:
    """Steps of a story and their outcomes in the model."""
    model = Model(story.world)
    found = list(driven(story.steps(model), model.apply))
    return [step for step, _ in found], [outcome for _, outcome in found]


def problems(folder: Path, old: str, new: str) -> Sequence[str]:
    assert old in TEXT
    with pytest.raises(ScenarioError) as wrong:
        load(written(folder, TEXT.replace(old, new)))
    return str(wrong.value).splitlines()


def test_numbers_times_and_names_are_parsed(tmp_path: Path) -> None:
    story = load(written(tmp_path, TEXT))
    steps, outcomes = played(story)
    start = 1_704_067_200  # date -u -d 2024-01-01 +%s
    assert steps[2] == doors.publish_price(
        start + 5,
        "governor",
        underlying=0,
        index_wad=2_000 * 10**18,
        premium_wad=-3,
        confidence_wad=0,
        published_at=start + 4,
    )
    assert steps[0].args["risk"].initial_rate == 10**17 and steps[0].args["risk"].base_rate == 0
    assert all(outcome.refusal is None for outcome in outcomes)
    assert story.finding == "step 3: PricePublished.track was 0 on the chain, 1 in the model"
    assert (story.world.starts_at, story.world.delay_secs, story.world.quote) == (start, 0, "USDC")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_every_step_of_a_walk_is_written_and_read_without_change(seed: int, tmp_path: Path) -> None:
    walk = Walk(seed, 400).story()
    steps, outcomes = played(walk)
    refusals = tuple(outcome.refusal.name if outcome.refusal else "" for outcome in outcomes)
    found = {"step": len(steps), "field": "globals.x", "chain": "1", "model": "2", "contracts": "ab", "seed": seed}
    kept = Repro("walk", "About.", found, walk.world, walk.underlyings, walk.collaterals, tuple(steps), refusals)
    story = load(written(tmp_path, text(kept)))
    assert any(refusals) and story.world == walk.world and story.seed == seed
    assert played(story)[0] == steps


def test_signed_orders_are_written_and_read_without_change(tmp_path: Path) -> None:
    """What was not written before there were epochs and versions has its default; another value is kept, 0 too."""
    walk = OrderWalk(1, 0).story()
    steps, outcomes = played(walk)
    [pair] = steps[-1].args["matches"]
    odd = pair._replace(taker=pair.taker._replace(epoch=1), taker_signature=pair.taker_signature._replace(version=0))
    steps[-1] = doors.fill(steps[-1].at, "relayer", matches=(odd,))
    refusals = tuple(outcome.refusal.name if outcome.refusal else "" for outcome in outcomes)
    found = {"step": len(steps), "field": "globals.x", "chain": "1", "model": "2", "contracts": "ab", "seed": 1}
    kept = Repro("walk", "About.", found, walk.world, walk.underlyings, (), tuple(steps), refusals)
    file = text(kept)
    assert "version: 1" in file and "version: 0" in file and "version: 2" not in file and "epoch: 1" in file
    assert played(load(written(tmp_path, file)))[0] == steps


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name.partition(".")[0])
def test_stored_repros_are_written_as_they_are_read(path: Path) -> None:
    story = load(str(path))
    steps, outcomes = played(story)
    assert len(steps) > 1 and "was" in story.finding
    assert all(outcome.refusal is None for outcome in outcomes[:-1]), "a refused step leads to nothing"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("do: set feeder", "do: set feder", ":13: steps[1].do: no action 'set feder'; did you mean 'set feeder'?"),
        ("feeder: governor,", "feedr: governor,", ":13: steps[1].feedr: unknown field: did you mean 'feeder'? "),
        ("premium wad: -3", "premium wad: -3.5", "-3.5 is a bare decimal number"),
        ("premium wad: -3", "premium wad: much", ":14: steps[2].premium wad: 'much' is no whole number: expected such"),
        ("confidence wad: 0, ", "", ":14: steps[2].confidence wad: is missing, and there is no default"),
        ("underlying: ETH,", "underlying: ETC,", ":14: steps[2]"),
        ("at: +5s, ", "", ":14: steps[2].at: is missing"),
        ("at: +5s", "at: soon", ":14: steps[2].at: 'soon'"),
        ("heartbeat secs: 60", "heartbeet secs: 60", ":12: steps[0].risk.heartbeet secs: unknown field: did you mean"),
        ("fast secs: 1,", "quick secs: 1,", ":9: world.auction.quick secs: unknown field"),
        ("quote: USDC", "quote: USDT", ":6: world.quote: 'USDT': did you mean 'USDC'?"),
        ("found: {step: 3, ", "found: {", ":3: found.step: is missing"),
        ("owner: governor\n", "owner: governor\n  onwer: x\n", ":8: world.onwer: unknown field: did you mean 'owner'?"),
    ],
)
def test_errors_name_file_line_and_field(old: str, new: str, expected: str, tmp_path: Path) -> None:
    found = problems(tmp_path, old, new)
    assert any(expected in line for line in found), found
    assert all("prices.repro.yaml:" in line for line in found), found


def test_a_repro_that_no_longer_leads_to_its_finding_fails(tmp_path: Path) -> None:
    gone = TEXT.replace("do: set feeder, feeder: governor, allowed: true", "do: pause").replace(
        "  - {at: +5s", "  - {at: +0s, by: stranger, do: set guardian, to: stranger}\n  - {at: +5s"
    )
    with pytest.raises(
        ExpectationFailed, match=r"prices.repro.yaml:14: steps\[2\].expect: expected accepted, came Not"
    ):
        played(load(written(tmp_path, gone)))


def test_a_refusal_before_the_last_step_is_expected_by_name_and_the_last_step_may_do_anything(tmp_path: Path) -> None:
    refused = "  - {at: +0s, by: stranger, do: pause, expect: {refused: NAME}}\n"
    made = TEXT.replace("  - {at: +0s, by: governor, do: set feeder, feeder: governor, allowed: true}\n", refused)
    _, outcomes = played(load(written(tmp_path, made.replace("NAME", "NotGuardian"))))
    assert isinstance(outcomes[-1].refusal, NotFeeder), "the last step is compared, not expected"
    with pytest.raises(ExpectationFailed, match="expected refused: VaultPaused"):
        played(load(written(tmp_path, made.replace("NAME", "VaultPaused"))))


def test_a_repro_names_a_vault_that_is_not_ours(tmp_path: Path) -> None:
    vault = "{contract: PerpVault, adapter: own.adapter.yaml, clause: a deposit is cash}"
    content = TEXT.replace("model: '1'}", f"model: '1', vault: {vault}}}")
    assert load(written(tmp_path, content)).finding.endswith("was 0 in the vault, 1 in the model")
    assert load(written(tmp_path, TEXT)).finding.endswith("was 0 on the chain, 1 in the model")
    with pytest.raises(ScenarioError, match=r"found\.vault\.claus: unknown field"):
        load(written(tmp_path, content.replace("clause:", "claus:")))


def test_an_argument_that_its_type_cannot_hold_is_named_with_file_line_and_field(tmp_path: Path) -> None:
    """A defect of the model let it pass: it holds integers of any size."""
    whole = (TESTS / "repros" / "fill-overwritten.repro.yaml").read_text(encoding="utf8")
    path = tmp_path / "wide.repro.yaml"
    path.write_text(whole.replace("initial rate: 1,", "initial rate: 99e30,"), encoding="utf8")
    played = load(str(path))
    with pytest.raises(ArgumentTooWide) as wrong:
        run_in_process(played, Model(played.world), InProcessChain(played.world))
    [problem] = wrong.value.problems
    assert (problem.file, problem.field) == (str(path), "steps[0].risk.initial rate")
    assert problem.line == 1 + path.read_text().splitlines().index(
        "    risk: {heartbeat secs: 1, initial rate: 99e30, maintenance rate: 1, skew scale: 1}"
    )
    assert str(wrong.value) == f"{path}:{problem.line}: {problem.field}: {99 * 10**30} does not fit uint64"
