"""Parses text to integers: amounts, ratios, prices, durations, times. Exact; nothing is rounded.

The only file that does so. Every function takes text as written in a file and raises ValueError with the expected form.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from crossvault.differential.step import LAST_WRITTEN, expiry_number
from crossvault.mirror import fixed, surface

WAD_DECIMALS = 18

_NUMBER = re.compile(r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?")
_DATA_PRICE = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?")
_DATA_SECS = re.compile(r"[0-9]{1,20}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*")
_QUANTITY = re.compile(rf"({_NUMBER.pattern})\s*([A-Za-z%][A-Za-z0-9.%-]*)?")
_SPAN = re.compile(r"([0-9]+)\s*([a-z]+)")
_EXPIRY = re.compile(r"[0-9]{8}(T[0-9]{6})?")
_MAX_DIGITS = 50
_MAX_RATIO = 10 * 10**WAD_DECIMALS
_MAX_SIGNED_RATIO = 9 * 10**WAD_DECIMALS  # a signed integer of 64 bits, as in most structs of the contracts, holds 9.2
_MAX_VOL = fixed.sqrt_down(surface.MAX_VARIANCE * 10**WAD_DECIMALS)  # of a flat surface, stated for a year
_MAX_SECS = 10 * 365 * 86400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECS = 253_402_300_799 - _MAX_SECS  # of a bar that ends by the year 9999
_FINER = {"milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
_SECS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SPANS = {
    spelling: _SECS[letter]
    for letter, spellings in {
        "s": "s sec secs second seconds",
        "m": "m min mins minute minutes",
        "h": "h hour hours",
        "d": "d day days",
        "w": "w week weeks",
    }.items()
    for spelling in spellings.split()
}


class Quantity(NamedTuple):
    """A decimal number with its unit, exact: digits / 10^places."""

    digits: int
    places: int
    unit: str

    def scaled(self, decimals: int) -> int:
        """The number in units of 10^-decimals. Raises ValueError if it has more decimals."""
        digits, places = self.digits, self.places
        while places > decimals and digits % 10 == 0:
            digits, places = digits // 10, places - 1
        if places > decimals:
            raise ValueError(f"{self} has {places} decimals: expected at most {decimals}, nothing is rounded")
        scaled: int = digits * 10 ** (decimals - places)
        return scaled

    def __str__(self) -> str:
        sign, magnitude = "-" if self.digits < 0 else "", f"{abs(self.digits):0{self.places + 1}d}"
        whole, part = magnitude[: len(magnitude) - self.places], magnitude[len(magnitude) - self.places :]
        return f"{sign}{int(whole):,}{'.' + part if part else ''} {self.unit}".rstrip()


class StoryTime(NamedTuple):
    """A time: unix seconds, or seconds after the start of the story."""

    secs: int
    relative: bool

    def at(self, starts_at: int) -> int:
        """The moment in unix seconds, for a story that starts at a time [unix seconds]."""
        return starts_at + self.secs if self.relative else self.secs


def require_written(at: int) -> None:
    """Requires a time [unix seconds] that a calendar can state. Raises ValueError."""
    if at > LAST_WRITTEN:
        raise ValueError(f"comes {at - LAST_WRITTEN:,} s after the year 9999: a story must end by then")


def required_text(value: object, example: str) -> str:
    """Requires text. Raises ValueError for a bare number, whose digits YAML has already changed."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not text: expected something like {example!r}")
    raise ValueError(f"{value} is a bare number: quote it with its unit, such as {example!r}")


def quantity(value: object, example: str = "1,500.25 USDC") -> Quantity:
    """A number with a unit, such as `1,500.25 USDC`, `-5 ETH`, `15 %`."""
    text = required_text(value, example)
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number with a unit: expected something like {example!r}")
    if not match[5]:
        raise ValueError(f"{text!r} has no unit: expected something like {example!r}")
    return _exact(match[2], match[3], match[4] or "", match[5])


def wad(value: object) -> int:
    """A plain number such as `-1,500.25` times 10^18, exact. Raises ValueError."""
    text = required_text(value, "1.5")
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number: expected something like '1.5'")
    return _exact(match[1], match[2], match[3] or "", "").scaled(WAD_DECIMALS)


def ratio(value: object) -> int:
    """A ratio [wad], such as `15 %`."""
    return _per_cent(value, "15 %", 0, _MAX_RATIO)


def signed_ratio(value: object) -> int:
    """A signed ratio [wad], such as `-0.01 %`."""
    return _per_cent(value, "-0.01 %", -_MAX_SIGNED_RATIO, _MAX_SIGNED_RATIO)


def volatility(value: object) -> int:
    """A volatility per root of a year [wad], such as `60 %`."""
    return _per_cent(value, "60 %", 0, _MAX_VOL)


def total_variance(value: object) -> int:
    """The level of a surface's total variance [wad], such as `1 %`."""
    return _per_cent(value, "1 %", -surface.MAX_VARIANCE, surface.MAX_VARIANCE)


def log_shift(value: object) -> int:
    """A shift of log-strikes [wad], such as `-5 %`."""
    return _per_cent(value, "-5 %", -surface.MAX_WIDTH, surface.MAX_WIDTH)


def log_width(value: object) -> int:
    """A width of log-strikes [wad], such as `20 %`."""
    return _per_cent(value, "20 %", 0, surface.MAX_WIDTH)


def price(value: object) -> int:
    """A price in quote for one whole unit [wad], such as `2,000 USD`."""
    wad = difference(value)
    if wad < 0:
        raise ValueError(f"{value!r} is negative: expected a price such as '2,000 USD'")
    return wad


def price_or_mark(value: object) -> int | None:
    """A price [wad]; None for `mark`, the mark price of an instrument."""
    return None if value == "mark" else price(value)


def difference(value: object) -> int:
    """A signed difference of prices [wad], such as `-1.50 USD`."""
    return _of_unit(quantity(value, "2,000 USD"), "USD", "2,000 USD").scaled(WAD_DECIMALS)


def multiple(value: object) -> int:
    """A multiple [wad], such as `5x`; negative for a short."""
    return _of_unit(quantity(value, "5x"), "x", "5x").scaled(WAD_DECIMALS)


def duration(value: object) -> int:
    """A duration [seconds], such as `1h 30m` or `2 days`."""
    text = required_text(value, "1h 30m")
    spans = _SPAN.findall(text)
    if not spans or _SPAN.sub("", text).strip():
        raise ValueError(f"{text!r} is not a duration: expected whole numbers with units, such as '1h 30m' or '2 days'")
    for _, unit in spans:
        if unit not in _SPANS:
            raise ValueError(f"{text!r} has the unknown unit {unit!r}: expected s, m, h, d or w")
    secs = sum(int(count[:12]) * _SPANS[unit] for count, unit in spans)
    if secs > _MAX_SECS:
        raise ValueError(f"{text!r} is too long: expected at most 10 years")
    return secs


def duration_text(secs: int) -> str:
    """A duration as a file writes it, such as `1d 12h`."""
    parts = []
    for letter in "dhms":
        count, secs = divmod(secs, _SECS[letter])
        parts += [f"{count}{letter}"] if count else []
    return " ".join(parts) or "0s"


def moment(value: object) -> StoryTime:
    """A time, such as `+2h` after the start, or `2020-03-12T00:00:00Z`."""
    text = required_text(value, "+2h")
    if text.startswith("+"):
        return StoryTime(duration(text[1:]), True)
    try:
        if not text.endswith("Z"):
            raise ValueError
        secs, rest = divmod(datetime.fromisoformat(text) - _EPOCH, timedelta(seconds=1))
    except ValueError:
        raise ValueError(
            f"{text!r} is not a time: expected '+2h' after the start, or a date in UTC such as '2020-03-12T00:00:00Z'"
        ) from None
    if rest or secs <= 0:
        raise ValueError(f"{text!r} is not a whole second after 1970")
    return StoryTime(secs, False)


def expiry(value: object) -> int:
    """The end of an expiry [unix seconds]: `20241227` at 08:00 UTC, or `20241227T143000`."""
    text = str(value) if type(value) is int else required_text(value, "20241227")
    if not _EXPIRY.fullmatch(text):
        raise ValueError(f"{text!r} is not an expiry: expected a day such as 20241227, or 20241227T143000")
    try:
        return expiry_number(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day of the calendar: expected a day such as 20241227") from None


def date(value: object) -> int:
    """A calendar time [unix seconds], such as `2020-03-12T00:00:00Z`."""
    found = moment(value)
    if found.relative:
        raise ValueError(f"{value!r} is relative: expected a date in UTC such as '2020-03-12T00:00:00Z'")
    return found.secs


def data_time(text: str) -> int:
    """A time of a data file [unix seconds]; finer units and dates are named in the refusal."""
    if _DATE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number of seconds but a date: expected unix seconds")
    secs = _whole_secs(text)
    if secs <= _LAST_SECS:
        return secs
    for unit, parts in _FINER.items():
        if secs // parts <= _LAST_SECS // 10:
            raise ValueError(f"{text!r} is in {unit}: expected unix seconds, here {secs // parts}")
    raise ValueError(f"{text!r} is after the year 9989: expected unix seconds")


def data_secs(text: str) -> int:
    """A length of time of a data file [seconds]."""
    secs = _whole_secs(text)
    if not 0 < secs <= _MAX_SECS:
        raise ValueError(f"{text!r}: expected more than 0 seconds and at most 10 years")
    return secs


def _whole_secs(text: str) -> int:
    if not _DATA_SECS.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number of seconds")
    return int(text)


def data_price(text: str) -> int:
    """A price without unit of a data file, with or without exponent [wad]."""
    match = _DATA_PRICE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a decimal number{_comma(text)}")
    found = _exact(match[1], match[2], match[3] or "", "")
    places = found.places - int(match[4] or 0)
    if places < 0:
        return Quantity(found.digits * 10**-places, 0, "").scaled(WAD_DECIMALS)
    return Quantity(found.digits, places, "").scaled(WAD_DECIMALS)


def _comma(text: str) -> str:
    """What the commas of a number of a data file are, and the number without them."""
    head, comma, tail = text.strip().rpartition(",")
    if not comma:
        return ""
    whole, is_grouped = head.replace(".", ""), len(tail.partition(".")[0]) == 3
    if "." in tail or ("," in head and is_grouped):
        return f": it has separators of thousands: expected {text.strip().replace(',', '')}"
    if is_grouped and "." not in head:
        return ": its comma is a decimal one or separates thousands: expected a decimal point, or no separator"
    return f": it has a decimal comma: expected {whole}.{tail}"


def plain(number: int, decimals: int) -> str:
    """Formats an integer scaled by 10^decimals, without trailing zeros."""
    while decimals and number % 10 == 0:
        number, decimals = number // 10, decimals - 1
    return str(Quantity(number, decimals, ""))


def _exact(sign: str, whole: str, part: str, unit: str) -> Quantity:
    digits = whole.replace(",", "") + part
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits: expected at most {_MAX_DIGITS}")
    return Quantity(int(sign + digits), len(part), unit)


def _per_cent(value: object, example: str, low: int, high: int) -> int:
    wad = _of_unit(quantity(value, example), "%", example).scaled(WAD_DECIMALS - 2)
    if not low <= wad <= high:
        ends = [plain(each, WAD_DECIMALS - 2) for each in (low, high)]
        raise ValueError(f"{value!r} is out of range: expected {ends[0]} % to {ends[1]} %")
    return wad


def _of_unit(found: Quantity, unit: str, example: str) -> Quantity:
    if found.unit != unit:
        raise ValueError(f"{str(found)!r} is in {found.unit}: expected {unit}, such as {example!r}")
    return found
