"""Small scenarios for tests, played on the model alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.scenario import ScenarioError, load
from crossvault.scenario.run_checks import RunCounts

HEAD = """\
name: story
about: for a test
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 15 %, start: 98 %, knee: 80 %, fast: 15m, slow: 4h, insolvent: 30m}
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
  collaterals:
    WETH: {decimals: 18, underlying: ETH, haircut initial: 20 %, haircut maintenance: 15 %}
"""
PRICES = "prices: {ETH: {every: 1h, values: [200 USD, 220 USD]}}\n"
ACTORS = "actors: {maker: {kind: maker, deposits: ['9,000 USDC']}, alice: {deposits: [500 USDC]}}\n"
LINE = HEAD.count("\n") + 1
START = 1_704_067_200  # date -u -d 2024-01-01 +%s


def scenario_file(folder: Path, text: str) -> str:
    """Writes a scenario and returns its path."""
    path = folder / "story.yaml"
    path.write_text(text, encoding="utf8")
    return str(path)


def play(story: Story) -> tuple[Model, list[tuple[Step, Outcome]], RunCounts]:
    """Plays a story on the model alone."""
    model, done, counts = Model(story.world), [], RunCounts()
    for step, outcome in driven(story.steps(model), model.apply):
        done.append((step, outcome))
        counts.note(step, outcome)
    return model, done, counts


def problems(path: str, **overrides: str) -> list[str]:
    """The problems that loading a scenario reports, without its path."""
    with pytest.raises(ScenarioError) as wrong:
        load(path, overrides=overrides)
    return [line.removeprefix(path) for line in str(wrong.value).splitlines()]
