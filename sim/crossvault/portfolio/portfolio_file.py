"""A portfolio file: prices of one moment, cash, collateral and positions; or every line that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from pydantic import Field

from crossvault.differential.ending import InputProblem
from crossvault.differential.step import EXCHANGE, VAULT, BadStrike, instrument_number
from crossvault.mirror import cash, collateral, fixed, market, oracle
from crossvault.mirror.account import MAX_OPTIONS, MAX_POSITIONS
from crossvault.mirror.fixed import CAP
from crossvault.portfolio import price_feeds
from crossvault.portfolio.own_terms import OwnTerms, PositionPart, UnderlyingMarginPart, own_terms
from crossvault.portfolio.price_feeds import AssetPart, PegPart, PriceFeed
from crossvault.scenario import curves, own_values, preset, quantity, roster, rules
from crossvault.scenario.file_part import Amount, Date, Difference, FilePart, Name, Price, Ratio
from crossvault.scenario.parameter_fields import PRICE, out_of_range
from crossvault.scenario.portfolio_rules import RulesPart
from crossvault.scenario.preset import Preset
from crossvault.scenario.quantity import Quantity
from crossvault.scenario.roster import FieldError
from crossvault.scenario.schema import schema_of
from crossvault.scenario.source import Route, ScenarioError, SourceFile, did_you_mean, read
from crossvault.scenario.valid import validated
from crossvault.scenario.world import ExpiryPart

BAIL = "bail"  # a token that covers the portfolio during its set-up, and has no value afterwards
TAKEN = (BAIL, "trader", "maker", "governor", "feeder", VAULT, EXCHANGE)

_SHIPPED = Path(__file__).parent.parent / "portfolios"
_MOST = market.MAX_UNDERLYINGS - 1


class UnderlyingPricePart(FilePart):
    """Prices of an underlying: its index, its perp (or the premium of it), its stable price, its expiries.

    Index and perp have one print, which carries the lower of their confidences. margin: parameters of its own, instead
    of those of the preset.
    """

    index: Price
    perp: Price | None = None
    premium: Difference | None = None
    confidence: Ratio = 10**18
    perp_confidence: Ratio = 10**18
    stable: Price | None = None
    margin: UnderlyingMarginPart | None = None
    expiries: dict[str, ExpiryPart] = {}


class PortfolioPart(FilePart):
    """A portfolio file."""

    name: Name
    about: str = ""
    at: Date
    quote: Name = "USDC"
    quote_price: Price | None = None
    depeg: PegPart | None = None
    standard: str = "crossvault"
    prices: dict[Name, UnderlyingPricePart] = Field(min_length=1)
    cash: Amount | None = None
    collateral: dict[Name, AssetPart] = {}
    positions: dict[str, PositionPart] = {}
    rules: RulesPart | None = None


@dataclass(frozen=True, slots=True)
class PortfolioAsset:
    """Collateral as the vault lists it; all tokens have 18 decimals."""

    token: str
    underlying: int
    amount_raw: int
    terms: collateral.HaircutTerms


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A portfolio, ready to be set up: sizes by instrument [wad], the preset of its standard margin, and its file.

    costs: of positions that were not entered at the mark [wad]; own: margin parameters by number of an underlying, and
    rules of portfolio margin, instead of those of presets.
    feeds: prices that the vault numbers after the underlyings; depeg: terms of the quote token, if it has a price.
    """

    name: str
    about: str
    at: int
    quote: str
    units: tuple[str, ...]
    prices: Mapping[str, UnderlyingPricePart]
    cash_wad: int
    assets: tuple[PortfolioAsset, ...]
    positions: Mapping[int, int]
    standard: Preset
    source: SourceFile
    costs: Mapping[int, int] = field(default_factory=dict)
    own: Mapping[int, OwnTerms] = field(default_factory=dict)
    rules: RulesPart | None = None
    feeds: tuple[PriceFeed, ...] = ()
    depeg: cash.DepegTerms | None = None

    @property
    def standard_name(self) -> str:
        """Whose standard margin it is: a preset's, or the file's own."""
        is_own = any(each.perps != self.standard.perps for each in self.own.values())
        return "its own" if is_own else self.standard.name

    def by_standard(self, standard: Preset) -> Portfolio:
        """The portfolio by the standard margin of a preset, instead of its own."""
        assert standard.perps is not None
        own = {each: terms._replace(perps=standard.perps, options=standard.options) for each, terms in self.own.items()}
        return replace(self, standard=standard, own=own)

    @property
    def quote_price_wad(self) -> int:
        """Price of the quote token [wad]; one where the file has none."""
        return fixed.WAD if self.depeg is None else self.feeds[-1].index_wad

    @property
    def followers(self) -> dict[int, tuple[int, ...]]:
        """By underlying, the feeds that move with it."""
        found: dict[int, tuple[int, ...]] = {}
        for number, feed in enumerate(self.feeds, len(self.units)):
            if feed.follows is not None:
                found[feed.follows] = (*found.get(feed.follows, ()), number)
        return found

    @staticmethod
    def load(given: str | PathLike[str] | Mapping[str, Any]) -> Portfolio:
        """A portfolio of a file, of one that ships by its name, or of a mapping as a file holds it.

        Raises ScenarioError (BadInput) with one line for each problem.
        """
        return _of_source(SourceFile("portfolio", given)) if isinstance(given, Mapping) else load(fspath(given))

    def traded(self, trades: Mapping[int, int]) -> Portfolio:
        """The portfolio with the sizes after trades; its cash is unchanged."""
        sizes = dict(self.positions)
        for instrument, size in trades.items():
            sizes[instrument] = sizes.get(instrument, 0) + size
        return replace(self, positions={instrument: size for instrument, size in sizes.items() if size})


def names() -> list[str]:
    """Names of the shipped portfolios."""
    return sorted(path.stem for path in _SHIPPED.glob("*.yaml"))


def json_schema() -> dict[str, Any]:
    """The JSON Schema of portfolio files, for editors."""
    return schema_of(PortfolioPart, "portfolio")


def load(path_or_name: str) -> Portfolio:
    """The portfolio of a file, or a shipped one by its name. Raises ScenarioError."""
    return _of_source(read(*_find(path_or_name)))


def _of_source(source: SourceFile) -> Portfolio:
    part = validated(source, PortfolioPart)
    units, feeds = tuple(part.prices), _feeds(source, part)
    if len(units) + len(feeds) > _MOST:
        others = f" and {len(feeds)} feeds of quote and collateral" if feeds else ""
        source.note(("prices",), f"has {len(units)} underlyings{others}: expected at most {_MOST}")
    if part.quote in TAKEN:
        source.note(("quote",), f"{part.quote!r} is the name of something else: expected another")
    _check_prices(source, part)
    found = Portfolio(
        part.name, " ".join(part.about.split()), part.at, part.quote, units, part.prices, _cash(source, part),
        _assets(source, part, units), _positions(source, part, units), _standard(source, part), source,
        _costs(source, part, units), _own(source, part), _rules(source, part, units),
        feeds, price_feeds.depeg(source, part.depeg, part.quote_price, len(units) + len(feeds) - 1),
    )  # fmt: skip
    source.require_no_problems()
    return found


def instrument(name: str, held: Portfolio) -> int:
    """The number of an instrument whose price is known. Raises ValueError."""
    return _instrument(name, held.units, held.prices)


def trade(text: str, held: Portfolio) -> tuple[int, int]:
    """A trade such as `ETH-PERP +5`: instrument and size [wad]. Raises ValueError."""
    name, _, rest = text.strip().partition(" ")
    number = instrument(name, held)
    unit = held.units[market.underlying_of(number)]
    with_unit = rest if any(letter.isalpha() for letter in rest) else f"{rest} {unit}"
    size = quantity.quantity(with_unit, f"+5 {unit}")
    wad = _wad(size, unit, signed=True)
    if wad == 0:
        raise ValueError(f"{text!r}: a trade of nothing")
    return number, wad


def _find(path_or_name: str) -> tuple[Path, str]:
    if path_or_name in names():
        return _SHIPPED / f"{path_or_name}.yaml", f"{path_or_name}.yaml"
    path = Path(path_or_name)
    if path.is_file():
        return path, path_or_name
    if path_or_name.endswith((".yaml", ".yml")):
        raise ScenarioError(InputProblem("there is no such file", path_or_name))
    raise ScenarioError(f"{path_or_name}: there is no such portfolio: {did_you_mean(path_or_name, names())}")


def _check_prices(source: SourceFile, part: PortfolioPart) -> None:
    for name, given in part.prices.items():
        route: Route = ("prices", name)
        if given.index == 0 or given.index > CAP:
            source.note((*route, "index"), out_of_range(given.index, 1, CAP, PRICE))
        if given.stable is not None and not 0 < given.stable <= CAP:
            source.note((*route, "stable"), out_of_range(given.stable, 1, CAP, PRICE))
        if given.perp is not None and given.premium is not None:
            source.note((*route, "perp"), "expected 'perp' or 'premium', not both")
        if abs(premium(given)) >= given.index:
            source.note(route, "the perp is further from the index than the index is from zero")
        for word, part_wad in (("confidence", given.confidence), ("perp confidence", given.perp_confidence)):
            if part_wad > fixed.WAD:
                source.note((*route, word), out_of_range(part_wad, 0, fixed.WAD))
        for text, written in given.expiries.items():
            with source.guard((*route, "expiries", text)):
                expiry = quantity.expiry(text)
                if not part.at + oracle.WINDOW < expiry <= part.at + 3650 * 86_400:
                    raise FieldError("", "expected an expiry more than 30 minutes and at most 10 years after 'at'")
                for problem in own_values.published(written):
                    raise FieldError(*problem)
                if written.surface is not None:
                    curves.require_surface(written.surface, expiry - part.at)


def premium(part: UnderlyingPricePart) -> int:
    """Premium of the perp over the index [wad]."""
    return (part.premium or 0) if part.perp is None else part.perp - part.index


def confidence(part: UnderlyingPricePart) -> int:
    """Confidence of the print of an underlying, which carries index and perp [wad]."""
    return fixed.min(part.confidence, part.perp_confidence)


def _feeds(source: SourceFile, part: PortfolioPart) -> tuple[PriceFeed, ...]:
    indexes = {name: given.index for name, given in part.prices.items()}
    return price_feeds.feeds(source, part.collateral, indexes, part.quote, part.quote_price)


def _cash(source: SourceFile, part: PortfolioPart) -> int:
    if part.cash is None:
        return 0
    with source.guard(("cash",)):
        return _wad(part.cash, part.quote, signed=True)
    return 0


def _assets(source: SourceFile, part: PortfolioPart, units: tuple[str, ...]) -> tuple[PortfolioAsset, ...]:
    found = []
    priced = [token for token, given in part.collateral.items() if given.confidence is not None]
    feeds = {token: number for number, token in enumerate(priced, len(units))}
    if len(part.collateral) > _MOST:
        source.note(("collateral",), f"has {len(part.collateral)} tokens: expected at most {_MOST}")
    for token, given in part.collateral.items():
        with source.guard(("collateral", token)):
            if token in (part.quote, *TAKEN):
                raise FieldError("", f"{token!r} is the name of something else: expected another")
            if given.underlying not in units:
                raise FieldError("underlying", roster.missing(given.underlying, units))
            terms = roster.terms(given)
            roster.require(collateral.require_valid, terms)
            raw, own = _named("amount", given.amount, token), feeds.get(token)
            found.append(PortfolioAsset(token, units.index(given.underlying) if own is None else own, raw, terms))
    return tuple(found)


def _positions(source: SourceFile, part: PortfolioPart, units: tuple[str, ...]) -> dict[int, int]:
    found: dict[int, int] = {}
    if len(part.positions) > MAX_POSITIONS:
        source.note(("positions",), f"are {len(part.positions)}: expected at most {MAX_POSITIONS}")
    for name, written in part.positions.items():
        with source.guard(("positions", name)):
            instrument = _instrument(name, units, part.prices)
            if instrument in found:
                raise ValueError("is there twice")
            found[instrument] = _wad(written.size, units[market.underlying_of(instrument)], signed=True)
            if found[instrument] == 0:
                raise ValueError("is a position of nothing: expected a size above or below zero")
    options = sum(market.is_option(market.kind_of(each)) for each in found)
    if options > MAX_OPTIONS:
        source.note(("positions",), f"are {options} options: portfolio margin takes at most {MAX_OPTIONS}")
    return found


def _costs(source: SourceFile, part: PortfolioPart, units: tuple[str, ...]) -> dict[int, int]:
    found: dict[int, int] = {}
    for name, written in part.positions.items():
        if written.cost is None:
            continue
        with source.guard(("positions", name, "cost")):
            instrument = instrument_number(name, units)
            if market.is_option(market.kind_of(instrument)):
                raise ValueError("is of an option, whose premium is paid in cash: expected it in 'cash'")
            found[instrument] = _wad(written.cost, part.quote, signed=True)
    return found


def _own(source: SourceFile, part: PortfolioPart) -> dict[int, OwnTerms]:
    return {
        number: own_terms(source, ("prices", name, "margin"), given.margin, name)
        for number, (name, given) in enumerate(part.prices.items())
        if given.margin is not None
    }


def _rules(source: SourceFile, part: PortfolioPart, units: tuple[str, ...]) -> RulesPart | None:
    if part.rules is not None:
        with source.guard(("rules",)):
            rules.rules(part.rules, units)
            if not any(given.margin is not None and given.margin.portfolio for given in part.prices.values()):
                raise ValueError("have no underlying to apply to: expected 'portfolio' under 'margin' of one")
    return part.rules


def _instrument(name: str, units: tuple[str, ...], prices: Mapping[str, UnderlyingPricePart]) -> int:
    """An instrument whose price is known. Raises ValueError."""
    terms = [f"{unit}-{expiry}" for unit, part in prices.items() for expiry in part.expiries]
    known = (
        [f"{unit}-PERP" for unit in units] + terms + [f"{term}-STRIKE-{letter}" for term in terms for letter in "CP"]
    )
    try:
        instrument = instrument_number(name, units)
    except BadStrike:
        raise
    except ValueError:
        raise ValueError(roster.missing(name, known)) from None
    if market.kind_of(instrument) == market.PERP:
        return instrument
    unit, expiry = units[market.underlying_of(instrument)], market.expiry_of(instrument)
    written = {quantity.expiry(text): part for text, part in prices[unit].expiries.items() if text[:8].isdecimal()}
    if expiry not in written:
        raise ValueError(f"has no price: {did_you_mean(name, terms)} under 'expiries' of {unit}")
    if market.is_option(market.kind_of(instrument)) and written[expiry].surface is None:
        raise ValueError(f"has no vol: expected 'surface' for this expiry of {unit}, such as '60 %'")
    return instrument


def _standard(source: SourceFile, part: PortfolioPart) -> Preset:
    found: Preset | None = None
    try:
        found = preset.load(part.standard)
    except ScenarioError as wrong:
        source.note(("standard",), str(wrong))
    if found is not None and found.perps is None:
        source.note(("standard",), f"the preset {part.standard!r} has no standard margin")
    return found or Preset(part.standard, "", "", None, None, None, None)


def _named(field: str, amount: Quantity, unit: str) -> int:
    try:
        return _wad(amount, unit, signed=False)
    except ValueError as wrong:
        raise FieldError(field, str(wrong)) from None


def _wad(amount: Quantity, unit: str, signed: bool) -> int:
    if amount.unit != unit:
        raise ValueError(f"'{amount}' is in {amount.unit}: expected {unit}, such as '2 {unit}'")
    found = amount.scaled(quantity.WAD_DECIMALS)
    if abs(found) > CAP // 2 or (found <= 0 and not signed):
        raise ValueError(
            f"'{amount}' is out of range: expected {'at most' if signed else 'more than zero and'} 2^95 wad"
        )
    return found
