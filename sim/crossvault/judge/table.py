"""The table of rules, in the order in which they are checked; the first breach of a step is the finding."""

from __future__ import annotations

from crossvault.judge.authority_rules import authority, custody, grants, shields
from crossvault.judge.delay_rules import announced, exposed
from crossvault.judge.door_rules import kept_to_the_book
from crossvault.judge.freshness_rules import raised_in_a_pause, timely
from crossvault.judge.guard_rules import guarded, live_funding
from crossvault.judge.order_rules import signed_fills
from crossvault.judge.price_rules import as_printed
from crossvault.judge.rule import Rule
from crossvault.judge.trade_rules import alive, within_band

_EXITS = frozenset({"withdraw_cash", "withdraw_collateral", "batch"})
_TRADES = frozenset({"trade", "fill", "batch"})
_PRINTS = frozenset({"publish_price", "publish_forward"})

RULES: tuple[Rule, ...] = (
    Rule(
        "V9", "No sender acts for an account without its owner's authority, and no other account changes.", authority,
        cost="6 us",
    ),
    Rule(
        "V12", "Orders are filled within the size, price and time that owners signed.", signed_fills,
        cost="1 us, a fill 30 us",
    ),
    Rule("V14", "Nothing trades from its expiry on.", alive, cost="2 us"),
    Rule(
        "V26", "Every accepted step is within the rule book, and the vault stores the same book.", kept_to_the_book,
        cost="20 us",
    ),
    Rule(
        "V27", "A trade is of a listed instrument, within its band of the mark.", within_band,
        cost="2 us, the first of an option at a price 400 us",
    ),
    Rule("V30", "No sale, withdrawal or rising risk at stale prices or in a pause.", timely, cost="8 us"),
    Rule(
        "V30", "In a pause no trade raises a requirement.", raised_in_a_pause,
        cost="1 us, a trade in a pause four valuations", known=_TRADES,
    ),
    Rule("V31", "A right that an account grants changes nothing of others.", grants, cost="1 us"),
    Rule("V31", "What an operator withdraws goes to the owner of the account.", custody, cost="1 us", known=_EXITS),
    Rule(
        "V31", "Naming an operator takes no bidder away from an account on sale.", shields, cost="1 us",
        known=frozenset({"set_operator", "bid"}),
    ),
    Rule("V32", "What is enacted was announced, at least its delay before.", announced, cost="1 us"),
    Rule(
        "V32", "No token becomes collateral at once while lenders have cash in the vault.", exposed, cost="1 us",
        known=frozenset({"list_collateral"}),
    ),
    Rule(
        "V33", "Prices, funding, settlements and interest move as the prints and the clock have them.", as_printed,
        cost="15 us",
    ),
    Rule(
        "V33", "A guarded price moves beyond maxJump only after its confirmation time.", guarded, cost="1 us",
        known=_PRINTS,
    ),
    Rule(
        "V33", "No funding is paid for a time in which the feed was dead.", live_funding, cost="1 us",
        known=frozenset({"publish_price", "enact_risk"}),
    ),
)  # fmt: skip
