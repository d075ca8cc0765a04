"""What one party gains from another over a run, by source, and the sums of each person.

Every gain of one is the loss of another, to the last digit: what is paid in, taken out and worth at the end follows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from crossvault.history.money_book import INSURANCE, LENDING, ROUNDING, VAULT_ITSELF, Party
from crossvault.mirror.fixed import RAY

TRADES, FUNDING, INTEREST, AUCTIONS = "trades", "funding", "interest", "auctions"
FUND, GIFTS, PRICES, DEBT, ROUNDED = "insurance fund", "gifts", "prices of collateral", "unpaid debt", "rounding"
SOURCES = (TRADES, FUNDING, INTEREST, AUCTIONS, FUND, GIFTS, PRICES, DEBT, ROUNDED)

PERSON = "person"
_LABELS = {LENDING: "lending pool", ROUNDING: "rounding of the vault", VAULT_ITSELF: "vault itself"}
COLLATERAL = Party("prices", PRICES)
UNPAID = Party("debts", "unpaid debts")


def person(name: str) -> Party:
    """A person as a party."""
    return Party(PERSON, name)


def label(party: Party) -> str:
    """The name of a party as it is shown; with a blank in it, unless it is a person."""
    return _LABELS.get(party, party.name)


class FlowSums:
    """What parties have gained from each other so far, by source [wad ray: 1e45 is one]."""

    def __init__(self, sums: Mapping[tuple[str, Party, Party], int] | None = None) -> None:
        self._sums = Counter(sums or {})

    def copied(self) -> FlowSums:
        """The same, to go on from here."""
        return FlowSums(self._sums)

    def add(self, source: str, payee: Party, payer: Party, amount_wadray: int) -> None:
        """Adds what a payee gains from a payer, below zero where it loses; nothing between one and itself."""
        if payee < payer:
            self._sums[source, payee, payer] += amount_wadray
        elif payer < payee:
            self._sums[source, payer, payee] -= amount_wadray

    def named(self, name: Callable[[Party], Party]) -> FlowSums:
        """The same between other parties, by the name of each."""
        made = FlowSums()
        for (source, payee, payer), amount in self._sums.items():
            made.add(source, name(payee), name(payer), amount)
        return made

    def parties(self) -> set[Party]:
        """All parties with a flow."""
        return {party for _, *pair in self._sums for party in pair}

    def rounded(self) -> Iterator[GainFlow]:
        """The flows in whole wei, toward zero; the fractions that a party lacks by it are a flow of rounding."""
        fractions: Counter[Party] = Counter()
        for (source, one, other), amount in self._sums.items():
            if source == ROUNDED:
                fractions[one if other == ROUNDING else other] += amount if other == ROUNDING else -amount
                continue
            whole = abs(amount) // RAY * (1 if amount > 0 else -1)
            fractions[one] += amount - whole * RAY
            fractions[other] -= amount - whole * RAY
            yield from _flow(source, one, other, whole)
        for party, amount in fractions.items():
            assert amount % RAY == 0, (party, amount)  # all that it has is in whole wei
            yield from _flow(ROUNDED, party, ROUNDING, amount // RAY)


class GainFlow(NamedTuple):
    """What a payee gained from a payer by a source in a whole run, above zero [wad]."""

    source: str
    payer: Party
    payee: Party
    amount_wad: int


class PersonGain(NamedTuple):
    """A person at the end of a run [wad].

    paid_in_wad, taken_out_wad: tokens that its wallets sent to the vault and received from it, at their price then.
    worth_wad: what its accounts with equity above zero are worth at the end.
    """

    name: str
    paid_in_wad: int
    taken_out_wad: int
    worth_wad: int

    @property
    def gain_wad(self) -> int:
        """What it has gained."""
        return self.worth_wad - self.paid_in_wad + self.taken_out_wad


@dataclass(frozen=True)
class RunGains:
    """Who gained and who lost in a run: persons, the highest gain first; flows, the largest first; the fund [wad]."""

    persons: tuple[PersonGain, ...] = ()
    flows: tuple[GainFlow, ...] = ()
    fund_wad: int = 0

    @cached_property
    def sources(self) -> Mapping[Party, Counter[str]]:
        """What each party gained from all others, by source [wad]; all together sum to zero."""
        found: defaultdict[Party, Counter[str]] = defaultdict(Counter)
        for each in self.flows:
            found[each.payee][each.source] += each.amount_wad
            found[each.payer][each.source] -= each.amount_wad
        return found

    @property
    def others(self) -> dict[Party, int]:
        """What each party that is no person gained [wad]."""
        return {party: sums.total() for party, sums in self.sources.items() if party.kind != PERSON}

    def imbalances(self) -> dict[str, int]:
        """Where a gain is not the sum of its sources, by how much [wad]; empty unless this program is wrong."""
        gains = {person(each.name): each.gain_wad for each in self.persons} | {INSURANCE: self.fund_wad}
        sums = {party: found.total() for party, found in self.sources.items()}
        found = {party.name: gain_wad - sums.get(party, 0) for party, gain_wad in gains.items()}
        return {name: lacking_wad for name, lacking_wad in found.items() if lacking_wad}


def _flow(source: str, one: Party, other: Party, amount_wad: int) -> Iterator[GainFlow]:
    if amount_wad > 0:
        yield GainFlow(source, other, one, amount_wad)
    elif amount_wad < 0:
        yield GainFlow(source, one, other, -amount_wad)
