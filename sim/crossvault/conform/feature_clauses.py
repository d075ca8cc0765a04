"""The clauses of the specification on what a vault of perps may be without, and on its events and views."""

from __future__ import annotations

from crossvault.conform import clause_conditions as when
from crossvault.conform.clause import (
    ACCEPTANCE,
    EVENTS,
    VIEWS,
    Clause,
    both,
    done,
    event,
    refusal,
)
from crossvault.conform.step_context import StepContext
from crossvault.differential.doors import action_of

_EQUITY = ("equity_wad",)
_INITIAL = ("initial_requirement_wad", "free_collateral_wad", "initial_margin_wad")
_MAINTENANCE = ("maintenance_requirement_wad", "maintenance_margin_wad", "health_wad")
_ADJUSTED = ("initial_equity_wad", "free_collateral_wad", "initial_margin_wad")


def _announced(section: str, what: str, needs: str, name: str, *shows: str) -> tuple[Clause, Clause]:
    """The announcement of parameters, and what enacts them."""
    schedule, enact = action_of(f"schedule_{name}"), action_of(f"enact_{name}")
    title = name.title()
    return (
        Clause(section, f"{what} are announced", needs, done(schedule), (ACCEPTANCE, event(f"{title}Scheduled"))),
        Clause(section, f"{what} are enacted", needs, done(enact), (ACCEPTANCE, event(f"{title}Enacted"), *shows)),
    )


def _print(m: StepContext) -> bool:
    return done("publish_price")(m)


_OF_FUNDING = (
    Clause("Funding", "positions pay and receive funding at their next touch", "funding", when.funded,
           ("quote", "cash_wad", event("Traded"), event("Bid"))),
    Clause("Funding", "the index grows with every print by rate and time", "funding", _print,
           ("funding_track", event("PricePublished"))),
    Clause("Funding", "funding that is not paid yet counts in equity", "funding", when.funds,
           ("equity_wad", "initial_equity_wad", "maintenance_equity_wad")),
)  # fmt: skip

_OF_INTEREST = (
    Clause("Interest", "loans pay interest, compounded", "interest", when.interest,
           ("interest", "cash_wad", "equity_wad", event("InterestAccrued"))),
    Clause("Interest", "a reserve of the interest goes to the insurance fund", "interest", when.interest,
           ("insurance_wad", event("InterestAccrued"))),
    *_announced("Interest", "interest rates", "interest", "interest"),
)  # fmt: skip

_OF_COLLATERAL = (
    Clause("Collateral", "the owner lists collaterals", "collateral", done("list_collateral"),
           (ACCEPTANCE, event("CollateralListed"))),
    Clause("Collateral", "a deposit of collateral is a balance", "collateral", done("deposit_collateral"),
           ("collateral", ACCEPTANCE, "InsufficientMargin", event("CollateralDeposited"))),
    Clause("Collateral", "a withdrawal of collateral takes from it", "collateral", done("withdraw_collateral"),
           ("collateral", ACCEPTANCE, event("CollateralWithdrawn"))),
    Clause("Collateral", "collateral is worth its balance at the index", "collateral", when.secured, _EQUITY),
    Clause("Collateral", "collateral counts below its value", "collateral", when.discounted,
           ("initial_equity_wad", "maintenance_equity_wad", *_ADJUSTED)),
    Clause("Collateral", "collateral counts up to its cap", "collateral", when.capped,
           ("initial_equity_wad", "maintenance_equity_wad", *_ADJUSTED)),
    refusal("Collateral", "a collateral that is not listed is refused", "collateral", "UnknownCollateral",
            "deposit_collateral", "withdraw_collateral"),
    refusal("Collateral", "no more collateral is withdrawn than there is", "collateral", "InsufficientCollateral",
            "withdraw_collateral"),
    refusal("Collateral", "no more collaterals are listed than the cap", "collateral", "TooManyCollaterals"),
    refusal("Collateral", "a token is listed once", "collateral", "TokenListed"),
    refusal("Collateral", "a token has no more decimals than 18", "collateral", "TooManyDecimals"),
    refusal("Collateral", "a doubtful collateral that lowers a margin is refused", "collateral", "InsufficientMargin",
            "deposit_collateral"),
    *_announced("Collateral", "haircuts", "haircuts", "haircut"),
)  # fmt: skip

_OF_GUARD = (
    Clause("Guard", "a jump waits, with nothing else changed", "guard", when.waits,
           ("price_pending", "price_index", "price_published_at", event("PricePublished"))),
    Clause("Guard", "a jump is confirmed by a second print", "guard", when.confirms,
           ("price_pending", "price_index", "price_published_at", event("PricePublished"))),
    Clause("Guard", "a stable price follows the index", "guard", both(_print, when.followed),
           ("price_stable", event("PricePublished"))),
    Clause("Guard", "positions count at the worse of index and stable price", "guard", when.followed_by_positions,
           _ADJUSTED),
    *_announced("Guard", "guards", "guard", "guard"),
    *_announced("Quote token", "terms of the quote token's price", "depeg", "depeg"),
    *_announced("Liquidation terms", "auction terms", "auction changes", "auction"),
)  # fmt: skip

_CAPS = "Caps of the vault"
_OF_CAPS = (
    *_announced(_CAPS, "caps of the vault", "vault caps", "cap"),
    Clause(_CAPS, "open interest is the sum of long sizes", "vault caps", done("trade"), ("open_interest_wad",)),
    refusal(_CAPS, "no deposit, loan or trade takes the vault above a cap", "vault caps", "CapExceeded",
            "deposit_collateral", "withdraw_cash", "trade"),
    refusal(_CAPS, "the vault has three kinds of caps", "vault caps", "UnknownCap", "schedule_cap", "enact_cap"),
)  # fmt: skip

_EXPIRY = "Expiry and settlement"
_OF_EXPIRIES = (
    Clause(_EXPIRY, "the owner opens expiries", "futures", done("open_expiry"), (ACCEPTANCE, event("ExpiryOpened"))),
    Clause(_EXPIRY, "a forward replaces the last one", "futures", when.forwarded,
           ("mark_wad", ACCEPTANCE, "PriceGoesBackwards", event("ForwardPublished"))),
    Clause(_EXPIRY, "equity: size * forward + quote of futures", "futures", when.futures, _EQUITY),
    Clause(_EXPIRY, "futures require as perps do", "futures", when.futures, (*_INITIAL, *_MAINTENANCE)),
    Clause(_EXPIRY, "the sum of index and time is kept with every print", "futures", _print,
           ("price_cumulative", event("PricePublished"))),
    Clause(_EXPIRY, "an expiry settles at its average over the last half hour", "futures", when.settling,
           (event("ExpirySettled"),)),
    Clause(_EXPIRY, "in the window a part of the forward is fixed", "futures", when.in_window,
           ("mark_wad", *_EQUITY, *_INITIAL, *_MAINTENANCE)),
    Clause(_EXPIRY, "a settled position is cash of its value", "futures", done("settle"),
           ("cash_wad", "size", "quote", ACCEPTANCE, event("Settled"))),
    refusal(_EXPIRY, "what has ended is not traded", "futures", "InstrumentExpired"),
    refusal(_EXPIRY, "what has not settled yet is not paid out", "futures", "NotSettled", "settle"),
    refusal(_EXPIRY, "an expiry that is not open is refused", "futures", "UnknownExpiry"),
    refusal(_EXPIRY, "an expiry is opened once", "futures", "ExpiryListed"),
    refusal(_EXPIRY, "an expiry lies half an hour ahead at least", "futures", "ExpiryOutOfRange"),
    refusal(_EXPIRY, "no more expiries are open than the cap", "futures", "TooManyExpiries"),
)  # fmt: skip

_OF_OPTIONS = (
    Clause("Options", "a surface replaces the last one", "options", when.surfaced,
           ("mark_wad", ACCEPTANCE, "PriceGoesBackwards", event("SurfacePublished"))),
    Clause("Options", "equity: size * mark of options", "options", when.options, _EQUITY),
    Clause("Options", "the premium of an option moves in cash at once", "options",
           both(done("trade"), when.options), ("cash_wad", "quote", event("Traded"))),
    Clause("Options", "initial: shorts require, longs cover", "options", when.options, _INITIAL),
    Clause("Options", "maintenance: shorts require, longs cover", "options", when.options, _MAINTENANCE),
    *_announced("Options", "options of an underlying", "options", "options"),
)  # fmt: skip

_MODE = "Portfolio margin"
_OF_PORTFOLIO = (
    Clause(_MODE, "an owner switches the mode of its account", "portfolio margin", done("set_mode"),
           ("mode", ACCEPTANCE, "InsufficientMargin", event("ModeSet"))),
    refusal(_MODE, "a mode in which the account fails is refused", "portfolio margin", "InsufficientMargin",
            "set_mode"),
    refusal(_MODE, "a mode without a fresh price is refused", "portfolio margin", "StalePrice", "set_mode"),
    Clause(_MODE, "margin balance in portfolio mode", "portfolio margin", when.in_portfolio_mode,
           ("initial_equity_wad", "maintenance_equity_wad", *_EQUITY)),
    Clause(_MODE, "initial requirement in portfolio mode", "portfolio margin", when.in_portfolio_mode, _INITIAL),
    Clause(_MODE, "maintenance requirement in portfolio mode", "portfolio margin", when.in_portfolio_mode,
           _MAINTENANCE),
    *_announced(_MODE, "parameters of an underlying", "portfolio margin", "portfolio"),
    *_announced(_MODE, "rules of scenarios", "portfolio margin", "rules"),
)  # fmt: skip

FEATURES = (
    *_OF_FUNDING, *_OF_INTEREST, *_OF_COLLATERAL, *_OF_GUARD, *_OF_CAPS, *_OF_EXPIRIES, *_OF_OPTIONS, *_OF_PORTFOLIO,
    Clause("Batch", "several calls are judged as one", "batch", done("batch"),
           ("cash_wad", "size", "quote", "collateral", ACCEPTANCE, "InsufficientMargin", event("Batched"))),
    refusal("Batch", "a batch that leaves an account below initial margin is refused", "batch", "InsufficientMargin",
            "batch"),
    refusal("Batch", "doors of prices, rules and sales are in no batch", "batch", "NotBatchable"),
    Clause("Orders", "signed orders are filled", "orders", done("fill"), ()),
    Clause("Views", "a view answers where ours does", "", lambda m: bool(m.accounts), (VIEWS,)),
    Clause("Events", "every event of ours that the vault has reports its door", "",
           lambda m: bool(m.outcome.events), (EVENTS,)),
)  # fmt: skip
