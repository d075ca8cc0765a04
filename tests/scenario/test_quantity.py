"""Text is parsed to integers exactly, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, strategies as st

from crossvault.scenario import quantity
from crossvault.scenario.quantity import Quantity, StoryTime


@pytest.mark.parametrize(
    ("text", "decimals", "raw"),
    [
        ("1,500.25 USDC", 6, 1_500_250_000),
        ("1500.25 USDC", 6, 1_500_250_000),
        ("0.000001 USDC", 6, 1),
        ("1.500000000 USDC", 6, 1_500_000),
        ("-5 ETH", 18, -5 * 10**18),
        ("+5ETH", 18, 5 * 10**18),
        ("79,228,162,514.264337593543950335 USDC", 18, 2**96 - 1),
    ],
)
def test_amounts_are_exact(text: str, decimals: int, raw: int) -> None:
    assert quantity.quantity(text).scaled(decimals) == raw


@given(st.integers(-(10**30), 10**30), st.integers(0, 18))
def test_an_amount_is_formatted_and_parsed_without_change(raw: int, decimals: int) -> None:
    with localcontext() as context:
        context.prec = 60
        text = f"{Decimal(raw).scaleb(-decimals):,f} USDC"
    assert quantity.quantity(text).scaled(decimals) == raw
    assert str(quantity.quantity(text)) == text.replace("-0 ", "0 ")


def test_more_decimals_than_the_token_has_are_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("1.0000001 USDC has 7 decimals: expected at most 6")):
        quantity.quantity("1.0000001 USDC").scaled(6)


@pytest.mark.parametrize("text", ["", "USDC", "1,50 USDC", "1_000 USDC", "1.5e3 USDC", "nan USDC", "1. USDC", "١ USDC"])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number with a unit"):
        quantity.quantity(text)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1,500", "'1,500' has no unit: expected something like '1,500.25 USDC'"),
        (1.5, "1.5 is a bare number: quote it with its unit"),
        (15, "15 is a bare number: quote it with its unit"),
        (None, "None is not text"),
        (True, "True is not text"),
        ("1" * 51 + " USDC", "a number of 51 digits"),
    ],
)
def test_a_number_needs_its_unit(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        quantity.quantity(value)


@pytest.mark.parametrize(
    ("reader", "text", "wad"),
    [
        (quantity.ratio, "15 %", 15 * 10**16),
        (quantity.ratio, "0.0000000000000001 %", 1),
        (quantity.ratio, "1,000 %", 10**19),
        (quantity.price, "2,000 USD", 2_000 * 10**18),
        (quantity.difference, "-1.50 USD", -15 * 10**17),
        (quantity.multiple, "-3.5x", -35 * 10**17),
        (quantity.data_price, "4e-05", 4 * 10**13),
        (quantity.data_price, "9139.77", 913_977 * 10**16),
        (quantity.data_price, "1E3", 1_000 * 10**18),
    ],
)
def test_wads(reader: Callable[[str], int], text: str, wad: int) -> None:
    assert reader(text) == wad


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (quantity.ratio, "0.15", "has no unit: expected something like '15 %'"),
        (quantity.ratio, "15 USD", "is in USD: expected %"),
        (quantity.ratio, "-1 %", "out of range: expected 0 % to 1,000 %"),
        (quantity.ratio, "1,001 %", "out of range"),
        (quantity.price, "2,000 USDC", "is in USDC: expected USD"),
        (quantity.price, "-2 USD", "is negative"),
        (quantity.data_price, "12a", "is not a decimal number"),
        (quantity.data_price, "1e-19", "has 19 decimals: expected at most 18"),
    ],
)
def test_wrong_units_and_ranges_are_refused(reader: Callable[[str], int], text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        reader(text)


@pytest.mark.parametrize(
    ("text", "secs"), [("1h 30m", 5400), ("90s", 90), ("2 days", 172_800), ("1w1d", 691_200), ("0s", 0)]
)
def test_durations(text: str, secs: int) -> None:
    assert quantity.duration(text) == secs


@pytest.mark.parametrize("text", ["", "1", "1.5h", "1 fortnight", "h", "-1h", "99999999999999 s", "11 years"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|unit|long"):
        quantity.duration(text)


def test_moments() -> None:
    assert quantity.moment("+2h") == StoryTime(7200, True)
    assert quantity.moment("+2h").at(1_000) == 8_200
    assert quantity.moment("2020-03-12T00:00:00Z") == StoryTime(1_583_971_200, False)  # date -u -d 2020-03-12 +%s
    assert quantity.date("2020-02-29T12:00Z") == 1_582_977_600


@pytest.mark.parametrize("text", ["2020-03-12", "2020-03-12T00:00:00", "2020-02-30T00:00:00Z", "2h", "now"])
def test_other_moments_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        quantity.moment(text)


def test_a_date_is_not_relative() -> None:
    with pytest.raises(ValueError, match="is relative"):
        quantity.date("+2h")
    with pytest.raises(ValueError, match="not a whole second"):
        quantity.date("2020-03-12T00:00:00.5Z")


def test_numbers_are_formatted_without_trailing_zeros() -> None:
    assert quantity.plain(1_500_250_000, 6) == "1,500.25"
    assert quantity.plain(-1, 18) == "-0.000000000000000001"
    assert str(Quantity(-15, 1, "ETH")) == "-1.5 ETH"


@pytest.mark.parametrize(
    ("text", "at"), [("20241227", 1_735_286_400), (20241227, 1_735_286_400), ("20241227T143000", 1_735_309_800)]
)
def test_an_expiry_ends_at_eight_unless_a_time_is_given(text: object, at: int) -> None:
    assert quantity.expiry(text) == at  # date -u -d '2024-12-27 08:00' +%s


@pytest.mark.parametrize(
    "text", ["2024-12-27", "20241327", "20240230", "20241227T25", "20241227T250000", 2024, True, "tomorrow"]
)
def test_invalid_expiries(text: object) -> None:
    with pytest.raises(ValueError, match="is not"):
        quantity.expiry(text)


def test_a_rate_may_be_negative_and_a_ratio_may_not() -> None:
    assert quantity.signed_ratio("-0.01 %") == -(10**14)
    with pytest.raises(ValueError, match="out of range"):
        quantity.ratio("-0.01 %")
    with pytest.raises(ValueError, match="out of range"):
        quantity.signed_ratio("-1,001 %")


def test_a_price_or_the_mark() -> None:
    assert quantity.price_or_mark("mark") is None
    assert quantity.price_or_mark("1.50 USD") == 15 * 10**17
    with pytest.raises(ValueError, match="negative"):
        quantity.price_or_mark("-1 USD")
