"""The judge of a run: every rule after every step of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.own_rules import OwnInvariant
from crossvault.differential.step import VAULT, Outcome, Step
from crossvault.judge.auction_clocks import AuctionClocks
from crossvault.judge.books import Books, read_books
from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.own_invariants import BrokenInvariant, OwnInvariants
from crossvault.judge.rule import Rule
from crossvault.judge.rulebook import RuleBook
from crossvault.judge.table import RULES
from crossvault.judge.valuer import Valuer

Thoroughness = Literal["off", "default", "full", "strict"]


class JudgePlan(NamedTuple):
    """What a judge is made of, where many runs have one each: invariants of the user, how thorough it is, persons."""

    own: Sequence[OwnInvariant] = ()
    how: Thoroughness = "default"
    persons: Mapping[str, str] = MappingProxyType({})

    def judge(self) -> Judge:
        """A judge for one run. Raises OwnCodeError."""
        return Judge(OwnInvariants(self.own), self.how, persons=self.persons)


USUAL = JudgePlan()
FULL = JudgePlan(how="full")


@dataclass(slots=True)
class Judge:
    """Checks a model before and after every step: by the rules of the user first, then by the table.

    how: `full` checks every rule at every step, `default` the dear ones at a share of them, `off` those of the user
    only; `strict` is full and ends the run at a known weakness of the vault too; else `known` counts them, by rule, and
    `moved_wad` their money.
    persons: by owner, the person behind it.
    """

    own: OwnInvariants = field(default_factory=OwnInvariants)
    how: Thoroughness = "default"
    persons: Mapping[str, str] = field(default_factory=dict)
    rules: Sequence[Rule] = RULES
    known: Counter[str] = field(default_factory=Counter)
    moved_wad: Counter[str] = field(default_factory=Counter)
    _donated: Counter[str] = field(default_factory=Counter)
    _books: Books | None = None
    _read: tuple[int, int, int] = (0, -1, -1)
    _rights: RuleBook | None = None
    _clocks: AuctionClocks = field(default_factory=AuctionClocks)
    _steps: int = 0
    _last: Moment | None = None
    _valuer: Valuer = field(default_factory=Valuer)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to check."""
        return self.how == "off" and not self.own.rules

    def copied(self) -> Judge:
        """The same, to go on from here more than once."""
        counts = Counter(self._donated), Counter(self.known), Counter(self.moved_wad)
        return replace(self, _donated=counts[0], known=counts[1], moved_wad=counts[2])

    def before(self, step: Step, model: Model) -> None:
        """Reads the books that a step begins with."""
        self.own.before(model)
        if self.how == "off":
            return
        if self._rights is None:
            self._rights = RuleBook.opened(model.world)
        decimals = {name: token.spec.decimals for name, token in model.tokens.items()}
        if decimals != self._rights.decimals:  # an audit meets tokens as the chain's history names them
            self._rights = self._rights._replace(decimals=decimals)
        if self._books is None or self._read != _state(model) or model.journal.entries:
            self._books = read_books(model, self._books)

    def after(self, step: Step, outcome: Outcome, model: Model) -> None:
        """Checks a step. Raises BrokenInvariant."""
        self.own.after(step, outcome, model)
        if self.how == "off":
            return
        before, rights = self._books, self._rights
        assert before is not None and rights is not None
        self._steps += 1
        self._books, self._read = read_books(model, before), _state(model)
        self._last = Moment(
            step, outcome, before, self._books, rights, self._steps, model, self.persons, self._donated,
            self.how in ("full", "strict"), self._clocks.until(before, rights.paused, step.at), self._valuer,
        )  # fmt: skip
        try:
            self._require(self._last)
        finally:  # a caller may go on after a broken rule
            self._rights = self._last.rulebook_after
            self._clocks = self._last.clocks.after(step, outcome, self._books)
            self._note_donation(step, outcome, before)

    def finish(self) -> None:
        """Checks the last step by every rule, sampled or not. Raises BrokenInvariant."""
        if self._last is not None and not self._last.full:
            counted = Counter(self.known), Counter(self.moved_wad)
            self._require(replace(self._last, full=True))
            self.known, self.moved_wad = counted  # the step is counted once

    def weaknesses(self) -> dict[str, tuple[int, int]]:
        """Known weaknesses that were met, by the rule that each breaks: how often, and the money moved [wad]."""
        return {number: (count, self.moved_wad[number]) for number, count in self.known.items()}

    def _require(self, moment: Moment) -> None:
        for rule in self.rules:
            if not moment.is_sampled(rule.share):
                continue
            for breach in rule.check(moment):
                if self.how != "strict" and (breach.weakness or moment.step.action in rule.known):
                    self.known[rule.number] += 1
                    self.moved_wad[rule.number] += breach.money_wad or 0
                    continue
                raise broken(rule, breach, moment)

    def _note_donation(self, step: Step, outcome: Outcome, before: Books) -> None:
        """Notes what arrives of tokens that are sent to the vault, which is less of one that keeps a fee."""
        assert self._books is not None
        if outcome.refusal is None and step.action in ("transfer", "mint") and step.args["to"] == VAULT:
            self._donated = Counter(self._donated)
            token = step.args["token"]
            arrived = self._books.tokens[token].get(VAULT, 0) - before.tokens[token].get(VAULT, 0)
            self._donated[token] += arrived


def _state(model: Model) -> tuple[int, int, int]:
    """The version of a model's state, which every step counts up."""
    return id(model), model.steps, model.journal.version


def broken(rule: Rule, breach: Breach, moment: Moment) -> BrokenInvariant:
    """A breach as the end of a run, with the money that it moved."""
    where = f"{moment.step.action} by {moment.step.sender}"
    return BrokenInvariant(rule.number, breach.what, where, breach.money_wad, rule.sentence)
