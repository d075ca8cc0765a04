"""Random acts of governance: parameters announced and put into force, listings, roles, pauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import fixed, market
from crossvault.walks import terms
from crossvault.walks.base import (
    BROKER,
    COLLATERALS,
    FEEDER,
    GOVERNOR,
    GUARDIAN,
    PRICED_BY,
    SPARES,
    STRANGER,
    UNDERLYINGS,
    WAD,
    Args,
    WalkBase,
)
from crossvault.walks.variety import Variety, at_an_end


class ParameterMoves(WalkBase):
    """What the owner of a vault does, and who only tries to."""

    def __init__(self, seed: int, variety: Variety) -> None:
        super().__init__(seed, variety)
        self._scheduled: list[tuple[str, Args]] = []

    def _listings(self) -> Iterator[Step]:
        for name in UNDERLYINGS:
            yield self._step(GOVERNOR, "list_underlying", name=name, risk=self._stretched(terms.risk(self._random)))
        for token in COLLATERALS:
            haircut = self._stretched(terms.haircut(self._random))
            yield self._step(GOVERNOR, "list_collateral", token=token, underlying=PRICED_BY[token], terms=haircut)
        yield self._step(GOVERNOR, "set_feeder", feeder=FEEDER, allowed=True)
        yield self._step(GOVERNOR, "set_guardian", to=GUARDIAN)

    def _announcements(self) -> Sequence[tuple[str, Args]]:
        """What is put into force before trading begins: options, guards and interest."""
        random = self._random
        found: list[tuple[str, Args]] = [
            ("options", {"underlying": underlying, "risk": terms.options(random)}) for underlying in (0, 1)
        ]
        guarded = [underlying for underlying in range(3) if random.random() < 0.6]
        found += [("guard", {"underlying": underlying, "guard": terms.guard(random)}) for underlying in guarded]
        found += [("portfolio", {"underlying": each, "risk": terms.folio(random)}) for each in (0, 1)]
        found.append(("rules", {"rules": terms.rules(random)}))
        found.append(("interest", {"interest": terms.interest(random)}))
        return [(kind, self._all_stretched(args)) for kind, args in found]

    def _all_stretched(self, args: Args) -> Args:
        return {name: self._stretched(value) for name, value in args.items()}

    def _stretched(self, value: Any) -> Any:
        """Parameters as drawn, or with a field at the end of its range."""
        percent = self._variety.edge_pct
        return at_an_end(self._random, value) if percent and self._random.randrange(100) < percent else value

    def _schedule(self, model: Model) -> Step:
        random = self._random
        underlying = random.choice((0, 0, 1, 1, 2, 3))
        no_more: Args = {"underlying": underlying, "risk": terms.options(random)._replace(heartbeat_secs=0)}
        options = {"underlying": underlying, "risk": terms.options(random)}
        kind, args = random.choice(
            (
                ("risk", {"underlying": underlying, "risk": terms.risk(random)}),
                ("haircut", {"collateral": random.randrange(7), "terms": terms.haircut(random)}),
                ("auction", {"terms": terms.auction(random)}),
                ("depeg", {"terms": terms.depeg(random)}),
                ("options", no_more if random.random() < 0.05 else options),
                ("guard", {"underlying": underlying, "guard": terms.guard(random)}),
                ("interest", {"interest": terms.interest(random)}),
                ("portfolio", {"underlying": underlying, "risk": terms.folio(random)}),
                ("rules", {"rules": terms.rules(random)}),
            )
        )
        args = self._all_stretched(args)
        self._scheduled.append((kind, args))
        return self._step(self._governor(), f"schedule_{kind}", **args)

    def _enact(self, model: Model) -> Step:
        if not self._scheduled:
            return self._schedule(model)
        place = self._random.randrange(len(self._scheduled))
        kind, args = self._scheduled[place]
        if self._random.random() < 0.7:
            del self._scheduled[place]
        return self._step(self._governor(), f"enact_{kind}", **args)

    def _governor(self) -> str:
        return GOVERNOR if self._random.random() < 0.95 else STRANGER

    def _pause(self, model: Model) -> Step:
        return self._step(self._random.choice((GUARDIAN, GOVERNOR, STRANGER)), "pause")

    def _unpause(self, model: Model) -> Step:
        return self._step(self._random.choice((GOVERNOR,) * 7 + (GUARDIAN,)), "unpause")

    def _ownership(self, model: Model) -> Step:
        """Offers the vault to its owner's own name, so that governance goes on; or lets a stranger try to take it."""
        if self._random.random() < 0.5:
            return self._step(GOVERNOR, "offer_ownership", to=GOVERNOR)
        return self._step(self._random.choice((GOVERNOR, STRANGER)), "accept_ownership")

    def _operator(self, model: Model) -> Step:
        account = self._account()
        operator = self._random.choice((STRANGER, BROKER, account.owner))
        allowed = operator == BROKER or self._random.random() < 0.3
        return self._step(self._actor(account), "set_operator", account=account, operator=operator, allowed=allowed)

    def _list(self, model: Model) -> Step:
        """One more underlying or collateral, up to the limits and beyond."""
        random = self._random
        if random.random() < 0.5:
            number = len(model.vault.ledger.risks)
            return self._step(GOVERNOR, "list_underlying", name=f"MORE{number}", risk=terms.risk(random))
        token = random.choice((*SPARES, *SPARES, "WETH", "USDC"))
        haircut = terms.haircut(random)
        return self._step(GOVERNOR, "list_collateral", token=token, underlying=random.choice((0, 9)), terms=haircut)

    def _bad_terms(self, model: Model) -> Step:
        """Parameters just outside their ranges."""
        random = self._random
        bad_guard = terms.guard(random)._replace(confirm_secs=86_401)
        bad_options = terms.options(random)._replace(unpaired_initial=WAD - 1)
        bad_interest = terms.interest(random)._replace(low_slope=4 * WAD + 1)
        return random.choice(
            (
                self._step(GOVERNOR, "list_underlying", name="BAD", risk=market.MarketRisk()),
                self._step(GOVERNOR, "schedule_guard", underlying=0, guard=bad_guard),
                self._step(GOVERNOR, "schedule_options", underlying=1, risk=bad_options),
                self._step(GOVERNOR, "schedule_interest", interest=bad_interest),
                self._step(STRANGER, "set_feeder", feeder=STRANGER, allowed=True),
                self._step(STRANGER, "open_expiry", underlying=0, expiry=fixed.CAP),
            )
        )
