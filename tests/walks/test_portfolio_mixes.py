"""The last scene of the desks: collateral that costs more margin than it gives, at the point where it is refused."""

from __future__ import annotations

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.evm.compiler import compile_contracts
from crossvault.walks.portfolio_mixes import PortfolioMixes


def test_collateral_is_deposited_up_to_the_margin_that_it_costs() -> None:
    story = PortfolioMixes(1, 0, compile_contracts()).story()
    model = Model(story.world)
    done = [
        (step.args["amount_raw"], outcome.refusal and outcome.refusal.name)
        for step, outcome in driven(story.steps(model), model.apply)
        if step.action == "deposit_collateral" and step.sender == "hedger"
    ]
    [first, too_much, most, one_more] = done
    assert first == (10**18, "InsufficientMargin") and one_more == (1, "InsufficientMargin")
    assert too_much == (most[0] + 1, "InsufficientMargin") and most[0] > 0 and most[1] is None
