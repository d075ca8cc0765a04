"""The table of rules, in the order in which they are checked; the first breach of a step is the finding."""

from __future__ import annotations

from crossvault.judge.authority_rules import authority, custody, grants, shields
from crossvault.judge.cap_rules import capped, open_interest_counted
from crossvault.judge.coalition_rules import (
    gains_sum_to_zero,
    no_gain_at_waiting_price,
    no_gain_beyond_losses,
    no_gain_by_a_bid,
)
from crossvault.judge.conservation_rules import (
    accrued_once,
    cash_conserved,
    refused_unchanged,
    sizes_balanced,
    tokens_held,
)
from crossvault.judge.deficit_rules import deficits_noted, insurance_backed, no_lock
from crossvault.judge.delay_rules import announced, exposed, harmless
from crossvault.judge.door_rules import kept_to_the_book
from crossvault.judge.freshness_rules import raised_in_a_pause, sold_in_grace, timely
from crossvault.judge.guard_rules import guarded, live_funding
from crossvault.judge.liveness_rules import can_be_sold
from crossvault.judge.log_rules import rebuilt_from_events
from crossvault.judge.margin_rules import margin_after_a_call, metrics_shown, settling_changes_nothing
from crossvault.judge.monotony_rules import SHARE as MONOTONY_SHARE, monotony
from crossvault.judge.movement_rules import moved_as_named
from crossvault.judge.order_rules import signed_fills
from crossvault.judge.price_rules import as_printed
from crossvault.judge.refusal_rules import reasoned
from crossvault.judge.rule import Rule
from crossvault.judge.sale_rules import (
    fund_pays_within_ramp,
    no_own_bid,
    paid_by_discount,
    parts_moved,
    sold_within_bounds,
    third_parties_untouched,
)
from crossvault.judge.shown_rules import SHARE, shown_greeks, shown_scenarios
from crossvault.judge.solvency_rules import (
    nothing_leaves_noted_deficits,
    solvent_at_index,
    solvent_at_waiting_price,
    withdrawn_cash_is_held,
)
from crossvault.judge.split_rules import PASSING, joined, synthetic
from crossvault.judge.trade_rules import alive, within_band

_EXITS = frozenset({"withdraw_cash", "withdraw_collateral", "batch"})
_TRADES = frozenset({"trade", "fill", "batch"})

RULES: tuple[Rule, ...] = (
    Rule("V10", "A refused call changes nothing.", refused_unchanged, cost="5 us"),
    Rule("V1", "Tokens held are those of the ledger, and donations.", tokens_held, cost="9 us"),
    Rule("V2", "Sizes of an instrument sum to zero until its expiry has settled.", sizes_balanced, cost="5 us"),
    Rule(
        "V3", "Cash, quote, insurance and residue are the quote held; the residue never falls, and grows by roundings.",
        cash_conserved, cost="8 us",
    ),
    Rule("V6", "Interest accrues once, as of now, where cash moves.", accrued_once, cost="5 us"),
    Rule(
        "V36", "Every movement of stored money but a bid's is exactly what the step names.", moved_as_named,
        cost="20 us",
    ),
    Rule(
        "V4",
        "Every account that a call touches passes initial margin, or took no risk, did not fall and gave nothing away.",
        margin_after_a_call, cost="a valuation of each account that changed, in portfolio mode at one of 24 steps",
    ),
    Rule(
        "V13", "Settling changes no requirement, and lowers an equity by no more than roundings.",
        settling_changes_nothing, cost="two valuations of each account that settles",
    ),
    Rule(
        "V29", "Margin metrics shown are those of the judge.", metrics_shown,
        cost="at one of 8 steps metrics of what changed, at one of 400 of all",
    ),
    Rule(
        "V7", "Harsher terms or a loss never lower a requirement or raise a margin; cash never lowers one.", monotony,
        share=MONOTONY_SHARE, cost="at one of 20 steps twice the metrics of an account",
    ),
    Rule(
        "V15", "No account goes below zero, or further below it, by its own act.", solvent_at_index,
        cost="3 us, and the value of what a call changes",
    ),
    Rule(
        "V15", "No account goes below zero by its own act at a price that waits.", solvent_at_waiting_price,
        cost="3 us, while a price waits an equity per changed account", known=_TRADES,
    ),
    Rule(
        "V16", "Nothing is withdrawn while noted deficits are larger than the fund.", nothing_leaves_noted_deficits,
        cost="1 us",
    ),
    Rule(
        "V16", "What accounts may withdraw is held or lent at interest; no cash leaves against unsettled losses.",
        withdrawn_cash_is_held, cost="a withdrawal 100 us", known=frozenset({"withdraw_cash", "batch"}),
    ),
    Rule(
        "V19", "No person gains by a call more than others lost in trades that they signed, or an auction leaves.",
        no_gain_beyond_losses, cost="10 us",
    ),
    Rule(
        "V19", "No person gains by a call at a price that waits.", no_gain_at_waiting_price,
        cost="1 us, while a price waits two equities per changed account", known=_TRADES,
    ),
    Rule(
        "V19", "No person gains by a bid more than the auction leaves for the seconds in which a bid was possible.",
        no_gain_by_a_bid, cost="1 us, a bid 100 us",
    ),
    Rule("V11", "The state rebuilt from the events of a step is the stored state.", rebuilt_from_events, 8, "50 us"),
    Rule("V20", "The gains of all persons, fund and residue sum to zero by a call.", gains_sum_to_zero, cost="9 us"),
    Rule(
        "V9", "No sender acts for an account without its owner's authority, and no other account changes.", authority,
        cost="6 us",
    ),
    Rule(
        "V12", "Orders are filled within the size, price and time that owners signed, at the middle of two limits.",
        signed_fills,
        cost="1 us, a fill 30 us",
    ),
    Rule("V14", "Nothing trades from its expiry on.", alive, cost="2 us"),
    Rule(
        "V5", "A liquidation or settlement changes no third party.", third_parties_untouched,
        cost="1 us, a liquidation 20 us",
    ),
    Rule(
        "V17",
        "Of every account that a call touches the noted deficit is max(0, -E), their sum is the stored one, and nothing"
        " is withdrawn while deficits that are not noted leave the fund short.",
        deficits_noted, cost="15 us; what other doors than those of auctions change, at 1 of 8 steps",
    ),
    Rule("V18", "Insurance counts only what is backed.", insurance_backed, cost="2 us"),
    Rule(
        "V21",
        "Who fails maintenance at usable prices can be started, bid for and closed by a rich stranger, and nothing that"
        " the debtor or a third party did takes that away.",
        can_be_sold, cost="20 us; all accounts at 1 of 512 steps",
    ),
    Rule(
        "V22", "A sale pays at least d * value, d counting only seconds in which a bid was possible.", paid_by_discount,
        cost="1 us, a bid 150 us",
    ),
    Rule(
        "V23", "No account that passes initial margin is sold, never more than f_max, never reserved cash.",
        sold_within_bounds, cost="1 us, a bid 150 us",
    ),
    Rule("V24", "The owner and operators that chose to be do not bid below d = 1.", no_own_bid, cost="1 us"),
    Rule(
        "V25", "The fund pays at most what its ramp has reached, and nothing for an account that is worth something.",
        fund_pays_within_ramp, cost="1 us",
    ),
    Rule(
        "V28", "A bid moves exactly its part of everything, at the stated price, and gets what it pays for.",
        parts_moved, cost="1 us, a bid 100 us",
    ),
    Rule(
        "V34", "A withdrawal is not refused for a deficit of others that is small beside what it leaves.", no_lock,
        cost="1 us",
    ),
    Rule(
        "V26", "Every accepted step is within the rule book, and the vault stores the same book.", kept_to_the_book,
        cost="20 us",
    ),
    Rule(
        "V26", "A refused call has the reason that its refusal names.", reasoned, cost="1 us, a refused call 10 us",
    ),
    Rule(
        "V27", "A trade is of a listed instrument, within its band of the mark.", within_band,
        cost="2 us, the first of an option at a price 400 us",
    ),
    Rule("V30", "No sale, withdrawal or rising risk at stale prices or in a pause.", timely, cost="8 us"),
    Rule(
        "V30", "No account that is worth something is put up for sale or bid for in the grace time after an outage.",
        sold_in_grace, cost="1 us",
    ),
    Rule(
        "V30", "In a pause no trade raises a requirement.", raised_in_a_pause,
        cost="1 us, a trade in a pause four valuations",
    ),
    Rule("V31", "A right that an account grants changes nothing of others.", grants, cost="1 us"),
    Rule("V31", "What an operator withdraws goes to the owner of the account.", custody, cost="1 us"),
    Rule(
        "V31", "Naming an operator takes no bidder away from an account on sale.", shields, cost="1 us",
        known=frozenset({"set_operator", "bid"}),
    ),
    Rule(
        "V32", "What is enacted was announced, at least its delay before, and has not lapsed.", announced, cost="1 us",
    ),
    Rule(
        "V32", "No feeder, underlying or collateral is added to a sealed vault at once, and no guardian replaced.",
        exposed, cost="1 us",
    ),
    Rule(
        "V32", "What takes effect at once changes no equity and no maintenance margin.", harmless,
        cost="1 us, a tightening two valuations per account",
    ),
    Rule(
        "V33", "Prices, funding, settlements and interest move as the prints and the clock have them.", as_printed,
        cost="15 us",
    ),
    Rule(
        "V33", "A guarded price moves beyond maxJump, a surface beyond surfaceMove, only after its confirmation time.",
        guarded, cost="1 us",
    ),
    Rule(
        "V33", "No funding is paid for a time in which the feed was dead.", live_funding, cost="1 us",
    ),
    Rule(
        "V35", "Accounts of one person that pass initial margin apart pass it as one, or caps of the vault bound them.",
        joined,
        cost="1 us, a person of many accounts a valuation of the whole", known=PASSING,
    ),
    Rule(
        "V35", "Futures lose as much as the calls and puts that equal them where forwards leave the spot price.",
        synthetic, cost="1 us, a future in portfolio mode 30 ms",
    ),
    Rule("V37", "Greeks that the vault shows are the derivatives of its marks.", shown_greeks, SHARE, cost="400 us"),
    Rule(
        "V37", "Scenario profits and basis losses that the vault shows equal the judge's.", shown_scenarios, SHARE,
        cost="an account in portfolio mode 15 ms",
    ),
    Rule(
        "V38", "The open interest of an instrument and of its underlying is the sum of their long sizes.",
        open_interest_counted, cost="2 us",
    ),
    Rule(
        "V38", "No call raises collateral, debts or open interest of the whole vault above its cap.", capped,
        cost="1 us",
    ),
)  # fmt: skip
