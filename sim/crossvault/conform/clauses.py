"""The clauses of the specification (contracts/README.md): the needs of each, its steps, and what shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crossvault.conform.step_context import StepContext, is_rising, profit, size_rate
from crossvault.differential.step import Action
from crossvault.mirror import fixed, market

ACCEPTANCE = "accepted"
EVENTS = "events"
_STATE = ("cash_wad", "size", "quote", "snapshot")
_SALE = (
    "sale_started_at",
    "sale_insolvent_at",
    "sale_reserved_wad",
    "sale_deficit_wad",
    "deficit_wad",
    "insurance_wad",
)
_EQUITY = ("equity_wad",)
_ADJUSTED = ("initial_equity_wad", "free_collateral_wad", "initial_margin_wad")
_INITIAL = ("initial_requirement_wad", "free_collateral_wad", "initial_margin_wad")
_MAINTENANCE = ("maintenance_requirement_wad", "maintenance_margin_wad", "health_wad")


class Clause(NamedTuple):
    """A sentence of the specification.

    needs: the capability without which it is not searched. when: whether a step is about it. shows: the figures,
    refusals, `accepted` and `events` in which a difference of it shows. doors: whose refusals alone are meant.
    """

    section: str
    text: str
    needs: str
    when: Callable[[StepContext], bool]
    shows: tuple[str, ...]
    doors: tuple[Action, ...] = ()


def _done(*actions: Action) -> Callable[[StepContext], bool]:
    return lambda m: m.step.action in actions and not m.refused


def _refused(names: tuple[str, ...], *actions: Action) -> Callable[[StepContext], bool]:
    return lambda m: m.refused in names and (not actions or m.step.action in actions)


def _refusal(section: str, text: str, needs: str, *names: str, doors: tuple[Action, ...] = ()) -> Clause:
    """A clause that a refusal shows."""
    return Clause(section, text, needs, _refused(names, *doors), (*names, ACCEPTANCE), doors)


def _perps(m: StepContext) -> bool:
    return any(market.kind_of(held.instrument) == market.PERP for held in m.held)


def _doubtful(m: StepContext) -> bool:
    return any(held.confidence < held.risk.confidence_threshold and held.risk.confidence_factor for held in m.held)


def _weighed(m: StepContext) -> bool:
    perps = (held for held in m.held if market.kind_of(held.instrument) == market.PERP)
    return any(held.risk.profit_weight < fixed.WAD and profit(held) > 0 for held in perps)


def _large(m: StepContext) -> bool:
    return any(size_rate(held) > held.risk.initial_rate for held in m.held)


def _large_maintenance(m: StepContext) -> bool:
    return any(fixed.mul_div_up(size_rate(held), held.risk.maintenance_scale, fixed.WAD) > held.risk.maintenance_rate
               for held in m.held)  # fmt: skip


def _reduces(m: StepContext) -> bool:
    return _done("trade")(m) and any(not is_rising(*pair) for pair in m.changes())


def _rises(m: StepContext) -> bool:
    return _done("trade")(m) and any(is_rising(*pair) for pair in m.changes())


def _closes(m: StepContext) -> bool:
    return _done("trade")(m) and any(was and not now for was, now in m.changes())


def _clamped(m: StepContext) -> bool:
    state = m.model.vault.ledger
    known = ((state.prices[i], state.risks[i].mark_band) for i in range(len(state.risks)))
    return any(abs(price.premium) > fixed.mul_div_floor(price.index, band, fixed.WAD) for price, band in known)


def _priced(m: StepContext) -> bool:
    state = m.model.vault.ledger
    return any(state.prices[i].premium for i in range(len(state.risks)))


def _secured(m: StepContext) -> bool:
    state = m.model.vault.ledger
    return any(state.holders[each].balances[i] for each in m.step.accounts() for i in range(len(state.assets)))


def _followed(m: StepContext) -> bool:
    state = m.model.vault.ledger
    return any(state.prices[i].stable != state.prices[i].index for i in range(len(state.risks)))


def _futures(m: StepContext) -> bool:
    return any(market.kind_of(held.instrument) == market.FUTURE for held in m.held)


def _options(m: StepContext) -> bool:
    return any(market.is_option(market.kind_of(held.instrument)) for held in m.held)


def _solvent(m: StepContext) -> bool:
    return _done("bid")(m) and not m.before.insolvent


def _insolvent(m: StepContext) -> bool:
    return _done("bid")(m) and m.before.insolvent


_BUFFERED: tuple[Action, ...] = ("end_liquidation", "bid", "declare_insolvent")


def _buffered(m: StepContext) -> bool:
    refused = m.refused in ("StillLiquidatable", "NotLiquidatable")
    return m.step.action in _BUFFERED and (refused or not m.refused)


_CASH = "Cash"
_PRICES = "Prices"
_TRADES = "Trades"
_MARGIN = "Margin"
_CALLS = "What a call must leave behind"
_SALES = "Liquidation"
_RULES = "Governance"

CLAUSES = (
    Clause(_PRICES, "a print replaces the last one, also at an equal time", "", _done("publish_price"),
           ("mark_wad", ACCEPTANCE, "snapshot")),
    _refusal(_PRICES, "only a feeder publishes", "", "NotFeeder"),
    _refusal(_PRICES, "a price of zero or above the cap, a confidence above one, an unknown underlying are refused",
             "", "ZeroPrice", "PriceTooLarge", "ConfidenceTooLarge", "UnknownUnderlying", doors=("publish_price",)),
    _refusal(_PRICES, "a print from the future or older than the last is refused", "", "PriceFromFuture",
             "PriceGoesBackwards"),
    Clause(_PRICES, "the mark of a perp is the index and the premium", "premium",
           _priced, ("mark_wad", "band_wad", *_EQUITY)),
    Clause(_PRICES, "the premium is cut at the mark band", "premium", _clamped, ("mark_wad", "band_wad", *_EQUITY)),
    _refusal(_PRICES, "a stale price: no new risk, no withdrawal, no liquidation", "", "StalePrice"),
    _refusal(_TRADES, "a trade's price lies within the band around the mark", "perps", "PriceOutsideBand"),
    Clause(_TRADES, "size and quote: the taker's by (size, -ceil(price * size)), the maker's by the opposite", "perps",
           _done("trade"), (*_STATE, ACCEPTANCE, "TooManyPositions")),
    Clause(_TRADES, "a size that returns to zero turns its quote into cash", "perps", _closes, _STATE),
    _refusal(_TRADES, "no zero size, no size above the cap, no zero price, no trade with oneself", "perps", "ZeroSize",
             "SizeTooLarge", "SameAccount", "ZeroPrice", "PriceTooLarge", doors=("trade", "bid")),
    _refusal(_TRADES, "what is not listed cannot be traded", "perps", "UnknownInstrument"),
    Clause(_CASH, "a deposit is cash", "", _done("deposit_cash"), (*_STATE, ACCEPTANCE)),
    Clause(_CASH, "a withdrawal takes cash", "", _done("withdraw_cash"),
           (*_STATE, ACCEPTANCE, "InsufficientLiquidity")),
    Clause(_CASH, "cash below zero is a loan", "", lambda m: m.borrows, (*_STATE, *_EQUITY)),
    _refusal(_CASH, "an amount of zero or above the cap is refused", "", "ZeroAmount", "AmountTooLarge"),
    _refusal(_CASH, "no account is paid more than the vault holds, nor pays more than it has", "",
             "InsufficientLiquidity", "ERC20InsufficientBalance", "TransferMismatch"),
    Clause(_MARGIN, "equity: cash, and size * mark + quote of perps", "perps", _perps, _EQUITY),
    Clause(_MARGIN, "profits count in part at initial, losses in full", "profit weight", _weighed,
           ("initial_equity_wad", *_ADJUSTED)),
    Clause(_MARGIN, "profits count in full at maintenance", "perps", _perps, ("maintenance_equity_wad",)),
    Clause(_MARGIN, "initial: notional * rate, rounded up", "perps", _perps, _INITIAL),
    Clause(_MARGIN, "initial: the rate is the size term where that is more", "size term", _large, _INITIAL),
    Clause(_MARGIN, "initial: a doubtful price requires more", "confidence", _doubtful, _INITIAL),
    Clause(_MARGIN, "maintenance: notional * rate, rounded up", "perps", _perps, _MAINTENANCE),
    Clause(_MARGIN, "maintenance: the scaled size term where that is more", "size term", _large_maintenance,
           _MAINTENANCE),
    Clause(_MARGIN, "health, free collateral, leverage", "", lambda m: bool(m.step.accounts()),
           ("health_wad", "free_collateral_wad", "leverage_wad")),
    Clause(_CALLS, "who takes risk passes initial margin", "perps", _rises, (ACCEPTANCE,)),
    _refusal(_CALLS, "who takes risk and fails initial margin is refused", "perps", "InsufficientMargin",
             doors=("trade", "bid")),
    Clause(_CALLS, "who only reduces passes, or has not fallen", "perps", _reduces, (ACCEPTANCE,)),
    _refusal(_CALLS, "a withdrawal that fails initial margin is refused", "", "InsufficientMargin",
             doors=("withdraw_cash", "withdraw_collateral")),
    _refusal(_CALLS, "a paused vault: no rising risk, no withdrawal, no liquidation", "pause", "VaultPaused"),
    Clause(_CALLS, "a paused vault: deposits, reductions and the end of a liquidation go on", "pause",
           lambda m: m.before.paused and _done("deposit_cash", "trade", "end_liquidation")(m),
           (ACCEPTANCE, "VaultPaused")),
    _refusal(_CALLS, "only the owner and the operators of an account act for it", "", "NotAuthorized"),
    Clause(_CALLS, "an operator acts for an account", "operators", _done("set_operator"), (ACCEPTANCE,)),
    Clause(_CALLS, "a refused call changes nothing", "", lambda m: bool(m.refused), (*_STATE, *_SALE,
           "paused", "owner", "guardian")),
    Clause(_RULES, "the owner lists underlyings and names feeders", "", _done("list_underlying", "set_feeder"),
           (ACCEPTANCE,)),
    _refusal(_RULES, "governance by anyone else is refused", "", "NotOwner", "NotGuardian", "NotPendingOwner"),
    _refusal(_RULES, "parameters outside of their ranges are refused", "bounds", "ParameterOutOfRange"),
    Clause(_RULES, "the guardian or the owner pauses, the owner lets go on", "pause", _done("pause", "unpause"),
           ("paused", ACCEPTANCE)),
    Clause(_RULES, "ownership is offered and accepted", "ownership", _done("offer_ownership", "accept_ownership"),
           ("owner", ACCEPTANCE)),
    Clause(_RULES, "changed risk parameters are announced, wait, and are enacted", "risk changes",
           lambda m: m.step.action == "enact_risk", ("NotScheduled", "TooEarly", ACCEPTANCE)),
    Clause(_SALES, "who fails maintenance may be put up for sale", "liquidation", _done("start_liquidation"),
           (*_SALE, ACCEPTANCE, "snapshot")),
    _refusal(_SALES, "who holds what it must may not", "liquidation", "NotLiquidatable", doors=("start_liquidation",)),
    _refusal(_SALES, "an account that is for sale neither trades nor withdraws nor is sold again", "liquidation",
             "UnderLiquidation"),
    Clause(_SALES, "an auction ends once margin with buffer is restored", "liquidation", _done("end_liquidation"),
           (*_SALE, ACCEPTANCE, "snapshot")),
    _refusal(_SALES, "and not before, nor without one", "liquidation", "StillLiquidatable", "NotUnderLiquidation"),
    Clause(_SALES, "margin with buffer: margin + (margin - equity) * buffer", "liquidation", _buffered,
           ("StillLiquidatable", "NotLiquidatable", *_SALE, *_STATE, ACCEPTANCE), _BUFFERED),
    Clause(_SALES, "a bid takes its part of a solvent account and pays the falling price", "auction", _solvent,
           (*_SALE, *_STATE, ACCEPTANCE)),
    Clause(_SALES, "cash that bidders have paid is not for sale", "auction",
           lambda m: _solvent(m) and m.before.reserved_wad > 0, (*_SALE, *_STATE, ACCEPTANCE)),
    Clause(_SALES, "an insolvent account pays for being taken, from the insurance fund", "auction", _insolvent,
           (*_SALE, *_STATE, ACCEPTANCE)),
    Clause(_SALES, "an auction without value left is declared insolvent", "auction", _done("declare_insolvent"),
           (*_SALE, ACCEPTANCE)),
    _refusal(_SALES, "one kind of auction is not the other, and one that is done is over", "auction", "AuctionSolvent",
             "AuctionInsolvent", "NotLiquidatable", doors=("bid", "declare_insolvent")),
    _refusal(_SALES, "limits of a bid: fraction, price, the bidder's limit", "auction", "FractionOutOfRange",
             "ZeroPrice", "BidTooDear", doors=("bid",)),
    _refusal(_SALES, "the owner, its operators and their accounts do not buy below value", "auction", "OwnBid"),
    _refusal(_SALES, "an empty insurance fund refuses the bid", "auction", "InsuranceExhausted"),
    _refusal(_SALES, "while deficits exceed the insurance fund, withdrawals wait", "liquidation", "DeficitOpen"),
    Clause(_SALES, "anybody may fund the insurance fund", "insurance", _done("fund_insurance"),
           ("insurance_wad", ACCEPTANCE)),
    Clause("Funding", "positions pay and receive funding", "funding", lambda m: _done("trade")(m) and
           any(held.risk.funding_cap for held in m.held), _STATE),
    Clause("Interest", "loans pay interest, compounded", "interest",
           lambda m: m.borrows and m.model.vault.ledger.cash.borrow_index > fixed.RAY, (*_STATE, *_EQUITY)),
    Clause("Collateral", "collateral comes and goes", "collateral", _done("deposit_collateral", "withdraw_collateral"),
           ("snapshot", *_EQUITY, ACCEPTANCE)),
    Clause("Collateral", "collateral counts below its value, up to its cap", "collateral",
           _secured, ("initial_equity_wad", "maintenance_equity_wad", *_ADJUSTED)),
    _refusal("Collateral", "limits of collateral", "collateral", "UnknownCollateral", "InsufficientCollateral",
             "TooManyCollaterals", "TokenListed", "TooManyDecimals"),
    Clause("Guard", "a guard lets jumps wait, and a stable price follows", "guard",
           _followed, ("snapshot", *_ADJUSTED)),
    Clause("Expiry and settlement", "futures are traded", "futures", _futures,
           (*_STATE, *_EQUITY, *_INITIAL, *_MAINTENANCE)),
    Clause("Expiry and settlement", "an expiry settles at its average", "futures", _done("settle"),
           (*_STATE, ACCEPTANCE)),
    _refusal("Expiry and settlement", "what has ended is not traded, what is not known not settled", "futures",
             "InstrumentExpired", "NotSettled", "UnknownExpiry", "ExpiryListed", "ExpiryOutOfRange", "TooManyExpiries"),
    Clause("Options", "options are priced and held", "options", _options,
           (*_STATE, *_EQUITY, *_INITIAL, *_MAINTENANCE)),
    Clause("Portfolio margin", "an account in portfolio mode", "portfolio margin", lambda m: any(
           m.model.vault.ledger.holders[a].mode for a in m.step.accounts()), (*_EQUITY, *_INITIAL, *_MAINTENANCE)),
    Clause("Batch", "several calls are judged as one", "batch", lambda m: m.step.action == "batch",
           (*_STATE, ACCEPTANCE, "NotBatchable")),
    Clause("Orders", "signed orders are filled", "orders", _done("fill"), ()),
    Clause("Events", "every event of ours that the vault has reports its door", "",
           lambda m: bool(m.outcome.events), (EVENTS,)),
)  # fmt: skip
