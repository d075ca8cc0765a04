"""Honest play in the markets of the attack search: what begins no act while a price is not the true one."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from crossvault.attack.attack_play import AttackPlay
from crossvault.attack.genes import Gene, drawn_genes
from crossvault.attack.market_draw import MarketDraw, drawn_market
from crossvault.attack.market_opening import COALITION
from crossvault.attack.market_worth import is_true
from crossvault.attack.moves import WAITS
from crossvault.differential.step import Step

HONEST_MOVES = (
    *("deposit",) * 3, *("withdraw",) * 3, *("trade own",) * 3, *("trade public",) * 3, *("sell on",) * 2,
    *WAITS, *("wait",) * 4, "deposit collateral", "withdraw collateral", "settle", "end sale",
)  # fmt: skip
AT_MARK = 0.95  # the number of a trade that takes the mark, not an edge of the band


def honest_market(seed: int) -> MarketDraw:
    """A market of a seed without what honest play does not touch: dust of a dead feed, indivisible tokens, agency."""
    return drawn_market(seed)._replace(has_old=False, has_bar=False, has_agent=False, has_cap=False)


class HonestPlay(AttackPlay):
    """Plays genes honestly: at the mark, at true prices only, and bids only where the clock ran in biddable seconds."""

    def _gene(self, gene: Gene) -> None:
        if gene.move not in WAITS:
            is_waiting = self.model.vault.ledger.prices[0].pending
            if is_waiting or not is_true(self.model, self.state.true_wad):
                return
            if gene.move == "trade own":
                gene = gene._replace(numbers=(*gene.numbers[:5], AT_MARK))
        super()._gene(gene)

    def execute(self, step: Step, is_own: bool) -> bool:
        """Executes an act, but for bids on its own accounts, or after seconds in which no bid could be made."""
        if is_own and step.action == "bid":
            sold = self._sold(step)
            is_worth = sold.insolvent_at and max(sold.worth.true_wad, sold.worth.equity_wad) > 0
            if step.args["account"] in COALITION or sold.lost_secs or is_worth:
                self.refused = None
                return False
        return super().execute(step, is_own)


class HonestCount(NamedTuple):
    """Accepted steps of honest plays, and the largest reading of each alarm [wad]."""

    steps: int
    most_wad: dict[str, int]


def honest_steps(seeds: Iterable[int], least: int) -> HonestCount:
    """Plays markets honestly, twenty times each, until there are so many accepted steps."""
    steps, most_wad = 0, {"gain": 0}
    for seed in seeds:
        random, play = Random(f"honest {seed}"), HonestPlay(honest_market(seed))
        for _ in range(20):
            state = play.play(drawn_genes(random, HONEST_MOVES))
            steps += state.steps
            most_wad["gain"] = max(most_wad["gain"], state.best_wad)
            for (alarm, *_), (money_wad, _, _) in state.found.items():
                most_wad[alarm] = max(most_wad.get(alarm, 0), money_wad)
        if steps >= least:
            break
    return HonestCount(steps, most_wad)
