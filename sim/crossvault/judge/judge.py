"""The judge of a run: every rule after every step of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crossvault.differential.model import Model
from crossvault.differential.step import VAULT, Outcome, Step
from crossvault.judge.books import Books, read_books
from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.rule import Rule
from crossvault.judge.rulebook import RuleBook
from crossvault.judge.table import RULES
from crossvault.lockstep.own_invariants import BrokenInvariant, OwnInvariants


@dataclass(slots=True)
class Judge:
    """Checks a model before and after every step by the table of rules, and by those of the user first.

    full: every rule at every step, where the default samples the dear ones. strict: a known weakness of the vault ends
    the run, too; else `known` counts them. persons: by owner, the person behind it.
    """

    own: OwnInvariants = field(default_factory=OwnInvariants)
    full: bool = False
    strict: bool = False
    persons: Mapping[str, str] = field(default_factory=dict)
    rules: Sequence[Rule] = RULES
    known: Counter[str] = field(default_factory=Counter)
    _donated: Counter[str] = field(default_factory=Counter)
    _books: Books | None = None
    _read: tuple[int, int] = (0, -1)
    _rights: RuleBook | None = None
    _steps: int = 0

    def copied(self) -> Judge:
        """The same, to go on from here more than once."""
        return replace(self, _donated=Counter(self._donated), known=Counter(self.known))

    def before(self, step: Step, model: Model) -> None:
        """Reads the books that a step begins with."""
        self.own.before(model)
        if self._rights is None:
            self._rights = RuleBook.opened(model.world)
        if self._books is None or self._read != (id(model), model.steps):
            self._books = read_books(model, self._books)

    def after(self, step: Step, outcome: Outcome, model: Model) -> None:
        """Checks a step by all rules, first by those of the user. Raises BrokenInvariant."""
        self.own.after(step, outcome, model)
        before, rights = self._books, self._rights
        assert before is not None and rights is not None
        self._steps += 1
        self._books, self._read = read_books(model, before), (id(model), model.steps)
        moment = Moment(
            step, outcome, before, self._books, rights, self._steps, model, self.persons, self._donated, self.full
        )
        self._require(moment)
        self._rights = rights.after(step, outcome)
        self._note_donation(step, outcome)

    def _require(self, moment: Moment) -> None:
        for rule in self.rules:
            if not moment.is_sampled(rule.share):
                continue
            for breach in rule.check(moment):
                if not self.strict and moment.step.action in rule.known:
                    self.known[rule.number] += 1
                    break
                raise broken(rule, breach, moment.step)

    def _note_donation(self, step: Step, outcome: Outcome) -> None:
        if outcome.refusal is None and step.action in ("transfer", "mint") and step.args["to"] == VAULT:
            self._donated = Counter(self._donated)
            self._donated[step.args["token"]] += step.args["amount_raw"]


def broken(rule: Rule, breach: Breach, step: Step) -> BrokenInvariant:
    """A breach as the end of a run."""
    return BrokenInvariant(rule.number, breach.what, f"{step.action} by {step.sender}", breach.money_wad)
