"""Fits a story to a deployed vault, which must have the same parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from crossvault.audit.vault_source import VaultSource
from crossvault.differential.compare import Difference, value_differences
from crossvault.differential.drive import Relay, driven, relayed
from crossvault.differential.ending import BadInput
from crossvault.differential.model import Model
from crossvault.differential.step import Action, Outcome, Step, StepStream
from crossvault.differential.story import Story
from crossvault.mirror.account import AccountId

_RULES: tuple[Action, ...] = ("set_guardian", "set_feeder", "list_underlying", "list_collateral")
_PASSING = ("price_wad", "size", "published_at")  # arguments that differ between attempts
Key = tuple[str, str, str]


class StoryMismatch(BadInput):
    """A story that does not fit the deployed vault; the message states the differences."""


def is_rule(step: Step) -> bool:
    """Whether a step sets parameters, as a deployment does."""
    return step.action in _RULES or step.action.startswith(("schedule_", "enact_"))


def rules(story: Story) -> tuple[Model, list[Step]]:
    """A model with only the rules of a story in force, and the steps that set them."""
    model = Model(story.world)

    def only_rules(step: Step) -> Relay:
        return (yield step) if is_rule(step) else None

    return model, [step for step, _ in driven(relayed(story.steps(model), only_rules), model.apply)]


def require_todays_interface(source: VaultSource) -> None:
    """Requires a vault that answers as the contracts of this version do. Raises StoryMismatch."""
    if source.earlier:
        raise StoryMismatch(f"{source.vault} has {source.earlier}: stories are played on today's alone, audits on both")


def require_same_rules(story: Story, deployed: Model) -> None:
    """Requires a deployed vault to have the rules of a story. Raises StoryMismatch."""
    wanted = rules(story)[0].vault.parameters()
    found = value_differences("vault", deployed.vault.parameters(), wanted)
    if found:
        raise StoryMismatch(
            f"{story.name} has other rules than the deployed vault: " + "; ".join(map(_described, found[:5]))
        )


def _described(found: Difference) -> str:
    return f"{found.field.removeprefix('vault.')} is {found.chain}, in the story {found.model}"


def governors(story: Story) -> set[str]:
    """The names of a story's owner, guardian and feeders."""
    appointed = {step.args["to"] for step in rules(story)[1] if step.action == "set_guardian"}
    feeders = {step.args["feeder"] for step in rules(story)[1] if step.action == "set_feeder"}
    return {story.world.owner} | appointed | feeders


def require_feeders(story: Story, deployed: Model, aliases: Mapping[str, str]) -> None:
    """Requires the feeders of a story to be feeders of the vault. Raises StoryMismatch."""
    for step in rules(story)[1]:
        if step.action == "set_feeder" and step.args["allowed"]:
            feeder = aliases.get(step.args["feeder"], step.args["feeder"])
            if not deployed.vault.is_feeder[feeder]:
                raise StoryMismatch(
                    f"{step.args['feeder']} is not a feeder of the deployed vault: name the account of one"
                )


@dataclass
class PreparedStory:
    """The steps of a story for a vault that has its rules.

    aliases: names on the deployed vault by name in the story. done: counts of steps executed earlier, each skipped that
    many times. missing: token amounts still to mint, by name and token [raw]; None: all. until: number of the story's
    steps to play, if not all. leading: whether all steps so far set rules.
    """

    story: Story
    aliases: Mapping[str, str]
    done: Counter[Key] = field(default_factory=Counter)
    missing: dict[tuple[str, str], int] | None = None
    until: int | None = None
    left_out: int = 0
    leading: bool = True

    def as_story(self) -> Story:
        """The story with the prepared steps."""
        return replace(self.story, steps=self.steps)

    def steps(self, model: Model) -> StepStream:
        """Yields the steps that remain. Raises ExpectationFailed."""
        numbers = count(1)

        def prepared(step: Step) -> Relay:
            fitted = self._fitted(step)
            if fitted is None:
                self.left_out += 1
                outcome = Outcome(None, (), model.snapshot(step.accounts()))
            else:
                outcome = yield fitted
            return None if next(numbers) == self.until else outcome

        return relayed(self.story.steps(model), prepared)

    def _fitted(self, step: Step) -> Step | None:
        """The step with names replaced, or None when it is skipped."""
        self.leading = self.leading and is_rule(step)
        if self.leading:
            return None
        renamed = replace(step, sender=self._name(step.sender), args=self._named(dict(step.args)))
        if renamed.action == "mint" and self.missing is not None:
            return self._minted(renamed)
        if self.done[key(renamed)]:
            self.done[key(renamed)] -= 1
            return None
        return renamed

    def _minted(self, step: Step) -> Step | None:
        assert self.missing is not None
        place = step.args["to"], step.args["token"]
        amount_raw = min(step.args["amount_raw"], self.missing.get(place, 0))
        self.missing[place] = self.missing.get(place, 0) - amount_raw
        return replace(step, args={**step.args, "amount_raw": amount_raw}) if amount_raw else None

    def _name(self, name: str) -> str:
        return self.aliases.get(name, name)

    def _named(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._name(value)
        if isinstance(value, AccountId):
            return value._replace(owner=self._name(value.owner))
        if isinstance(value, dict):
            return {name: self._named(each) for name, each in value.items()}
        if isinstance(value, tuple):
            made = [self._named(each) for each in value]
            return type(value)(*made) if hasattr(value, "_fields") else tuple(made)
        return value


def key(step: Step) -> Key:
    """Identity of a step apart from time and prices."""
    return step.sender, step.action, repr(sorted(pair for pair in step.args.items() if pair[0] not in _PASSING))
