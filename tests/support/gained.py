"""Stories played on the model alone, with what persons gain in them."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import NamedTuple

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.history.gain_flows import RunGains
from crossvault.history.gain_ledger import GainLedger


class GainedStory(NamedTuple):
    """A story that was played, the model after it, and its ledger of gains."""

    story: Story
    model: Model
    ledger: GainLedger
    done: list[tuple[Step, Outcome]]

    @property
    def gains(self) -> RunGains:
        """Who gained and who lost."""
        return self.ledger.gains(self.story.persons)


def gained(story: Story, is_whole: bool = True) -> GainedStory:
    """Plays a story; is_whole: whether it must go as its file expects, else it is played until it does not."""
    model, ledger, done = Model(story.world), GainLedger(), list[tuple[Step, Outcome]]()
    with nullcontext() if is_whole else suppress(ExpectationFailed):
        for number, (step, outcome) in enumerate(driven(story.steps(model), model.apply), start=1):
            ledger.applied(number, step, outcome, model)
            done.append((step, outcome))
    return GainedStory(story, model, ledger, done)


def flows(found: RunGains) -> dict[tuple[str, str, str], int]:
    """The flows by source, name of the payer, and name of the payee [wad]."""
    return {(each.source, each.payer.name, each.payee.name): each.amount_wad for each in found.flows}
