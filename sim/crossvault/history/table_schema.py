"""The tables of a record: their columns, with kind, unit and meaning.

A schema has a version; it rises when a column changes its name, its kind, its place or its meaning.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

SCHEMA_VERSION = 1

Kind = Literal["integer", "wad", "ray", "text", "bool", "time"]
Unit = Literal["", "quote", "ratio", "base", "time", "json", "token"]


class Column(NamedTuple):
    """A column of a table.

    stem: its name without the unit. kind: `integer`, `wad` (an exact amount, 1e18 is one), `ray` (1e27 is one), `text`,
    `bool` or `time` (unix seconds). unit: `quote` (the quote token, also of prices), `base` (the underlying of the
    row), `token` (the token of the row), `ratio`, `time`, `json`. is_empty: whether a row may have no value.
    """

    stem: str
    kind: Kind
    unit: Unit
    meaning: str
    is_empty: bool = False

    def name(self, quote: str) -> str:
        """Its name by the quote token of a record: an amount of quote ends in the token, a time in `_utc`."""
        if self.unit == "quote":
            return f"{self.stem}_{suffix(quote)}"
        return f"{self.stem}_utc" if self.unit == "time" else self.stem


class TableSchema(NamedTuple):
    """A table: its name, the meaning of a row, and its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    def names(self, quote: str) -> tuple[str, ...]:
        """The names of its columns by the quote token of a record."""
        return tuple(column.name(quote) for column in self.columns)

    def place(self, stem: str) -> int:
        """The place of a column in a row. Raises ValueError."""
        return [column.stem for column in self.columns].index(stem)


def suffix(quote: str) -> str:
    """The unit of quote in names of columns: the token in lower case, of letters and digits only."""
    return re.sub(r"[^a-z0-9]+", "_", quote.lower()).strip("_") or "quote"


def _quote(stem: str, meaning: str, is_empty: bool = False) -> Column:
    return Column(stem, "wad", "quote", meaning, is_empty)


def _ratio(stem: str, meaning: str, is_empty: bool = False) -> Column:
    return Column(stem, "wad", "ratio", meaning, is_empty)


def _text(stem: str, meaning: str, is_empty: bool = False) -> Column:
    return Column(stem, "text", "", meaning, is_empty)


def _json(stem: str, meaning: str, is_empty: bool = False) -> Column:
    return Column(stem, "text", "json", meaning, is_empty)


def _time(stem: str, meaning: str, is_empty: bool = False) -> Column:
    return Column(stem, "time", "time", meaning, is_empty)


_STEP = Column("step", "integer", "", "number of the step, from 1")
_AT = _time("at", "time of the step")
_ACCOUNT = _text("account", "name of the account")
_END = (Column("step", "integer", "", "number of the last step"), _time("at", "its time"))

STEPS = TableSchema(
    "steps",
    "a step",
    (
        _STEP,
        _AT,
        _text("sender", "its sender"),
        _text("door", "the function that it calls"),
        _json("arguments", "its arguments, as in the record"),
        Column("accepted", "bool", "", "whether the model accepts it"),
        _text("refusal", "name of the error where it is refused", True),
        _json("refusal_arguments", "arguments of the error", True),
        Column("events", "integer", "", "number of its events"),
        _text("difference", "first field in which the sides differ", True),
        _text("difference_chain", "what the chain has there", True),
        _text("difference_model", "what the model has there", True),
    ),
)
EVENTS = TableSchema(
    "events",
    "an event of an accepted step",
    (
        _STEP,
        _AT,
        Column("place", "integer", "", "its place in the step, from 1"),
        _text("event", "its name"),
        _json("arguments", "its arguments by name; integers are decimal text in the scale of their name"),
    ),
)
PRICES = TableSchema(
    "prices",
    "a price that a step put in force: of an underlying, of an expiry of it (forward), or a settlement",
    (
        _STEP,
        _AT,
        _text("underlying", "the underlying"),
        _text("price_of", "`index`, `forward` or `settlement`"),
        _time("expiry", "the expiry of a forward or settlement", True),
        _quote("price", "index price, forward or settlement price"),
        _quote("mark_price", "mark price of the perp", True),
        _quote("stable_price", "stable price", True),
        _quote("premium", "premium of the perp, signed", True),
        _ratio("confidence", "confidence of the price", True),
        _time("published", "time for which the price was published", True),
        _ratio("funding_rate", "funding rate per 8 hours from then on, signed", True),
        Column("funding_index", "ray", "quote", "funding that a long of one unit has paid since the start", True),
    ),
)
ACCOUNTS = TableSchema(
    "accounts",
    "an account after an accepted step that touches it, or after a price or terms that its margin depends on",
    (
        _STEP,
        _AT,
        _ACCOUNT,
        _text("because", "`step`: the step touches it; `price`, `terms`: only a price or enacted terms do"),
        _text("mode", "margin mode: `standard` or `portfolio`"),
        _quote("cash", "cash, signed: a loan is below zero"),
        _quote("collateral_value", "value of its collateral at index prices"),
        _quote("equity", "equity"),
        _quote("initial_margin_balance", "initial margin balance"),
        _quote("initial_requirement", "initial margin requirement"),
        _quote("initial_buffer", "initial margin balance less requirement"),
        _quote("free_collateral", "free collateral"),
        _quote("maintenance_margin_balance", "maintenance margin balance"),
        _quote("maintenance_requirement", "maintenance margin requirement"),
        _quote("maintenance_buffer", "maintenance margin balance less requirement; below zero: can be liquidated"),
        _ratio("health", "maintenance margin balance / requirement, rounded down; empty without a requirement", True),
        _ratio("leverage", "notional / equity, rounded up; empty where there is notional and no equity", True),
        Column("stale", "bool", "", "whether a price of it is stale"),
        Column("on_sale", "bool", "", "whether it is in liquidation"),
    ),
)
VAULT = TableSchema(
    "vault",
    "the vault after an accepted step that changes a figure of this row",
    (
        _STEP,
        _AT,
        _quote("cash_held", "quote tokens in the vault"),
        _quote("supplied", "claims of accounts with cash, rounded down"),
        _quote("borrowed", "debts of accounts with a loan, rounded up"),
        _quote("insurance", "insurance fund"),
        _quote("deficit", "open deficits of accounts in liquidation"),
        Column("paused", "bool", "", "whether the vault is paused"),
    ),
)

POSITIONS = TableSchema(
    "positions",
    "a position, or a collateral, of an account in a row of `accounts`; a last row as it is closed",
    (
        _STEP,
        _AT,
        _ACCOUNT,
        _text("instrument", "the instrument, or the token of a collateral"),
        _text("kind", "`perp`, `future`, `call`, `put` or `collateral`"),
        _text("underlying", "the underlying that prices it"),
        _time("expiry", "expiry of a future or option", True),
        _quote("strike", "strike of an option", True),
        Column("size", "wad", "base", "size, negative short; of a collateral the balance in whole tokens"),
        _quote("quote", "position quote: 0 of an option", True),
        _quote("cost", "the part of the quote that is the cost of what is open, by average entry price", True),
        _quote("mark_price", "mark price; of a collateral the index price; once settled the settlement"),
        _quote("funding_due", "funding due, not in the quote yet; positive received", True),
        _quote("value", "size * mark + quote + funding due: unrealised PnL; the value of an option or a collateral"),
    ),
)
MARGINS = TableSchema(
    "margins",
    "a term of a margin of an account in a row of `accounts`; what is zero has no row, but for cash",
    (
        _STEP,
        _AT,
        _ACCOUNT,
        _text("method", "`standard`, `portfolio`, or `isolated`: each position in an account of its own"),
        Column("in_force", "bool", "", "whether it is the account's own method"),
        _text("level", "`initial` or `maintenance`"),
        _text("part", "`balance` or `requirement`: the sum of its rows is the margin balance, or the requirement"),
        _text("term", "the term"),
        _text("of", "underlying, token, instrument or expiry of the term", True),
        _quote("value", "value of the term"),
    ),
)
AUCTIONS = TableSchema(
    "auctions",
    "an event of an auction",
    (
        _STEP,
        _AT,
        _text("account", "the account for sale"),
        Column("auction", "integer", "", "number of the auction of the account, from 1"),
        _text("what", "`start`, `restart` (recovered), `insolvent` (declared), `bid` or `end` (margin restored)"),
        Column("insolvent", "bool", "", "whether it is insolvent: bidders are paid"),
        _quote("equity", "equity at a start or restart, or as declared insolvent", True),
        _quote("maintenance_buffer", "maintenance buffer there, and at an end", True),
        _text("bidder", "account of the bidder", True),
        _ratio("part_wanted", "part of the account that the bid is for", True),
        _ratio("part_bought", "part that it gets", True),
        _ratio("discount", "discount factor between value and price; empty in an insolvent auction", True),
        _quote("price", "price that the bidder pays; below zero: the payout that it receives", True),
        Column("ended", "bool", "", "whether the bid ends the auction", True),
        _quote("deficit", "deficit of the account after it"),
        _quote("insurance", "insurance fund after the step"),
    ),
)
PAYMENTS = TableSchema(
    "payments",
    "a movement of money between two parties",
    (
        _STEP,
        _AT,
        Column("place", "integer", "", "its place in the step, from 1"),
        _text("what_for", "the reason"),
        _text("payer_kind", "`account`, `wallet`, `market`, `insurance`, `interest`, `rounding`, `vault` or `issuer`"),
        _text("payer", "name of the one who pays"),
        _text("payee_kind", "the same of the one who is paid"),
        _text("payee", "name of the one who is paid"),
        _text("token", "the token that moves, or that a claim on a market is in"),
        Column("amount", "wad", "token", "amount in whole tokens, above zero"),
        _text("instrument", "the instrument that it is for", True),
    ),
)

PERSONS = TableSchema(
    "persons",
    "a person at the end of the record: an owner, or the `person` of its owners",
    (
        *_END,
        _text("person", "name of the person"),
        _quote("paid_in", "tokens that its wallets sent to the vault, at their index price then"),
        _quote("taken_out", "tokens that its wallets received from the vault, at their index price then"),
        _quote("worth", "equity of its accounts with equity above zero"),
        _quote("gain", "worth - paid in + taken out: the sum of its rows in `gains`"),
    ),
)
GAINS = TableSchema(
    "gains",
    "what a party gained from another by one source in the whole record",
    (
        *_END,
        _text(
            "source",
            "`trades`, `funding`, `interest`, `auctions`, `insurance fund`, `gifts`, `prices of collateral`, "
            "`unpaid debt` or `rounding`",
        ),
        _text("payer_kind", "`person`, `insurance`, `interest`, `prices`, `debts`, `rounding` or `vault`"),
        _text("payer", "name of the one who lost it"),
        _text("payee_kind", "the same of the one who gained it"),
        _text("payee", "name of the one who gained it"),
        _quote("amount", "amount, above zero"),
    ),
)

TABLES = (STEPS, EVENTS, PRICES, ACCOUNTS, POSITIONS, MARGINS, AUCTIONS, PAYMENTS, VAULT, PERSONS, GAINS)
BY_NAME = {table.name: table for table in TABLES}
