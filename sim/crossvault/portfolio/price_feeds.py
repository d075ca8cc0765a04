"""Prices of a portfolio file besides its underlyings: of the quote token, and of collateral with a confidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from crossvault.mirror import cash, fixed
from crossvault.mirror.fixed import CAP
from crossvault.scenario import roster
from crossvault.scenario.file_part import Amount, FilePart, Name, Ratio
from crossvault.scenario.parameter_fields import PRICE, out_of_range
from crossvault.scenario.source import SourceFile
from crossvault.scenario.world import HaircutPart


class AssetPart(HaircutPart):
    """A collateral token and its amount; with a confidence of its own it has a price feed of its own, at the index."""

    amount: Amount
    underlying: Name
    confidence: Ratio | None = None


class PegPart(FilePart):
    """The surcharge of standard margin while the quote token is below a threshold."""

    threshold: Ratio
    factor: Ratio


class PriceFeed(NamedTuple):
    """A price of no underlying [wad]: of the quote token, or of collateral, which follows an underlying."""

    token: str
    index_wad: int
    confidence_wad: int = fixed.WAD
    follows: int | None = None


def feeds(
    source: SourceFile, assets: Mapping[str, AssetPart], indexes: Mapping[str, int], quote: str, price_wad: int | None
) -> tuple[PriceFeed, ...]:
    """A feed for each collateral with a confidence of its own, and the last one for the quote token, if it has a price.

    indexes: of all underlyings, in order [wad].
    """
    found, units = [], list(indexes)
    for token, given in assets.items():
        if given.confidence is None or given.underlying not in indexes:
            continue
        if given.confidence > fixed.WAD:
            source.note(("collateral", token, "confidence"), out_of_range(given.confidence, 0, fixed.WAD))
        follows = units.index(given.underlying)
        found.append(PriceFeed(token, indexes[given.underlying], given.confidence, follows))
    if price_wad is not None:
        if not 0 < price_wad <= CAP:
            source.note(("quote price",), out_of_range(price_wad, 1, CAP, PRICE))
        found.append(PriceFeed(quote, price_wad))
    return tuple(found)


def depeg(source: SourceFile, part: PegPart | None, price_wad: int | None, feed: int) -> cash.DepegTerms | None:
    """The terms of the quote token, by the number of its feed; without a threshold standard margin has no surcharge."""
    if price_wad is None:
        if part is not None:
            source.note(("depeg",), "has no effect without 'quote price': expected the price of the quote token")
        return None
    if part is None:
        return cash.DepegTerms(feed, 0, 0)
    terms = cash.DepegTerms(feed, part.threshold, part.factor)
    with source.guard(("depeg",)):
        roster.require(lambda each: cash.require_valid(each, feed + 1), terms)
    return terms
