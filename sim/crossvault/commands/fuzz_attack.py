"""`crossvault fuzz --attack`: a search for what a coalition gains on the model; Anvil confirms what is found."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from crossvault.attack.attack_campaign import AttackPlan, AttackResult, search
from crossvault.attack.attack_search import FoundAttack
from crossvault.attack.attack_story import RULES, AttackStory, shrunk_story, story_of
from crossvault.attack.judged_story import judged
from crossvault.attack.market_draw import WAD
from crossvault.attack.market_opening import world
from crossvault.attack.played_act import AlarmKey
from crossvault.commands.failure import after_finding
from crossvault.commands.progress import bar
from crossvault.commands.sides import command, shown
from crossvault.differential.compare import Difference
from crossvault.differential.ending import DONE, FAILED, INTERRUPTED, MISSED, words
from crossvault.differential.model import Model
from crossvault.evm.chain import Chain
from crossvault.evm.compiler import compile_contracts
from crossvault.judge.judge import Judge
from crossvault.lockstep.run import run
from crossvault.report.console import show
from crossvault.report.fuzz_attack import (
    FollowedAttack,
    alarm_table,
    document,
    first_line,
    stated_line,
    summary,
    untried,
    usd,
)
from crossvault.scenario.repro import SUFFIX, Repro, text
from crossvault.setup import toolchain
from crossvault.setup.notices import notice
from crossvault.shrink.removal import remove_calls
from crossvault.shrink.saved import repro_of, story

_USUAL_SECS, _USUAL_SEED = 60, 1
_SHRINK_SECS = 5.0
_LONGEST = 31  # of a name in a repro


def fuzz_attacks(arguments: Namespace) -> int:
    """Searches and follows up what is found; FAILED where an alarm is a broken rule."""
    plan = AttackPlan(
        _USUAL_SEED if arguments.seed is None else arguments.seed,
        arguments.jobs or os.cpu_count() or 1,
        arguments.time or _USUAL_SECS,
    )
    if not arguments.json:
        notice(f"from seed {plan.seed}, {plan.jobs} at a time, for {plan.secs} s, on the model alone")
    notes = AttackNotes(toolchain.state_dir() / "attack", arguments.json)
    with bar("attack", plan.secs, "seconds") as tick, after_finding(lambda: bool(notes.findings)):
        notes.result = search(plan, tick, notes.note)
    result = notes.result
    with after_finding(lambda: bool(result.findings)):
        notes.follow_up()
    if arguments.json:
        print(json.dumps(document(result, notes.followed), indent=2))
    else:
        notes.show()
    if result.findings:
        return FAILED
    if result.interrupted:
        return INTERRUPTED
    return DONE if result.counts.plays else MISSED


class AttackNotes:
    """What happens to the findings of a search: each is printed and written at once, then shrunk, judged, confirmed."""

    def __init__(self, folder: Path, as_json: bool) -> None:
        self._folder = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        self._out = sys.stderr if as_json else sys.stdout
        self.names: dict[AlarmKey, str] = {}
        self.findings = 0
        self.result = AttackResult()
        self.followed: list[FollowedAttack] = []

    def note(self, found: FoundAttack) -> None:
        """Prints the first of its kind and writes its story, before anything else is done with it."""
        self.names[found.key] = f"{found.alarm}-{len(self.names) + 1}"
        self.findings += not found.weakness
        self._print(first_line(found))
        with after_finding(lambda: bool(self.findings)):
            self._write(story_of(found))

    def follow_up(self) -> None:
        """Shrinks the largest finding of each kind, in the order of their discovery, and confirms it on Anvil."""
        if not self.result.findings:
            return
        build = compile_contracts()
        with bar("shrinking", len(self.result.findings), "findings") as tick:
            for number, found in enumerate(self.result.findings, start=1):
                self.followed.append(FollowedAttack(found, None, None, False, self._shown(found)))
                if not self.result.interrupted:
                    with after_finding():
                        self.followed[-1] = self._followed(found, build.hash)
                tick(number)

    def show(self) -> None:
        """Prints the table and what was never tried."""
        show(summary(self.result))
        if self.followed:
            show(alarm_table(self.followed))
            print(f"stories: {shown(self._folder)}")
            print(f"to play one: {command()} run {shown(self._folder / (next(iter(self.names.values())) + SUFFIX))}")
        elif self.result.counts.plays:
            print("no coalition gained beyond the stated bounds, and no account was locked or left without a sale")
        if self.result.stated:
            show(stated_line(self.result))
        for each in untried(self.result):
            show(each)

    def _followed(self, found: FoundAttack, contracts: str) -> FollowedAttack:
        small = shrunk_story(found, _SHRINK_SECS, remove_calls)
        path = self._write(small, contracts)
        verdict = judged(small.steps)
        return FollowedAttack(found, small, verdict, self._is_confirmed(small), shown(path))

    def _is_confirmed(self, small: AttackStory) -> bool:
        """Whether the contracts on Anvil do all that the model does."""
        kept = story(attack_repro(small, self._name(small.found), ""))
        chain = Chain(kept.world, None)
        try:
            result = run(kept, Model(kept.world), chain, (), Judge(how="off"))
        finally:
            chain.close()
        if result.failure:
            self._print(f"! {self._name(small.found)}, on Anvil: {words(result.failure)}")
        return result.failure is None

    def _write(self, small: AttackStory, contracts: str = "") -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._name(small.found)}{SUFFIX}"
        path.write_text(text(attack_repro(small, self._name(small.found), contracts)), encoding="utf8")
        return path

    def _name(self, found: FoundAttack) -> str:
        return self.names.get(found.key, found.alarm)[:_LONGEST]

    def _shown(self, found: FoundAttack) -> str:
        return shown(self._folder / f"{self._name(found)}{SUFFIX}")

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)


def attack_repro(made: AttackStory, name: str, contracts: str) -> Repro:
    """The story of an attack as a file to keep and to play, with who gained and who lost."""
    number, sentence = RULES[made.found.alarm]
    first = Difference(f"invariant {number}", f"{sentence}: {usd(made.money_wad)} USDC", "holds")
    kept = repro_of(world(), made.steps, first, name, {"contracts": contracts, "source": "attack"})
    lost = [f"{row.name} lost {usd(-row.gain_wad)}" for row in made.lost]
    lost += [f"the others are left with an open debt of {usd(made.debt_wad)}"] if made.debt_wad > WAD else []
    gained = f"The coalition paid in {usd(made.gained.paid_wad)}, took out {usd(made.gained.took_wad)}"
    words_ = f"{gained} and has {usd(made.gained.left_wad)} left; {'; '.join(lost) or 'no account lost'} (USDC)."
    return replace(kept, about=f"{made.found.circumstance}: {sentence}. {words_}")
