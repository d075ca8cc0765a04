"""The clauses of the specification on liquidation."""

from __future__ import annotations

from crossvault.conform import clause_conditions as when
from crossvault.conform.clause import ACCEPTANCE, Clause, ClauseCase, both, done, event, refusal

_SECTION = "Liquidation"
_STATE = ("cash_wad", "size", "quote", "collateral")
_SALE = ("sale_started_at", "sale_insolvent_at", "sale_reserved_wad")
_FUND = ("insurance_wad",)
_DEFICITS = ("sale_deficit_wad", "deficit_wad")
_COST = ("bid_cost_wad", "BidTooDear")

SALES = (
    Clause(_SECTION, "who fails maintenance may be put up for sale", "liquidation", done("start_liquidation"),
           (*_SALE, ACCEPTANCE, "NotLiquidatable", event("LiquidationStarted"))),
    refusal(_SECTION, "who holds what it must is not put up for sale", "liquidation", "NotLiquidatable",
            "start_liquidation"),
    refusal(_SECTION, "an account that is for sale does not trade", "liquidation", "UnderLiquidation", "trade"),
    refusal(_SECTION, "an account that is for sale does not withdraw", "liquidation", "UnderLiquidation",
            "withdraw_cash", "withdraw_collateral"),
    refusal(_SECTION, "an account that is for sale is not put up again", "liquidation", "UnderLiquidation",
            "start_liquidation"),
    refusal(_SECTION, "an account that is for sale does not bid", "auction", "UnderLiquidation", "bid"),
    refusal(_SECTION, "an account that is for sale keeps its mode", "portfolio margin", "UnderLiquidation", "set_mode"),
    Clause(_SECTION, "an auction ends once margin with buffer is restored", "liquidation", done("end_liquidation"),
           (*_SALE, ACCEPTANCE, "StillLiquidatable", event("LiquidationEnded"))),
    refusal(_SECTION, "an auction does not end before that", "liquidation", "StillLiquidatable", "end_liquidation"),
    refusal(_SECTION, "without an auction there is nothing to end or to buy", "liquidation", "NotUnderLiquidation",
            "end_liquidation", "bid", "declare_insolvent"),
    Clause(_SECTION, "margin with buffer: margin + (margin - equity) * buffer", "liquidation", when.buffered,
           ("buffer_margin_wad", "StillLiquidatable", "NotLiquidatable", *_COST, *_STATE, *_SALE, ACCEPTANCE),
           when.BUFFERED),
    Clause(_SECTION, "a bid takes its part of a solvent account", "auction", when.solvent_priced,
           (*_SALE, *_STATE, *_COST, ACCEPTANCE, event("Bid")), (),
           (ClauseCase("all that was bid for", when.took_all(True)),
            ClauseCase("as much as restores the margin", when.took_all(False)))),
    Clause(_SECTION, "the price of a bid falls from the start to the knee, then slower", "auction", when.discounting,
           (*_SALE, *_STATE, *_COST, "discount_wad", ACCEPTANCE, event("Bid")), (),
           (ClauseCase("before the knee", when.discounted_bid(False)),
            ClauseCase("after the knee", when.discounted_bid(True)))),
    Clause(_SECTION, "cash that bidders have paid is not for sale", "auction",
           lambda m: when.solvent(m) and m.before.reserved_wad > 0, (*_SALE, *_STATE, event("Bid"))),
    Clause(_SECTION, "an insolvent account pays for being taken", "auction", when.insolvent_priced,
           (*_SALE, *_STATE, *_FUND, *_COST, ACCEPTANCE, "InsuranceExhausted", event("Bid"))),
    Clause(_SECTION, "what it pays comes from the insurance fund", "auction", when.insolvent, _FUND),
    Clause(_SECTION, "an auction without value left is declared insolvent", "auction", done("declare_insolvent"),
           (*_SALE, ACCEPTANCE, "AuctionSolvent", event("InsolvencyDeclared"))),
    Clause(_SECTION, "the deficit of an account that is for sale is recorded", "liquidation",
           lambda m: m.model.vault.ledger.cash.deficit_wad > 0 and done("start_liquidation", "declare_insolvent", "bid",
                                                                        "end_liquidation")(m), _DEFICITS),
    refusal(_SECTION, "what has value left is not declared insolvent", "auction", "AuctionSolvent",
            "declare_insolvent"),
    refusal(_SECTION, "what is insolvent is not declared so again, nor bought before it is declared", "auction",
            "AuctionInsolvent", "declare_insolvent", "bid"),
    refusal(_SECTION, "an auction that has restored the margin is over", "auction", "NotLiquidatable", "bid",
            "declare_insolvent"),
    refusal(_SECTION, "a fraction of zero or above one is refused", "auction", "FractionOutOfRange", "bid"),
    refusal(_SECTION, "a bid above the bidder's limit is refused", "auction", "BidTooDear", "bid"),
    refusal(_SECTION, "the owner, its operators and their accounts do not buy below value", "auction", "OwnBid",
            "bid"),
    refusal(_SECTION, "in the grace time after an outage what is worth something is not sold", "grace", "OutageGrace",
            "start_liquidation", "bid"),
    refusal(_SECTION, "an empty insurance fund refuses the bid", "auction", "InsuranceExhausted", "bid"),
    refusal(_SECTION, "while deficits exceed the insurance fund, withdrawals wait", "liquidation", "DeficitOpen",
            "withdraw_cash", "withdraw_collateral"),
    Clause(_SECTION, "while they do not, withdrawals go on", "liquidation",
           both(done("withdraw_cash", "withdraw_collateral"), lambda m: m.model.vault.ledger.cash.deficit_wad > 0),
           (ACCEPTANCE, "DeficitOpen")),
    Clause(_SECTION, "anybody may fund the insurance fund", "insurance", done("fund_insurance"),
           ("insurance_wad", ACCEPTANCE, event("InsuranceFunded")), (),
           (ClauseCase("funded", done("fund_insurance"), "fund_insurance"),)),
)  # fmt: skip
