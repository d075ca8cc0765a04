"""Accounts in portfolio mode, long and short in every mix, under a series of rules."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.mirror import correlation, market, portfolio as folios
from crossvault.mirror.account import PORTFOLIO, AccountId
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.shock import Scenario
from crossvault.walks import terms
from crossvault.walks.base import BROKER, GOVERNOR, WAD
from crossvault.walks.corners import CornerCases

_RICH_RAW = 10**13
_SIZES = (3 * WAD, WAD // 7)  # of each underlying
_MAKER, _HEDGER = AccountId("owner6", 1), AccountId("hedger")
_COINS_RAW, _CARRY_RAW = 10**18, 100 * 10**6  # of WETH and of USDC
_OPTIONS = (market.CALL, market.PUT)
PERPS, ALL, STRADDLE = _BOOKS = ("perps", "all", "straddle")


class RuleMix(NamedTuple):
    """A set of rules: correlations of like and opposite losses, their breakdown, the least share of the sum."""

    alike: int
    opposite: int
    breakdown: int
    phi: int


_RULES = (
    RuleMix(WAD, WAD, WAD // 10, 0), RuleMix(WAD * 9 // 10, WAD // 2, WAD // 5, 0), RuleMix(0, WAD, 0, 0),
    RuleMix(-WAD, -WAD, WAD // 3, 0), RuleMix(WAD // 3, WAD // 4, WAD // 2, WAD // 2), RuleMix(-WAD // 2,
    WAD, 2 * WAD, WAD),
)  # fmt: skip


class PortfolioMixes(CornerCases):
    """Fourteen desks, each with its own mix; their margin metrics are compared after every change."""

    def story(self) -> Story:
        """The desks as a story; it can be played once."""
        story = super().story()
        return replace(story, name=f"desks-{self._seed}", hash=f"desks {story.hash}")

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The set-up, the desks' positions, and the rules."""
        yield from self.setup()
        yield from self._opening(model)
        yield from self._funded(_MAKER, 10 * _RICH_RAW, 0)
        mixes = [*product((1, -1), (1, -1), _BOOKS), (0, 1, PERPS), (1, 0, ALL)]
        desks = {AccountId(f"desk{place}"): mix for place, mix in enumerate(mixes)}
        self.accounts += desks  # their prices are kept fresh
        for desk, (first, second, book) in desks.items():
            self._draw(desk)
            yield from self._funded(desk, _RICH_RAW, 10**18 if book == ALL else 0)
            yield from self._opened(model, desk, (first, second), book)
            yield doors.set_mode(self._at, desk.owner, account=desk, mode=PORTFOLIO)
        for how in _RULES:
            self._draw(how)
            yield from self._ruled(model, how)
            yield from self._fresh()
            yield self._publish(0, self._random.choice((WAD, WAD // 3, WAD // 7)), 0)
            yield from self._stale(model)
            for desk in desks:
                yield doors.set_operator(self._at, desk.owner, account=desk, operator=BROKER, allowed=True)
                free_raw = max(0, self._free(model, desk)) // 10**12
                for amount_raw in (free_raw + 1, free_raw):
                    yield doors.withdraw_cash(self._at, desk.owner, account=desk, amount_raw=amount_raw, to=desk.owner)
                yield doors.deposit_cash(self._at, desk.owner, account=desk, amount_raw=free_raw)
        self._draw("hedged")
        yield from self._hedged(model)

    def _hedged(self, model: Model) -> Iterator[Step]:
        """Collateral that costs more margin than it gives: without cash, as much as cash carries, and one unit more."""
        fall = Scenario(1 - WAD, WAD, 0)  # the whole value, times the factor of losses, against a credit of the value
        loss = correlation.LossTerms(loss_initial=WAD * 13 // 10, loss_maintenance=WAD)
        matrix = correlation.Matrix((0,) * correlation.MAX_PAIRS, (0,) * correlation.MAX_PAIRS)
        yield from self._changed(model, [doors.RULES.of(rules=Rules((fall,), loss, matrix))])
        yield from self._fresh()
        for token, amount_raw in (("WETH", 2 * _COINS_RAW), ("USDC", _CARRY_RAW)):
            yield doors.mint(self._at, _HEDGER.owner, token=token, to=_HEDGER.owner, amount_raw=amount_raw)
        yield doors.set_mode(self._at, _HEDGER.owner, account=_HEDGER, mode=PORTFOLIO)
        yield self._paid_in(_HEDGER, 0, WAD)
        yield doors.deposit_cash(self._at, _HEDGER.owner, account=_HEDGER, amount_raw=_CARRY_RAW)

        def kept(raw: int) -> Step:
            return self._paid_in(_HEDGER, 0, _COINS_RAW - raw)

        if least := self._least(model, kept, lambda: 0, _COINS_RAW - 1):
            yield kept(least - 1)
            yield kept(least)
            yield self._paid_in(_HEDGER, 0, 1)

    def _opened(self, model: Model, desk: AccountId, signs: tuple[int, int], book: str) -> Iterator[Step]:
        """The trades of one desk; a straddle is in the first underlying alone, beside a perp in the second."""
        for underlying, sign in enumerate(signs):
            if not sign:
                continue
            straddle = book == STRADDLE and underlying == 0
            instruments = [] if straddle else [market.perp(underlying)]
            for term in self._open(model)[:6] if straddle or book == ALL else ():
                if term.underlying == underlying:
                    strike = self._strike(term)
                    instruments += [market.instrument_of(*self._of_kind(term, kind), strike) for kind in _OPTIONS]
                    if book == ALL:
                        instruments.insert(1, market.instrument_of(*self._of_kind(term, market.FUTURE), 0))
            for place, instrument in enumerate(instruments):
                found = self._quotation(model, instrument)
                if found is not None:
                    turned = -1 if place == 2 and book == ALL else 1
                    size = sign * turned * _SIZES[underlying] // (1 if straddle else 1 + place)
                    yield self._deal(_MAKER, desk, instrument, size, max(1, found[0]))

    def _risk(self) -> folios.PortfolioRisk:
        """Parameters that all differ, with a confidence threshold that binds."""
        random, drawn = self._random, terms.portfolio_risk(self._random)
        skew = drawn.skew._replace(absolute_cap=WAD // 4 + random.randrange(WAD), linear_cap=WAD // 9)
        factor = random.randrange(WAD)
        held = drawn.contingency._replace(confidence_threshold=WAD * 55 // 100, confidence_factor=factor)
        return drawn._replace(skew=skew, contingency=held)

    def _ruled(self, model: Model, how: RuleMix) -> Iterator[Step]:
        """New rules and parameters in force."""
        pairs = correlation.MAX_PAIRS
        drawn = terms.rules(self._random)
        held = drawn.terms._replace(breakdown=how.breakdown, phi_initial=how.phi, phi_maintenance=how.phi // 2)
        matrix = correlation.Matrix((how.alike,) * pairs, (how.opposite,) * pairs)
        rules = drawn._replace(terms=held, matrix=matrix)
        risks = [self._risk() for _ in range(2)]
        changes = [doors.RULES.of(rules=rules)]
        changes += [doors.PORTFOLIO.of(underlying=place, risk=risk) for place, risk in enumerate(risks)]
        yield from self._changed(model, changes)

    def _changed(self, model: Model, changes: Sequence[doors.Announcement]) -> Iterator[Step]:
        """Parameters scheduled, and in force after the delay."""
        for change in changes:
            yield change.schedule(self._at, GOVERNOR)
        self._at += model.vault.delay_secs
        for change in changes:
            yield change.enact(self._at, GOVERNOR)
