"""A story: a world, and steps that follow from the outcomes of the steps before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from crossvault.differential.ending import USAGE, FailedRun, InputProblem
from crossvault.differential.model import Model
from crossvault.differential.own_rules import OwnInvariant
from crossvault.differential.step import Step, StepStream, World
from crossvault.mirror import account as accounts, cash, fixed, funding, ledger, market, option, oracle, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.margin import Book
from crossvault.mirror.standard import Exposure


class ExpectationFailed(FailedRun):
    """A story differs from the expectation in its file: `file:line: field: expected ..., got ...`."""


class OpeningRefused(ExpectationFailed):
    """The vault refuses what a file opens with or publishes, which its own fields cause."""

    exit_code = USAGE


def _unplaced(step: Step, argument: str, problem: str) -> InputProblem:
    return InputProblem(problem, field=f"{step.action}.{argument}")


@dataclass(frozen=True, slots=True)
class Story:
    """A scenario, ready to be played.

    hash: of the file, the data that it reads, the overrides and the seed. expected_steps: an estimate.
    steps: yields steps for a model that executes each before it sends the outcome; raises ExpectationFailed.
    finding: the difference once found in it, where it is a repro. opening_steps: number of steps of the set-up, and
    ends_at: its end [unix seconds], where they are known. warnings: what its data lacks, one line each.
    invariants: those of the user that its file names. persons: by owner, the person behind it, where a file names one.
    problem: a problem of a step by its argument, with its place in the file where steps are written.
    """

    name: str
    about: str
    seed: int
    hash: str
    world: World
    underlyings: tuple[str, ...]
    collaterals: tuple[str, ...]
    expected_steps: int
    steps: Callable[[Model], StepStream]
    finding: str = ""
    opening_steps: int = 0
    ends_at: int = 0
    warnings: tuple[str, ...] = ()
    invariants: tuple[OwnInvariant, ...] = ()
    persons: Mapping[str, str] = field(default_factory=dict)
    problem: Callable[[Step, str, str], InputProblem] = _unplaced


def step_stream(steps: Sequence[Step]) -> StepStream:
    """A stream of a fixed list of steps."""
    yield from (step for step in steps)  # a generator, because outcomes are sent to it


def utilisation_and_rate(model: Model, at: int) -> tuple[int, int]:
    """Utilisation and borrow rate per year at a time [wad]."""
    pool = model.vault.ledger.cash
    now = cash.indexes(pool, now=at)
    supplied_wad = fixed.mul_div_down(pool.total_supply, now.supply, fixed.RAY)
    used_wad = cash.utilisation(supplied_wad, fixed.mul_div_up(pool.total_borrow, now.borrow, fixed.RAY))
    return used_wad, cash.borrow_rate(pool.interest, used_wad)


def mark(model: Model, instrument: int, at: int) -> int:
    """Price at which the model values an instrument at a time, however old the prints are [wad]; 0 if unknown."""
    state = model.vault.ledger
    underlying, kind = market.underlying_of(instrument), market.kind_of(instrument)
    price = state.prices[underlying]
    if kind == market.PERP:
        return oracle.mark(price.index, price.premium, state.risks[underlying].mark_band)
    curve = valuation.curve_of(state, instrument)
    if curve.listed_at == 0:
        return 0
    expiry, strike_wad = market.expiry_of(instrument), market.strike_of(instrument)
    forward_wad = curve.settlement or sum(oracle.forward_parts(curve, price, expiry, now=at))
    if kind == market.FUTURE:
        return forward_wad
    is_call = kind == market.CALL
    if curve.settlement:
        return option.payoff(forward_wad, strike_wad, is_call)
    book = Book(0, [], [Exposure() for _ in state.risks], [])
    line = valuation.option_line(state, book, instrument, 0, now=at)
    valuation.mark_options(state, [line])
    return line.mark_wad


def value(model: Model, account: AccountId, instrument: int, at: int) -> int:
    """Value of a position at a time: size * mark, quote, and the funding due [wad]."""
    position = accounts.entry(model.vault.ledger.holders[account], instrument)
    worth_wad = fixed.mul_div_floor(position.size, mark(model, instrument, at), fixed.WAD)
    return worth_wad + position.quote + due_funding(model, account, instrument, at)


def due_funding(model: Model, account: AccountId, instrument: int, at: int) -> int:
    """Funding due to a position since its last change; negative when it pays [wad]."""
    state = model.vault.ledger
    position = accounts.entry(state.holders[account], instrument)
    grown = ledger.funding_index(state, instrument, now=max(at, model.at)) - position.funding_index
    return funding.payment(position.size, grown)
