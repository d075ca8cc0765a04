"""Thresholds met exactly, one below and one above: confidence, depeg, the cap of a collateral, optimal utilisation.

The quote token has 0, 2, 6, 8 or 18 decimals, by the seed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, TokenSpec
from crossvault.differential.story import Story, utilisation_and_rate
from crossvault.mirror import cash, collateral, correlation, market, shock
from crossvault.mirror.account import PORTFOLIO, STANDARD, AccountId
from crossvault.mirror.ruleset import Rules
from crossvault.walks import terms
from crossvault.walks.base import BROKER, FAUCET, FEEDER, GOVERNOR, STRANGER, TOKENS, WAD
from crossvault.walks.random_walk import Walk
from crossvault.walks.variety import WalkParameters

QUOTE_DECIMALS = (6, 0, 2, 8, 18)

LENDER, MAKER, TAKER = AccountId("lender"), AccountId("maker"), AccountId("taker")
_WHOLE = 1_000_000  # units of the quote token that each deposits
_COINS_RAW = 5 * 10**18
_SIZE = 3 * WAD
_THRESHOLD = WAD * 9 // 10
_BORROWED = 3_000  # units of the quote token
_WAIT_SECS = 60
_SIDES = (-1, 0, 1)


class ThresholdPoints(Walk):
    """Two traders and a lender; after each point the taker withdraws all that its margin allows, and one unit more."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, 0, variety=WalkParameters(delay_secs=0))
        self.decimals = QUOTE_DECIMALS[seed % len(QUOTE_DECIMALS)]
        self._scale = 10**self.decimals
        self.world = replace(self.world, tokens=(TokenSpec("USDC", self.decimals), *TOKENS[1:]))
        self.accounts = [LENDER, MAKER, TAKER]

    def story(self) -> Story:
        """The points as a story; it can be played once."""
        story = super().story()
        return replace(story, name=f"points-{self._seed}", hash=f"points {story.hash}", world=self.world)

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The set-up, and each threshold, in both margin modes where it has a parameter in each."""
        yield from self._funded_all()
        for scene in (self._doubted, self._capped, self._depegged, self._utilised):
            self._draw(scene.__name__)
            yield from scene(model)
        for scene in (self._doubted_portfolio, self._pegged_portfolio):
            self._draw(scene.__name__)
            yield from scene(model)
        yield doors.set_mode(self._at, TAKER.owner, account=TAKER, mode=STANDARD)

    def _funded_all(self) -> Iterator[Step]:
        """Listings and prices, cash for all, and a position of the taker."""
        self._draw("setup")
        yield from self._listings()
        for underlying in self._prices:
            yield self._print_at(underlying, self._prices[underlying], WAD)
        for account in self.accounts:
            for token, raw in (("USDC", 2 * _WHOLE * self._scale), ("WETH", _COINS_RAW)):
                yield doors.mint(self._at, FAUCET, token=token, to=account.owner, amount_raw=raw)
            raw = _WHOLE * self._scale // (100 if account == TAKER else 1)
            yield doors.deposit_cash(self._at, account.owner, account=account, amount_raw=raw)
            yield doors.set_operator(self._at, account.owner, account=account, operator=BROKER, allowed=True)
        yield doors.set_feeder(self._at, GOVERNOR, feeder=STRANGER, allowed=True)  # cash alone has sealed the vault
        yield doors.deposit_collateral(
            self._at, TAKER.owner, account=TAKER, collateral=0, amount_raw=_COINS_RAW
        )  # fmt: skip
        yield doors.trade(
            self._at, BROKER, maker=MAKER, taker=TAKER, instrument=market.perp(0), size=_SIZE,
            price_wad=self._prices[0],
        )  # fmt: skip

    def _print_at(self, underlying: int, index_wad: int, confidence_wad: int) -> Step:
        return doors.publish_price(
            self._at, FEEDER, underlying=underlying, index_wad=index_wad, premium_wad=0, confidence_wad=confidence_wad,
            published_at=self._at,
        )  # fmt: skip

    def _withdrawn_to_the_last(self, model: Model) -> Iterator[Step]:
        """The largest withdrawal that margin allows, one raw unit more before it, and its return."""
        most = max(0, self._free(model, TAKER)) * self._scale // WAD + 1

        def withdrawal(kept: int) -> Step:
            return doors.withdraw_cash(
                self._at, TAKER.owner, account=TAKER, amount_raw=most - kept, to=TAKER.owner
            )  # fmt: skip

        least = self._least(model, withdrawal, lambda: 0, most - 1)
        if least is not None:
            yield withdrawal(least - 1)
            yield withdrawal(least)
            yield doors.deposit_cash(self._at, TAKER.owner, account=TAKER, amount_raw=most - least)

    def _set(self, changes: Sequence[doors.Announcement]) -> Iterator[Step]:
        """Parameters announced and in force at once."""
        for change in changes:
            yield change.schedule(self._at, GOVERNOR)
            yield change.enact(self._at, GOVERNOR)

    def _doubts(self, model: Model) -> Iterator[Step]:
        """Prints around the threshold of confidence."""
        for side in _SIDES:
            yield self._print_at(0, self._prices[0], _THRESHOLD + side)
            yield from self._withdrawn_to_the_last(model)
        yield self._print_at(0, self._prices[0], WAD)

    def _doubted(self, model: Model) -> Iterator[Step]:
        """Confidence of a price, in standard margin."""
        risk = model.vault.ledger.risks[0]
        doubted = market.MarketRisk(**{name: getattr(risk, name) for name in market.MarketRisk._fields})._replace(
            confidence_threshold=_THRESHOLD, confidence_factor=WAD
        )
        yield from self._set([doors.RISK.of(underlying=0, risk=doubted)])
        yield from self._doubts(model)

    def _capped(self, model: Model) -> Iterator[Step]:
        """The value of a collateral at the cap on its credit."""
        held = model.vault.ledger.holders[TAKER].balances[0]
        value_wad = collateral.value(held, self._prices[0], model.vault.ledger.assets[0].decimals)
        rate = WAD // 10
        for side in _SIDES:
            haircut = collateral.HaircutTerms(rate, rate // 2, value_wad - side)
            yield from self._set([doors.HAIRCUT.of(collateral=0, terms=haircut)])
            yield from self._withdrawn_to_the_last(model)

    def _depegged(self, model: Model) -> Iterator[Step]:
        """The price of the quote token at the threshold of a depeg, in standard margin."""
        yield from self._set([doors.DEPEG.of(terms=cash.DepegTerms(2, _THRESHOLD, WAD))])
        yield from self._quoted(model)

    def _quoted(self, model: Model) -> Iterator[Step]:
        """Prints of the quote token around the threshold."""
        for side in _SIDES:
            yield self._print_at(2, _THRESHOLD + side, WAD)
            yield from self._withdrawn_to_the_last(model)
        yield self._print_at(2, self._prices[2], WAD)

    def _utilised(self, model: Model) -> Iterator[Step]:
        """Interest around the optimal utilisation, which is set to the present one, one more and one less."""
        cash_raw = _WHOLE * self._scale // 100 + _BORROWED * self._scale
        yield doors.withdraw_cash(self._at, TAKER.owner, account=TAKER, amount_raw=cash_raw, to=TAKER.owner)
        for side in _SIDES:
            used_wad, _ = utilisation_and_rate(model, self._at)
            interest = terms.interest(self._random)._replace(optimal_utilisation=max(0, used_wad - side))
            yield from self._set([doors.INTEREST.of(interest=interest)])
            self._at += _WAIT_SECS
            yield doors.deposit_cash(self._at, LENDER.owner, account=LENDER, amount_raw=1)
        yield doors.deposit_cash(self._at, TAKER.owner, account=TAKER, amount_raw=cash_raw)

    def _doubted_portfolio(self, model: Model) -> Iterator[Step]:
        """Confidence of a price, in portfolio margin."""
        risk = terms.portfolio_risk(self._random)
        held = risk.contingency._replace(confidence_threshold=_THRESHOLD, confidence_factor=WAD)
        changes = [doors.PORTFOLIO.of(underlying=0, risk=risk._replace(contingency=held))]
        yield from self._set([*changes, doors.RULES.of(rules=self._rules(0))])
        yield doors.set_mode(self._at, TAKER.owner, account=TAKER, mode=PORTFOLIO)
        yield from self._doubts(model)

    def _pegged_portfolio(self, model: Model) -> Iterator[Step]:
        """The price of the quote token at the threshold of a depeg, in portfolio margin."""
        yield from self._set([doors.RULES.of(rules=self._rules(_THRESHOLD))])
        yield from self._quoted(model)

    def _rules(self, threshold_wad: int) -> Rules:
        """One scenario each way, and losses that weigh more below a threshold of the quote token's price."""
        moves = tuple(shock.Scenario(move, WAD, 0) for move in (WAD // 5, -WAD // 5))
        loss = correlation.LossTerms(
            loss_initial=WAD * 12 // 10, loss_maintenance=WAD, peg_threshold=threshold_wad, peg_factor=WAD
        )
        zeros = (0,) * correlation.MAX_PAIRS
        return Rules(moves, loss, correlation.Matrix(zeros, zeros))
