"""The story of a found attack: its steps, shrunk, and who gained and who lost by them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from crossvault.attack.act_alarms import OF_ACTS
from crossvault.attack.alarm_reader import AlarmReader
from crossvault.attack.attack_play import AttackPlay
from crossvault.attack.attack_search import FoundAttack
from crossvault.attack.genes import Genes
from crossvault.attack.market_draw import WAD, MarketDraw, drawn_market
from crossvault.attack.market_opening import BROKER, COALITION, HONEST, PERSON, QUOTE
from crossvault.attack.market_worth import equity, truly_priced
from crossvault.attack.moment_alarms import OF_MOMENTS
from crossvault.attack.played_act import AlarmKey
from crossvault.attack.price_path import ETH, FEEDER, FIRST_PRICES, GOVERNOR, GUARDIAN
from crossvault.differential.step import Step
from crossvault.mirror import collateral

Attempt = Callable[[Sequence[Step]], list[Step] | None]
Removal = Callable[[list[Step], Attempt], list[Step]]
_KEPT = 50  # percent of its money that a smaller story must still move
_KEPT_STEPS = {"ETH"}  # the names of listings that keep the numbers of others
_MARKET = frozenset({FEEDER, GOVERNOR, GUARDIAN})
RULES = {rule.name: (rule.rule, rule.sentence) for rule in (*OF_ACTS, *OF_MOMENTS)}
"""By alarm: the rule that it stands for, and the rule in words."""


class MoneyRow(NamedTuple):
    """Money of a person: what it paid in and took out, and what is left to it in the vault, at true prices [wad]."""

    name: str
    paid_wad: int
    took_wad: int
    left_wad: int

    @property
    def gain_wad(self) -> int:
        """What it has more than it paid in."""
        return self.took_wad + self.left_wad - self.paid_wad


class AttackStory(NamedTuple):
    """A found attack with its steps from the opening on, the time at which it is read, and its money by person.

    money_wad: as these steps move it. debt_wad: what accounts owe beyond their equity, which is left to the others.
    """

    found: FoundAttack
    steps: tuple[Step, ...]
    at: int
    money_wad: int
    rows: tuple[MoneyRow, ...]
    debt_wad: int

    @property
    def rule(self) -> str:
        """The number of the rule."""
        return RULES[self.found.alarm][0]

    @property
    def gained(self) -> MoneyRow:
        """The coalition's money."""
        return self.rows[0]

    @property
    def lost(self) -> list[MoneyRow]:
        """Those who have less than before, those with the most first."""
        return sorted((row for row in self.rows[1:] if row.gain_wad < -WAD), key=lambda row: row.gain_wad)


def story_of(found: FoundAttack) -> AttackStory:
    """The whole story of what was found, not shrunk."""
    draw = drawn_market(found.market)
    play = AttackPlay(draw)
    state = play.play(found.genes)
    money_wad, steps, at = state.found[found.key]
    return _accounted(found, draw, [*play.opened, *play.steps[:steps]], at, money_wad)


def shrunk_story(found: FoundAttack, secs: float, remove: Removal) -> AttackStory:
    """The smallest story of what was found that a time allows [seconds]: first fewer genes, then fewer steps.

    remove: leaves out steps, as the shrinker does.
    """
    ends = time.process_time() + secs
    draw = drawn_market(found.market)
    play = AttackPlay(draw)
    genes = _fewer_genes(play, found, ends)
    money_wad, count, at = play.play(genes).found[found.key]
    steps = [*play.opened, *play.steps[:count]]
    reader = StepReader(draw)
    least_wad = money_wad * _KEPT // 100

    def attempt(candidate: Sequence[Step]) -> list[Step] | None:
        if time.process_time() > ends or not {step.args.get("name") for step in candidate} >= _KEPT_STEPS:
            return None
        return list(candidate) if reader.money(candidate, found.key, at) >= max(WAD, least_wad) else None

    if attempt(steps):
        steps = remove(steps, attempt)
    money_wad = max(reader.money(steps, found.key, at), 0) or money_wad
    return _accounted(found, draw, steps, at, money_wad)


def _fewer_genes(play: AttackPlay, found: FoundAttack, ends: float) -> Genes:
    """The genes without those that are not needed, from the last to the first."""
    genes = found.genes
    least_wad = found.money_wad * _KEPT // 100
    for place in range(len(genes) - 1, -1, -1):
        if time.process_time() > ends:
            break
        fewer = genes[:place] + genes[place + 1 :]
        if play.play(fewer).found.get(found.key, (0, 0, 0))[0] >= least_wad:
            genes = fewer
    return genes


class StepReader:
    """Plays steps in a drawn market, from the first of its opening on, with every alarm."""

    def __init__(self, draw: MarketDraw) -> None:
        self._draw = draw

    def played(self, steps: Sequence[Step], at: int) -> AlarmReader:
        """The state after steps and the moment at a time [unix seconds]."""
        reader = AlarmReader(self._draw)
        for step in steps:
            if step.sender in _MARKET:
                reader.happen(step.at, (step,), self._true(reader, step.at))
            else:
                reader.state.at = step.at
                reader.execute(step, _is_own(step))
        reader.state.at = max(at, reader.state.at)
        reader.watch()
        return reader

    def money(self, steps: Sequence[Step], key: AlarmKey, at: int) -> int:
        """The money that an alarm reads in a circumstance at the end of steps; 0 where it reads none [wad]."""
        reader = self.played(steps, at)
        money_wad, place, _ = reader.state.found.get(key, (0, 0, 0))
        return money_wad if place == reader.state.steps else 0

    def _true(self, reader: AlarmReader, at: int) -> dict[int, int]:
        before = [event for event in reader.events if event.at <= at]
        return dict(before[-1].true_wad) if before else {ETH: FIRST_PRICES[ETH]}


def _is_own(step: Step) -> bool:
    """Whether a step is of the coalition: by one of its owners, or a trade of one of its accounts with the public."""
    if step.sender in PERSON:
        return True
    return step.sender == BROKER and any(account in COALITION for account in step.accounts())


def _accounted(found: FoundAttack, draw: MarketDraw, steps: Sequence[Step], at: int, money_wad: int) -> AttackStory:
    reader = StepReader(draw).played(steps, at)
    rows, debt_wad = _rows(reader)
    return AttackStory(found, tuple(steps), at, money_wad, rows, debt_wad)


def _rows(reader: AlarmReader) -> tuple[tuple[MoneyRow, ...], int]:
    """Money by person, the coalition as one; and the sum of what accounts owe beyond their equity."""
    model, at = reader.model, reader.state.at
    paid, took = _payments(reader)
    owners = {account: account.owner for account in HONEST} | dict.fromkeys(COALITION, "coalition")
    left = dict.fromkeys(owners.values(), 0)
    debt_wad = 0
    with truly_priced(model, reader.state.true_wad):
        for account, name in owners.items():
            worth_wad = equity(model, account, at)
            left[name] += max(0, worth_wad)
            debt_wad += max(0, -worth_wad)
    names = ["coalition", *(account.owner for account in HONEST)]
    rows = [MoneyRow(name, paid.get(name, 0), took.get(name, 0), left[name]) for name in names]
    funded_wad = paid.get("insurance fund", 0)
    rows.append(MoneyRow("insurance fund", funded_wad, 0, model.vault.ledger.cash.insurance_wad))
    return tuple(row for row in rows if any(row[1:])), debt_wad


def _payments(reader: AlarmReader) -> tuple[dict[str, int], dict[str, int]]:
    """What each person paid into the vault and took out of it, at the prices of the end [wad]."""
    paid: dict[str, int] = {}
    took: dict[str, int] = {}
    for step in reader.steps:
        calls = step.args["calls"] if step.action == "batch" else ()
        for action, args in [(call.action, call.args) for call in calls] or [(step.action, step.args)]:
            if action not in ("deposit_cash", "deposit_collateral", "withdraw_cash", "withdraw_collateral"):
                if action == "fund_insurance":
                    paid["insurance fund"] = paid.get("insurance fund", 0) + args["amount_raw"] * 10**12
                continue
            book, name = (paid, args["account"].owner) if action.startswith("deposit") else (took, args["to"])
            name = "coalition" if name in PERSON else name
            book[name] = book.get(name, 0) + _worth(reader, args["amount_raw"], args.get("collateral"))
    return paid, took


def _worth(reader: AlarmReader, amount_raw: int, number: int | None) -> int:
    ledger = reader.model.vault.ledger
    if number is None:
        return collateral.to_wad(amount_raw, reader.model.tokens[QUOTE].decimals())
    asset = ledger.assets[number]
    price_wad = reader.state.true_wad.get(asset.underlying, ledger.prices[asset.underlying].index)
    return collateral.value(amount_raw, price_wad, asset.decimals)
