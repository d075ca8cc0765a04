"""The clauses of the specification (contracts/README.md): the needs of each, its steps and cases, and what shows it."""

from __future__ import annotations

from crossvault.conform import clause_conditions as when
from crossvault.conform.clause import ACCEPTANCE, Clause, ClauseCase, by_door, done, event, refusal
from crossvault.conform.feature_clauses import FEATURES
from crossvault.conform.sale_clauses import SALES
from crossvault.differential.step import Action

_ADJUSTED = ("initial_equity_wad", "free_collateral_wad", "initial_margin_wad")
_INITIAL = ("initial_requirement_wad", "free_collateral_wad", "initial_margin_wad")
_MAINTENANCE = ("maintenance_requirement_wad", "maintenance_margin_wad", "health_wad")
_PRINT = ("price_index", "price_premium", "price_confidence", "price_published_at")
_STORED = (
    "cash_wad", "size", "quote", "collateral", "mode", "funding_track", "interest", "insurance_wad", "deficit_wad",
    "sale_started_at", "sale_insolvent_at", "sale_reserved_wad", "sale_deficit_wad", "paused", "owner", "guardian",
    "price_stable", "price_pending", "price_cumulative", *_PRINT,
)  # fmt: skip

_ENACTED: tuple[Action, ...] = (
    "enact_risk", "enact_options", "enact_guard", "enact_haircut", "enact_depeg", "enact_interest", "enact_auction",
    "enact_portfolio", "enact_rules", "enact_cap",
)  # fmt: skip

_CASH = "Cash"
_PRICES = "Prices"
_TRADES = "Trades"
_MARGIN = "Margin"
_CALLS = "What a call must leave behind"
_RULES = "Governance"

_OF_PRICES = (
    Clause(_PRICES, "a print replaces the last one, also at an equal time", "", done("publish_price"),
           (*_PRINT, "mark_wad", ACCEPTANCE, "PriceGoesBackwards", event("PricePublished")), (),
           (ClauseCase("a later one", when.printed(False)), ClauseCase("at an equal time", when.printed(True)))),
    refusal(_PRICES, "only a feeder publishes", "", "NotFeeder", "publish_price", "publish_forward", "publish_surface"),
    refusal(_PRICES, "a price of zero is refused", "", "ZeroPrice", "publish_price", "publish_forward"),
    refusal(_PRICES, "a price above the cap is refused", "", "PriceTooLarge", "publish_price", "publish_forward"),
    refusal(_PRICES, "a confidence above one is refused", "", "ConfidenceTooLarge", "publish_price"),
    refusal(_PRICES, "a print of what is not listed is refused", "", "UnknownUnderlying", "publish_price"),
    refusal(_PRICES, "a print from the future is refused", "", "PriceFromFuture", "publish_price"),
    refusal(_PRICES, "a print older than the last is refused", "", "PriceGoesBackwards", "publish_price"),
    Clause(_PRICES, "the mark of a perp is the index and the premium", "premium", when.priced,
           ("mark_wad", "equity_wad")),
    Clause(_PRICES, "the premium is cut at the mark band", "premium",
           lambda m: when.clamped(1)(m) or when.clamped(-1)(m), ("mark_wad", "equity_wad"), (),
           (ClauseCase("above", when.clamped(1)), ClauseCase("below", when.clamped(-1)))),
    refusal(_PRICES, "a stale price: no trade in it, no new risk", "", "StalePrice", "trade"),
    refusal(_PRICES, "a stale price: no withdrawal", "", "StalePrice", "withdraw_cash", "withdraw_collateral"),
    refusal(_PRICES, "a stale price: no liquidation", "liquidation", "StalePrice", "start_liquidation", "bid",
            "declare_insolvent", "end_liquidation"),
)  # fmt: skip

_OF_TRADES = (
    Clause(_TRADES, "a trade's price lies within the band around the mark", "perps",
           lambda m: m.refused == "PriceOutsideBand", ("PriceOutsideBand", "band_wad", ACCEPTANCE), ("trade",),
           (ClauseCase("above", when.beyond(1)), ClauseCase("below", when.beyond(-1))), True),
    Clause(_TRADES, "size: the taker's by the size of the trade, the maker's by the opposite", "perps", done("trade"),
           ("size", event("Traded"), ACCEPTANCE), (),
           (ClauseCase("the taker buys", when.buys), ClauseCase("the taker sells", when.sells))),
    Clause(_TRADES, "quote: the taker's by -ceil(price * size), the maker's by the opposite", "perps", done("trade"),
           ("quote", event("Traded")), (),
           (ClauseCase("the taker buys", when.buys), ClauseCase("the taker sells", when.sells))),
    refusal(_TRADES, "an account holds no more positions than the cap", "perps", "TooManyPositions", "trade"),
    Clause(_TRADES, "a size that returns to zero turns its quote into cash", "perps", when.changed(when.closes),
           ("cash_wad", "quote", "size"), (),
           (ClauseCase("the maker's", when.changed(when.closes, 0)),
            ClauseCase("the taker's", when.changed(when.closes, 1)))),
    refusal(_TRADES, "a size of zero is refused", "perps", "ZeroSize", "trade"),
    refusal(_TRADES, "a size above the cap is refused", "perps", "SizeTooLarge", "trade"),
    refusal(_TRADES, "a trade at a price of zero is refused", "perps", "ZeroPrice", "trade"),
    refusal(_TRADES, "a trade at a price above the cap is refused", "perps", "PriceTooLarge", "trade"),
    refusal(_TRADES, "no account trades with itself", "perps", "SameAccount", "trade", "bid"),
    refusal(_TRADES, "what is not listed is not traded", "perps", "UnknownInstrument", "trade"),
)  # fmt: skip

_OF_CASH = (
    Clause(_CASH, "a deposit is cash", "", done("deposit_cash"), ("cash_wad", event("CashDeposited"), ACCEPTANCE)),
    Clause(_CASH, "a withdrawal takes cash", "", done("withdraw_cash"),
           ("cash_wad", event("CashWithdrawn"), ACCEPTANCE)),
    Clause(_CASH, "cash below zero is a loan", "", lambda m: m.borrows, ("cash_wad", "equity_wad")),
    refusal(_CASH, "an amount of zero is refused", "", "ZeroAmount", "deposit_cash", "withdraw_cash",
            "deposit_collateral", "withdraw_collateral", "fund_insurance"),
    refusal(_CASH, "an amount above the cap is refused", "", "AmountTooLarge", "deposit_cash", "withdraw_cash",
            "deposit_collateral", "withdraw_collateral", "fund_insurance"),
    refusal(_CASH, "no account is paid more than the vault holds", "", "InsufficientLiquidity", "withdraw_cash"),
    refusal(_CASH, "no payer pays more than it has", "", "ERC20InsufficientBalance", "deposit_cash",
            "deposit_collateral", "fund_insurance"),
    refusal(_CASH, "a token that moves another amount is refused", "collateral", "TransferMismatch",
            "deposit_collateral"),
)  # fmt: skip

_LONG_AND_SHORT = (ClauseCase("long", when.sided(1)), ClauseCase("short", when.sided(-1)))

_OF_MARGIN = (
    Clause(_MARGIN, "equity: cash, and size * mark + quote of perps", "perps", when.perps, ("equity_wad",), (),
           _LONG_AND_SHORT),
    Clause(_MARGIN, "losses count in full", "perps", when.losing, ("initial_equity_wad", "maintenance_equity_wad")),
    Clause(_MARGIN, "profits count in part at initial", "profit weight", when.weighed, _ADJUSTED),
    Clause(_MARGIN, "profits count in full at maintenance", "perps", when.gaining, ("maintenance_equity_wad",)),
    Clause(_MARGIN, "initial: notional * rate, rounded up", "perps", when.perps, _INITIAL, (), _LONG_AND_SHORT),
    Clause(_MARGIN, "initial: the rate is the size term where that is more", "size term", when.sized, _INITIAL, (),
           (ClauseCase("it is more", when.large), ClauseCase("it is not", lambda m: not when.large(m)))),
    Clause(_MARGIN, "initial: a doubtful price requires more", "confidence", when.doubted, _INITIAL, (),
           (ClauseCase("doubtful", when.doubtful), ClauseCase("certain", lambda m: not when.doubtful(m)))),
    Clause(_MARGIN, "maintenance: notional * rate, rounded up", "perps", when.perps, _MAINTENANCE, (),
           _LONG_AND_SHORT),
    Clause(_MARGIN, "maintenance: the scaled size term where that is more", "size term", when.sized,
           _MAINTENANCE, (), (ClauseCase("it is more", when.large_maintenance),
                              ClauseCase("it is not", lambda m: not when.large_maintenance(m)))),
    Clause(_MARGIN, "health: margin balance by requirement at maintenance", "", lambda m: bool(m.accounts),
           ("health_wad",)),
    Clause(_MARGIN, "free collateral: margin balance less requirement at initial", "",
           lambda m: bool(m.accounts), ("free_collateral_wad", "initial_margin_wad")),
    Clause(_MARGIN, "leverage: notional by equity", "", lambda m: bool(m.accounts), ("leverage_wad",)),
)  # fmt: skip

_OF_CALLS = (
    Clause(_CALLS, "who takes risk and passes initial margin may", "perps", when.changed(when.rises),
           (ACCEPTANCE, "InsufficientMargin")),
    refusal(_CALLS, "who takes risk and fails initial margin is refused", "perps", "InsufficientMargin", "trade"),
    Clause(_CALLS, "who only reduces passes, or has not fallen", "perps", when.changed(when.reduces),
           (ACCEPTANCE, "InsufficientMargin", "EquityFalls", "BalanceFalls", "StalePrice")),
    refusal(_CALLS, "a bidder that fails initial margin is refused", "auction", "InsufficientMargin", "bid"),
    refusal(_CALLS, "a withdrawal that fails initial margin is refused", "", "InsufficientMargin", "withdraw_cash",
            "withdraw_collateral"),
    refusal(_CALLS, "a paused vault: no rising risk", "pause", "VaultPaused", "trade"),
    refusal(_CALLS, "a paused vault: no withdrawal", "pause", "VaultPaused", "withdraw_cash", "withdraw_collateral"),
    refusal(_CALLS, "a paused vault: no liquidation", "pause", "VaultPaused", "start_liquidation", "bid",
            "declare_insolvent"),
    refusal(_CALLS, "a paused vault: no change of margin mode", "portfolio margin", "VaultPaused", "set_mode"),
    Clause(_CALLS, "a paused vault: deposits go on", "pause", when.paused("deposit_cash", "deposit_collateral"),
           (ACCEPTANCE, "VaultPaused"), (),
           by_door(when.paused("deposit_cash", "deposit_collateral"), "deposit_cash", "deposit_collateral")),
    Clause(_CALLS, "a paused vault: reductions go on", "pause", when.paused("trade"), (ACCEPTANCE, "VaultPaused")),
    Clause(_CALLS, "a paused vault: a liquidation may end", "pause", when.paused("end_liquidation"),
           (ACCEPTANCE, "VaultPaused"), (),
           (ClauseCase("a liquidation ends", when.paused("end_liquidation"), "end_liquidation"),)),
    refusal(_CALLS, "only the owner and the operators of an account act for it", "", "NotAuthorized", "withdraw_cash",
            "withdraw_collateral", "trade", "bid", "deposit_cash", "deposit_collateral"),
    refusal(_CALLS, "only the owner of an account names its operators", "operators", "NotAuthorized", "set_operator"),
    refusal(_CALLS, "only the owner of an account sets its mode", "portfolio margin", "NotAuthorized", "set_mode"),
    Clause(_CALLS, "the owner of an account names its operators", "operators", done("set_operator"),
           (ACCEPTANCE, "NotAuthorized", event("OperatorSet"))),
    Clause(_CALLS, "an operator acts for an account", "operators", when.operates, (ACCEPTANCE, "NotAuthorized"), (),
           tuple(ClauseCase(each.replace("_", " "), when.operated(each), each) for each in when.OPERATED)),
    refusal(_CALLS, "only the owner of an account sets the scopes of its operators", "scopes", "NotAuthorized",
            "set_scopes"),
    Clause(_CALLS, "the owner of an account sets the scopes of its operators", "scopes", done("set_scopes"),
           (ACCEPTANCE, "NotAuthorized", event("ScopesSet"))),
    Clause(_CALLS, "a refused call changes nothing", "", lambda m: bool(m.refused), _STORED),
)  # fmt: skip

_OF_RULES = (
    Clause(_RULES, "the owner lists underlyings", "", done("list_underlying"),
           (ACCEPTANCE, event("UnderlyingListed"))),
    Clause(_RULES, "the owner names feeders", "", done("set_feeder"), (ACCEPTANCE, event("FeederSet"))),
    refusal(_RULES, "governance by anyone but the owner is refused", "", "NotOwner"),
    refusal(_RULES, "a pause by anyone but guardian and owner is refused", "pause", "NotGuardian", "pause"),
    refusal(_RULES, "ownership is accepted only as it was offered", "ownership", "NotPendingOwner",
            "accept_ownership"),
    refusal(_RULES, "parameters outside of their ranges are refused", "bounds", "ParameterOutOfRange"),
    Clause(_RULES, "the guardian or the owner pauses", "pause", done("pause"),
           ("paused", ACCEPTANCE, "NotGuardian", event("Paused"))),
    Clause(_RULES, "the owner lets go on", "pause", done("unpause"),
           ("paused", ACCEPTANCE, "NotOwner", event("Unpaused"))),
    Clause(_RULES, "ownership is offered", "ownership", done("offer_ownership"),
           ("owner", ACCEPTANCE, "NotOwner", event("OwnershipOffered"))),
    Clause(_RULES, "ownership is accepted", "ownership", done("accept_ownership"),
           ("owner", ACCEPTANCE, "NotPendingOwner", event("OwnershipAccepted"))),
    Clause(_RULES, "changed risk parameters are announced", "risk changes", done("schedule_risk"),
           (ACCEPTANCE, event("RiskScheduled"))),
    Clause(_RULES, "what was announced is enacted", "risk changes", done(*_ENACTED),
           (ACCEPTANCE, event("RiskEnacted"), "funding_track", "TooEarly"), (), by_door(done(*_ENACTED), *_ENACTED)),
    refusal(_RULES, "nothing is enacted that was not announced", "", "NotScheduled"),
    refusal(_RULES, "nothing is enacted before its delay is over", "", "TooEarly"),
)  # fmt: skip

CLAUSES: tuple[Clause, ...] = (
    *_OF_PRICES, *_OF_TRADES, *_OF_CASH, *_OF_MARGIN, *_OF_CALLS, *_OF_RULES, *SALES, *FEATURES,
)  # fmt: skip
