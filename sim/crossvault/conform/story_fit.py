"""Whether a vault supports a story, and the story with the parameters that the vault knows."""

from __future__ import annotations

from dataclasses import replace

from crossvault.conform.model_recording import NAMING
from crossvault.conform.subject import Subject
from crossvault.conform.walk import unfit, unpinned, with_known_parameters
from crossvault.differential.drive import Relay, driven, relayed
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, StepStream, World
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.mirror.refusal import Refusal


def known_world(subject: Subject, world: World) -> World:
    """The world of a story with the auction terms that a vault knows."""
    return replace(world, terms=subject.known_terms(world.terms))


def pinned(subject: Subject, story: Story, model: Model) -> StepStream:
    """The steps of a story with the parameters that a vault knows, all else as it is."""

    def known(step: Step) -> Relay:
        outcome = yield with_known_parameters(subject, step)
        return outcome

    return relayed(story.steps(model), known)


def unfit_story(subject: Subject, story: Story) -> str:
    """The first thing that a story needs and the vault lacks; nothing when it can be played.

    A parameter that the vault knows only another value of is not needed where it changes nothing.
    """
    wrong = subject.adapter.fixed.get("auction", {})
    terms = story.world.terms._asdict()
    if off := [name for name, value in wrong.items() if terms[name] != value]:
        return f"needs another {off[0].replace('_', ' ')}"
    fit = _StoryFit(subject, story)
    try:
        for step, outcome in driven(story.steps(fit.model), fit.model.apply):
            if why := fit.lacks(step, outcome):
                return why
    except (ExpectationFailed, Refusal):
        return ""
    return ""


class _StoryFit:
    """Two models on the steps of a story: with its own parameters, and with those that the vault knows."""

    def __init__(self, subject: Subject, story: Story) -> None:
        self._subject, self._named = subject, set[str]()
        known = known_world(subject, story.world)
        self.model, self._pinned = Model(story.world), Model(known)
        terms = zip(story.world.terms._asdict().items(), known.terms, strict=True)
        self._term = next((name.rpartition("_")[0] for (name, value), other in terms if value != other), "")
        self._wrong = ""

    def lacks(self, step: Step, outcome: Outcome) -> str:
        """What a step needs that the vault lacks, by its outcome with the parameters of the story."""
        if step.action in NAMING and not self._subject.doors[step.action].exists:
            self._named.add(step.args["to"])  # needed only if it acts
        elif step.sender in self._named:
            return f"needs a {step.sender}"
        self._wrong = self._wrong or unpinned(self._subject, step.action, step.args)
        known = with_known_parameters(self._subject, step)
        if step.action not in NAMING and (why := unfit(self._subject, known.action, known.args)):
            return f"needs {why}"
        if not self._term and not self._subject.pins():
            return ""
        same = self._pinned.apply(known)
        wrong = self._wrong or self._term
        if wrong and (self._seen(self.model, step, outcome) != self._seen(self._pinned, step, same)):
            return f"needs another {wrong}"
        return ""

    def _seen(self, model: Model, step: Step, outcome: Outcome) -> object:
        """All that can be seen after a step, but for the parameters."""
        return outcome.refusal, outcome.snapshot, model.metrics(step.accounts(), step.at)
