"""A bid for less than the largest part that restores an account all the same, by a size term or a cap of collateral.

On both sides, in both margin modes; the figures are arithmetic on paper. An account that is sold at its value keeps its
equity E. Were all else in proportion, the largest part alone would restore BM. A rate that falls with the size, or a
credit that stays at its cap, does so before. In standard mode the bid ends the auction. In portfolio mode no third
requirement is computed: the next bid is refused, and `endLiquidation` ends the auction.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from crossvault.differential.model import Model
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.inprocess_run import run_in_process
from crossvault.scenario import load
from small_scenarios import scenario_file

WORLD = """\
name: smaller-part
about: A part below the largest one restores an account.
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 10 %, start: 100 %, knee: 80 %, fast: 15m, slow: 4h, insolvent: 30m}
  margin rules: paradex
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 2 %, maintenance margin: 1 %,
          impact rate: 20 %, maintenance scale: 50 %, skew scale: 100 ETH}
    BTC: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
  collaterals:
    WBTC: {decimals: 8, underlying: BTC, haircut initial: 0 %, haircut maintenance: 0 %, cap: "10,000 USD"}
prices:
"""

STEPS = """\
steps:
  - {do: set mode, account: ann, mode: MODE}
  - at: +1h
    do: start liquidation
    account: ann
    expect: {equity of ann: "EQUITY USDC", maintenance requirement of ann: "BEFORE USDC"}
  - do: bid
    account: ann
    bidder: lin
    fraction: PART %
    limit: "COST USDC"
    expect: {equity of ann: "EQUITY USDC", maintenance requirement of ann: "AFTER USDC"}
"""

# 100 ETH at 1,000 with 20,000 of cash: the size term is 20 % at initial and half of that at maintenance. At 880 the
# equity is 8,000, the requirement 8,800, BM = -800 - 8,800 / 10, the largest part 1,680 / 9,680 = 17.36 %. A part of
# 10 % costs 800 and leaves 90 ETH, whose rate is 9 %: 7,128 of requirement, BM = 872 - 7,128 / 10.
SIZE_TERM = """\
  ETH: {at: {+0h: "1,000 USD", +1h: 880 USD}}
  BTC: {at: {+0h: "10,000 USD"}}
actors:
  maker: {kind: maker, deposits: ["500,000 USDC"]}
  ann: {deposits: ["20,000 USDC"], positions: {ETH-PERP: 100 ETH}}
  lin: {deposits: ["500,000 USDC"]}
"""

# 2 WBTC, of whose 20,000 USD 10,000 are credited, and a short of 10 BTC. At 11,000 the loss is 10,000, the equity
# 12,000, the margin balance 0, the requirement 5,500, BM = -5,500 - 17,500 / 10, the largest part 7,250 / 19,250 =
# 37.66 %. A part of 30 % costs 3,600 and leaves 1.4 WBTC, still 10,000 of credit, and 7 BTC: the margin balance is
# 10,000 - 7,000 + 3,600, the requirement 3,850, BM = 2,750 - (12,000 - 2,750) / 10.
CAP = """\
  ETH: {at: {+0h: "1,000 USD"}}
  BTC: {at: {+0h: "10,000 USD", +1h: "11,000 USD"}}
actors:
  maker: {kind: maker, deposits: ["500,000 USDC"]}
  ann: {deposits: [2 WBTC], positions: {BTC-PERP: -10 BTC}}
  lin: {deposits: ["500,000 USDC"]}
"""

OF_SIZE_TERM = {"EQUITY": "8,000", "BEFORE": "8,800", "PART": "10", "COST": "800", "AFTER": "7,128", "BUFFER": "159.20"}
OF_CAP = {"EQUITY": "12,000", "BEFORE": "5,500", "PART": "30", "COST": "3,600", "AFTER": "3,850", "BUFFER": "1,825"}

AGAIN = "  - {do: bid, account: ann, bidder: lin, fraction: 1 %, limit: 0 USDC, expect: {refused: REFUSAL}}\n"
STANDARD_END = AGAIN.replace("REFUSAL", "NotUnderLiquidation")
PORTFOLIO_END = AGAIN.replace("REFUSAL", '{NotLiquidatable: {account: ann, margin wad: "BUFFER USDC"}}') + (
    "  - {do: end liquidation, account: ann, by: lin}\n" + STANDARD_END
)


@pytest.mark.parametrize("end", [STANDARD_END, PORTFOLIO_END], ids=["standard", "portfolio"])
@pytest.mark.parametrize(("people", "figures"), [(SIZE_TERM, OF_SIZE_TERM), (CAP, OF_CAP)], ids=["size term", "cap"])
def test_a_smaller_part_may_restore_an_account(
    people: str, figures: dict[str, str], end: str, tmp_path: Path
) -> None:  # fmt: skip
    text = WORLD + people + STEPS + end
    for name, figure in {**figures, "MODE": "portfolio" if end == PORTFOLIO_END else "standard"}.items():
        text = text.replace(name, figure)
    played = load(scenario_file(tmp_path, text))
    result = run_in_process(played, Model(played.world), InProcessChain(played.world))
    assert result.failure is None, str(result.failure)
