"""The book of rights, kept from accepted steps alone: who may do what, what was announced when, what is in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from crossvault.differential.step import Outcome, Step, World
from crossvault.judge.marks import NO_FEED
from crossvault.judge.rounding import WAD

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

TRADE, DEPOSIT, WITHDRAW, ALL_SCOPES = 1, 2, 4, 7  # what an operator may do: a sum of these
BORROWING, COLLATERAL, INTEREST = "borrowing", "collateral", "open interest"  # what a cap of the vault limits
UNASSIGNED = ""  # the name of the zero address
_NOTHING: Mapping[Any, Any] = MappingProxyType({})

_ELSEWHERE = frozenset(
    {"cancel", "cancel_below", "next_epoch"}
)  # doors of the exchange: an act there is none at the vault
_CALLING = ("reentrant", "callback")  # kinds of tokens that enter the vault from within their transfers
Change = tuple[Any, ...]
"""What is announced: a kind of parameter, the number that it belongs to where there is one, and its value."""


class IndexLevel(NamedTuple):
    """An index price [wad] and since when it is in force [unix seconds]."""

    since: int
    index_wad: int


class RuleBook(NamedTuple):
    """Rights and parameters after some steps; a change makes another book that shares what is as before.

    owner, pending_owner, guardian, feeders: by name. operators: by account, with their scopes. acted: pairs of an
    account and an operator that has acted for it. modes: of accounts that chose portfolio margin. announced: when a
    change falls due [unix seconds]. open_since, cancelled_at: end of the last pause, time of the last cancellation
    [unix seconds]. is_sealed: whether what is added waits. parameters: in force, by kind and number. underlyings:
    names. collaterals: token and underlying. expiries: when an underlying's expiry was opened [unix seconds]. levels:
    of an index, since when it was how high. floors, epochs, filled, cancelled: of signed orders. decimals: of
    tokens.
    calling: tokens that enter the vault again.
    """

    owner: str
    quote: str
    decimals: Mapping[str, int]
    wallets: Mapping[str, str] = _NOTHING
    calling: frozenset[str] = frozenset()
    pending_owner: str = UNASSIGNED
    guardian: str = UNASSIGNED
    paused: bool = False
    open_since: int = 0
    cancelled_at: int = 0
    is_sealed: bool = False
    delay_secs: int = 0
    feeders: frozenset[str] = frozenset()
    operators: Mapping[AccountId, frozenset[tuple[str, int]]] = _NOTHING
    acted: frozenset[tuple[AccountId, str]] = frozenset()
    modes: Mapping[AccountId, int] = _NOTHING
    announced: Mapping[Change, int] = _NOTHING
    parameters: Mapping[Change, Any] = _NOTHING
    underlyings: tuple[str, ...] = ()
    collaterals: tuple[tuple[str, int], ...] = ()
    expiries: Mapping[tuple[int, int], int] = _NOTHING
    levels: Mapping[int, tuple[IndexLevel, ...]] = _NOTHING
    floors: Mapping[AccountId, int] = _NOTHING
    epochs: Mapping[AccountId, int] = _NOTHING
    filled: Mapping[Any, int] = _NOTHING
    cancelled: frozenset[Any] = frozenset()

    @classmethod
    def opened(cls, world: World) -> RuleBook:
        """The rights before the first step."""
        return cls(
            owner=world.owner,
            quote=world.quote,
            decimals={token.name: token.decimals for token in world.tokens},
            wallets=dict(world.wallets),
            calling=frozenset(token.name for token in world.tokens if token.kind in _CALLING),
            delay_secs=world.delay_secs,
            parameters={("auction",): world.terms, ("depeg",): (NO_FEED, 0, 0)},
        )

    def scopes_of(self, account: AccountId, sender: str) -> int:
        """What a sender may do for an account: all as its owner, else what the owner allowed it."""
        if sender == account.owner:
            return ALL_SCOPES
        return next((scopes for name, scopes in self.operators.get(account, ()) if name == sender), 0)

    def is_authorized(self, account: AccountId, sender: str, scopes: int = ALL_SCOPES) -> bool:
        """Whether a sender may act for an account in one of some scopes."""
        return bool(self.scopes_of(account, sender) & scopes)

    def after(self, step: Step, outcome: Outcome) -> RuleBook:
        """The rights after a step; a refused one changes none."""
        if outcome.refusal is not None:
            return self
        record = _RECORDS.get(step.action)
        book = record(self, step) if record else self
        if step.action == "publish_price":
            book = book._with_level(step, outcome)
        if not book.is_sealed and any(action in _SEALING for action, _ in calls(step)):
            book = book._replace(is_sealed=True)
        return book._with_acts(step)

    def _with_level(self, step: Step, outcome: Outcome) -> RuleBook:
        """The book with the level of an index after a print, as its event has it; a print without a guard is a jump."""
        underlying = step.args["underlying"]
        guard = self.parameters.get(("guard", underlying))
        index_wad = next((event.values[6][0] for event in outcome.events if event.name == "PricePublished"), None)
        last = self.levels.get(underlying, ())
        if index_wad is None or (last and last[-1].index_wad == index_wad):
            return self
        kept: tuple[IndexLevel, ...] = ()
        if last and guard is not None and guard.max_jump and guard.confirm_secs:
            is_jump = abs(index_wad - last[-1].index_wad) > last[-1].index_wad * guard.max_jump // WAD
            kept = () if is_jump else standing(last, step.at - guard.confirm_secs)
        return self._replace(levels=_merged(self.levels, underlying, (*kept, IndexLevel(step.at, index_wad))))

    def _with_acts(self, step: Step) -> RuleBook:
        if step.action in _ELSEWHERE:
            return self
        acts = [(account, step.sender) for account in acting(step) if account.owner != step.sender]
        if not acts or self.acted.issuperset(acts):
            return self
        return self._replace(acted=self.acted.union(acts))


def standing(levels: tuple[IndexLevel, ...], since: int) -> tuple[IndexLevel, ...]:
    """The levels that were still in force after a time [unix seconds]: those whose successor came later."""
    return tuple(
        level for place, level in enumerate(levels) if place + 1 == len(levels) or levels[place + 1].since > since
    )


def calls(step: Step) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The doors that a step enters with their arguments: its own, or those of its batch."""
    if step.action != "batch":
        yield step.action, step.args
        return
    for call in step.args["calls"]:
        yield call.action, call.args


ACTED_FOR = {
    "set_operator": ("account",), "set_scopes": ("account",), "set_mode": ("account",), "deposit_cash": ("account",),
    "withdraw_cash": ("account",), "deposit_collateral": ("account",), "withdraw_collateral": ("account",),
    "trade": ("maker", "taker"), "bid": ("bidder",), "cancel_below": ("account",), "next_epoch": ("account",),
}  # fmt: skip
"""By door, the arguments that name the accounts that its sender acts for."""
GRANTS = frozenset({"set_operator", "set_scopes"})
"""Doors by which an owner names operators."""
_SCOPES = {
    "deposit_cash": DEPOSIT, "deposit_collateral": DEPOSIT, "withdraw_cash": WITHDRAW, "withdraw_collateral": WITHDRAW,
}  # fmt: skip


def rights(step: Step) -> Iterator[tuple[AccountId, int]]:
    """The accounts that the sender of a step acts for, each with the scope that it needs there."""
    if step.action == "cancel":
        yield step.args["order"].account, TRADE
    for action, args in calls(step):
        for name in ACTED_FOR.get(action, ()):
            yield args[name], _SCOPES.get(action, TRADE)


def acting(step: Step) -> Iterator[AccountId]:
    """The accounts that the sender of a step acts for."""
    return (account for account, _ in rights(step))


def paid_to_others(step: Step) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The withdrawals of a step that an operator sends to another than the owner of the account."""
    for action, args in calls(step):
        if _SCOPES.get(action) == WITHDRAW and args["account"].owner not in (step.sender, args["to"]):
            yield action, args


def change_of(step: Step) -> Change:
    """The change that a step announces or enacts, as its announcement is noted."""
    kind = step.action.partition("_")[2]
    return (kind, step.args["feeder"]) if kind == "feeder" else (kind, *step.args.values())


def is_looser(book: RuleBook, step: Step) -> bool:
    """Whether a step sets a cap of the vault that is looser than the one in force; 0 is none."""
    *limited, amount = change_of(step)
    present = book.parameters.get(tuple(limited), 0)
    return bool(present and (not amount or amount > present))


def is_addition(book: RuleBook, step: Step) -> bool:
    """Whether a step adds a feeder, an underlying or a collateral, or replaces a guardian."""
    if step.action == "set_guardian":
        return book.guardian != UNASSIGNED
    return step.action in _LISTINGS or (step.action == "set_feeder" and bool(step.args["allowed"]))


def is_delayed(book: RuleBook, step: Step) -> bool:
    """Whether the change of a step waits: in a sealed vault additions and looser caps do, a tightening never does.

    The caps of a vault are of their own: each has one number.
    """
    if step.action == "enact_cap":
        return book.is_sealed and is_looser(book, step)
    if step.action.startswith("enact_"):
        return not is_tightening(book, step)
    return book.is_sealed and is_addition(book, step)


def is_tightening(book: RuleBook, step: Step) -> bool:
    """Whether a step changes parameters only toward less new risk: to one side, and of the fields that may."""
    *where, now = change_of(step)
    was, tighter = book.parameters.get(tuple(where)), _TIGHTER.get(step.action)
    if was is None or tighter is None:
        return False
    moved = {name: new - old for name, old, new in zip(now._fields, was, now, strict=True) if new != old}
    return bool(moved) and all(by * tighter.get(name, 0) > 0 for name, by in moved.items())


def falls_due(book: RuleBook, change: Change) -> int | None:
    """When a change may be made, in a vault that was open for the whole delay [unix seconds]; None: not announced."""
    due_at = book.announced.get(change)
    if due_at is None or due_at - book.delay_secs <= book.cancelled_at:
        return None
    return max(due_at, book.open_since + book.delay_secs)


_TIGHTER: Mapping[str, Mapping[str, int]] = {
    "enact_risk": {"trade_band": -1, "initial_rate": 1, "profit_weight": -1},
    "enact_options": {
        "trade_band": -1, "max_spot_rate": 1, "min_spot_rate": 1, "put_initial_scale": 1, "unpaired_initial": 1,
    },
    "enact_haircut": {"haircut_initial": 1},
}  # fmt: skip
"""By door, the fields that bind new risk and withdrawals alone, and the side on which they are tighter."""
_LISTINGS = frozenset({"list_underlying", "list_collateral"})
_SEALING = frozenset({"seal", "deposit_cash", "deposit_collateral"})


def _merged(noted: Mapping[Any, Any], key: Any, value: Any) -> Mapping[Any, Any]:
    return {**noted, key: value}


def with_scopes(
    operators: frozenset[tuple[str, int]], operator: str, scopes: int
) -> frozenset[tuple[str, int]]:  # fmt: skip
    """Operators of an account after one of them was given scopes, or none."""
    others = frozenset([each for each in operators if each[0] != operator])
    return others | {(operator, scopes)} if scopes else others


def _operator(book: RuleBook, step: Step) -> RuleBook:
    account, operator = step.args["account"], step.args["operator"]
    scopes = step.args["scopes"] if step.action == "set_scopes" else ALL_SCOPES * step.args["allowed"]
    now = with_scopes(book.operators.get(account, frozenset()), operator, scopes)
    return book._replace(
        operators=_merged(book.operators, account, now), acted=book.acted - {(account, operator)}
    )  # fmt: skip


def _feeder(book: RuleBook, step: Step) -> RuleBook:
    others = book.feeders - {step.args["feeder"]}
    if not step.args["allowed"]:
        return book._replace(feeders=others)
    return book._replace(feeders=others | {step.args["feeder"]}, announced=_unannounced(book, step))


def _guardian(book: RuleBook, step: Step) -> RuleBook:
    left = _unannounced(book, step) if is_addition(book, step) else book.announced
    return book._replace(guardian=step.args["to"], announced=left)


def _unpaused(book: RuleBook, step: Step) -> RuleBook:
    return book._replace(paused=False, open_since=step.at if book.paused else book.open_since)


def _unannounced(book: RuleBook, step: Step) -> Mapping[Change, int]:
    """The announcements that are left once a step has made its change."""
    change = change_of(step)
    return {each: due_at for each, due_at in book.announced.items() if each != change}


def _schedule(book: RuleBook, step: Step) -> RuleBook:
    return book._replace(announced=_merged(book.announced, change_of(step), step.at + book.delay_secs))


def _enact(book: RuleBook, step: Step) -> RuleBook:
    change = change_of(step)
    return book._replace(
        announced=_unannounced(book, step), parameters=_merged(book.parameters, change[:-1], change[-1])
    )  # fmt: skip


def _underlying(book: RuleBook, step: Step) -> RuleBook:
    number = len(book.underlyings)
    return book._replace(
        announced=_unannounced(book, step),
        underlyings=(*book.underlyings, step.args["name"]),
        parameters=_merged(book.parameters, ("risk", number), step.args["risk"]),
    )


def _collateral(book: RuleBook, step: Step) -> RuleBook:
    number = len(book.collaterals)
    return book._replace(
        announced=_unannounced(book, step),
        collaterals=(*book.collaterals, (step.args["token"], step.args["underlying"])),
        parameters=_merged(book.parameters, ("haircut", number), step.args["terms"]),
    )


def _expiry(book: RuleBook, step: Step) -> RuleBook:
    term = step.args["underlying"], step.args["expiry"]
    return book._replace(expiries=_merged(book.expiries, term, step.at))


def _epoch(book: RuleBook, step: Step) -> RuleBook:
    account = step.args["account"]
    epochs = _merged(book.epochs, account, book.epochs.get(account, 0) + 1)
    return book._replace(epochs=epochs, floors=_merged(book.floors, account, 0))


def _fill(book: RuleBook, step: Step) -> RuleBook:
    filled = dict(book.filled)
    for pair in step.args["matches"]:
        for order in (pair.maker, pair.taker):
            filled[order] = filled.get(order, 0) + pair.size_wad
    return book._replace(filled=filled)


_RECORDS: Mapping[str, Callable[[RuleBook, Step], RuleBook]] = {
    "offer_ownership": lambda book, step: book._replace(pending_owner=step.args["to"]),
    "accept_ownership": lambda book, step: book._replace(owner=step.sender, pending_owner=UNASSIGNED),
    "set_guardian": _guardian,
    "set_feeder": _feeder,
    "set_operator": _operator,
    "set_scopes": _operator,
    "set_mode": lambda book, step: book._replace(
        modes=_merged(book.modes, step.args["account"], step.args["mode"])
    ),
    "pause": lambda book, step: book._replace(paused=True),
    "unpause": _unpaused,
    "cancel_changes": lambda book, step: book._replace(cancelled_at=step.at),
    "list_underlying": _underlying,
    "list_collateral": _collateral,
    "open_expiry": _expiry,
    "fill": _fill,
    "cancel": lambda book, step: book._replace(cancelled=book.cancelled | {step.args["order"]}),
    "cancel_below": lambda book, step: book._replace(
        floors=_merged(book.floors, step.args["account"], step.args["salt"])
    ),
    "next_epoch": _epoch,
    **dict.fromkeys(
        ("schedule_risk", "schedule_options", "schedule_guard", "schedule_portfolio", "schedule_haircut",
         "schedule_auction", "schedule_depeg", "schedule_interest", "schedule_rules", "schedule_cap", "schedule_feeder",
         "schedule_underlying", "schedule_collateral", "schedule_guardian"), _schedule,
    ),
    **dict.fromkeys(
        ("enact_risk", "enact_options", "enact_guard", "enact_portfolio", "enact_haircut", "enact_auction",
         "enact_depeg", "enact_interest", "enact_rules", "enact_cap"), _enact,
    ),
}  # fmt: skip
