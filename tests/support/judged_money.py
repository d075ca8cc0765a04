"""Stories played on the model alone until one of some rules of the judge is red."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

import pytest

from code_planting import planted_code
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import VAULT, Outcome, Step
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.judge.auction_clocks import AuctionClocks
from crossvault.judge.books import read_books
from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.rule import Rule
from crossvault.judge.rulebook import RuleBook
from crossvault.judge.table import RULES
from crossvault.mirror.fixed import WAD
from crossvault.walks.random_walk import Walk
from places import CASES


class RedRule(NamedTuple):
    """A rule's number, the step that breaks it, and the breach."""

    number: str
    step: Step
    breach: Breach

    @property
    def money_usd(self) -> int:
        """Whole units of money that the step moved."""
        return (self.breach.money_wad or 0) // WAD


def red_rules(
    story: Story, *numbers: str, persons: Mapping[str, str] | None = None, rules: Sequence[Rule] = ()
) -> list[RedRule]:
    """The first breaches of the rules of some numbers, or of some rules, in a story, which ends with them.

    persons: by owner, the person behind it.
    """
    model, found, donated = Model(story.world), list[RedRule](), dict[str, int]()
    rules = rules or [rule for rule in RULES if rule.number in numbers]
    books, rights, clocks = read_books(model), RuleBook.opened(story.world), AuctionClocks()

    def applied(step: Step) -> Outcome:
        nonlocal books, rights, clocks
        before, outcome = books, model.apply(step)
        books = read_books(model, before)
        clocks = clocks.until(before, rights.paused, step.at)
        moment = Moment(
            step, outcome, before, books, rights, model.steps, model, persons or {}, dict(donated), clocks=clocks
        )
        for rule in rules:
            found.extend(RedRule(rule.number, step, breach) for breach in rule.check(moment))
        if outcome.refusal is None and step.action in ("transfer", "mint") and step.args["to"] == VAULT:
            donated[step.args["token"]] = donated.get(step.args["token"], 0) + step.args["amount_raw"]
        clocks, rights = clocks.after(step, outcome, books), rights.after(step, outcome)
        return outcome

    try:
        for _ in driven(story.steps(model), applied):
            if found:
                break
    except ExpectationFailed:  # of a story whose mistake is planted
        if not found:
            raise
    return found


def red_walk(number: str, steps: int = 400, seeds: int = 12) -> RedRule:
    """The first breach of a rule in random walks, of which one has what a test needs."""
    walks = (red_rules(Walk(seed, steps).story(), number) for seed in range(1, seeds))
    return next(filter(None, walks))[0]


# debt by paper, of stories in which a reduction made it before the vault refused that
REDUCED = {
    "close-into-debt": 5_200,  # 20,000 - 100 * (2,000 - 1,748)
    "shipped-preset": 8_550,  # 20,000 - 100 * (2,000 - 1,714.50)
    "guard-bypassed": 10_790,  # 20,000 - 100 * (2,307.90 - 2,000)
}


def reductions_unchecked() -> AbstractContextManager[None]:
    """The mirror without the check of what who reduces gives away."""
    return planted_code("crossvault.mirror.verdict", "    require_equity(account, valued, before)\n", "    pass\n")


@contextmanager
def waiting_uncounted() -> Iterator[None]:
    """The mirror that values at the old price while a jump waits, and confirms none but by a print near it."""
    oracle = "crossvault.mirror.oracle"
    counted = (
        "        exposure.pending_wad = oracle.waiting(price, confirm_secs, exposure.risk.heartbeat_secs, now=now)\n"
    )
    followed = (
        "    if index_wad < self.index:\n"
        "        return fixed.max(index_wad, waiting_wad) if waiting_wad < self.index else 0\n"
        "    return fixed.min(index_wad, waiting_wad) if waiting_wad > self.index else 0\n"
    )
    with planted_code("crossvault.mirror.valuation", counted, ""), planted_code(oracle, followed, "    return 0\n"):
        yield


def moves_unlimited() -> AbstractContextManager[None]:
    """The mirror whose guard compares an index with the last one alone, and a forward with nothing."""
    limits = "    if least_wad > most_wad:\n        return last_wad\n"
    return planted_code("crossvault.mirror.oracle", limits, "    return price_wad\n")


def endless_funding() -> AbstractContextManager[None]:
    """The mirror whose funding goes on while the feed is dead."""
    end = "    until_at = fixed.min(now, price.published_at + risk.heartbeat_secs)\n"
    return planted_code("crossvault.mirror.ledger", end, "    until_at = now\n")


def recipients_unchecked() -> AbstractContextManager[None]:
    """The mirror in which an operator withdraws to any recipient."""
    return planted_code("crossvault.mirror.account", "if sender != holder and to != holder:", "if False:")


needs_attacks = pytest.mark.skipif(not (CASES / "attacks").is_dir(), reason="there are no attack stories")


def attack(name: str) -> str:
    """The path of a story of an attack."""
    return str(CASES / "attacks" / f"{name}.scenario.yaml")
