"""The capabilities of a vault, each by a name that an adapter can switch off."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from crossvault.differential.step import Action
from crossvault.mirror import fixed

_NOTHING: Mapping[str, int] = MappingProxyType({})


class Capability(NamedTuple):
    """A part of the specification that a vault can be without.

    doors: without all of them there is none of it. pins: risk parameters that make the model do without it.
    refusals: steps with these are left out of the search without it, because only a vault with it would refuse.
    terms: auction terms that the constructor of a vault with it takes, and that are 0 without it.
    """

    name: str
    about: str
    doors: tuple[Action, ...] = ()
    pins: Mapping[str, int] = _NOTHING
    refusals: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()


CAPABILITIES = (
    Capability("perps", "perpetual contracts", ("trade",)),
    Capability("futures", "dated futures and their settlement", ("open_expiry", "publish_forward", "settle")),
    Capability("options", "options and their surfaces", ("open_expiry", "publish_forward", "publish_surface", "settle",
                                                         "schedule_options", "enact_options")),
    Capability("collateral", "other tokens as security",
               ("list_collateral", "deposit_collateral", "withdraw_collateral")),
    Capability("haircuts", "haircuts that change", ("schedule_haircut", "enact_haircut")),
    Capability("interest", "interest on borrowed cash", ("schedule_interest", "enact_interest")),
    Capability("depeg", "a price of the quote token", ("schedule_depeg", "enact_depeg")),
    Capability("guard", "a guard against manipulated prints", ("schedule_guard", "enact_guard")),
    Capability("risk changes", "risk parameters that change", ("schedule_risk", "enact_risk")),
    Capability("auction changes", "auction terms that change", ("schedule_auction", "enact_auction")),
    Capability("premium", "a mark that differs from the index", (), {"mark_band": 0}),
    Capability("funding", "funding of perps", (), {"funding_base": 0, "funding_cap": 0}),
    Capability("size term", "requirements that grow with size", (), {"base_rate": 0, "impact_rate": 0}),
    Capability("profit weight", "unrealised profits that count in part", (), {"profit_weight": fixed.WAD}),
    Capability("confidence", "doubt in prices", (), {"confidence_threshold": 0}),
    Capability("portfolio margin", "portfolio mode",
               ("set_mode", "schedule_portfolio", "enact_portfolio", "schedule_rules", "enact_rules")),
    Capability("liquidation", "accounts that are put up for sale", ("start_liquidation", "end_liquidation")),
    Capability("auction", "bids for accounts that are for sale", ("bid", "declare_insolvent")),
    Capability("grace", "no sale right after an outage", (), _NOTHING, ("OutageGrace",), ("grace_secs",)),
    Capability("price floor", "a floor of the price of an auction", (), _NOTHING, (), ("floor_wad",)),
    Capability("insurance", "an insurance fund that anybody may fund", ("fund_insurance",)),
    Capability("operators", "others who act for an account", ("set_operator",)),
    Capability("sealing", "listings and feeders that are announced once the vault holds money",
               ("schedule_feeder", "schedule_underlying", "schedule_collateral", "schedule_guardian", "seal")),
    Capability("tightening at once", "changes that only tighten, made without an announcement"),
    Capability("cancelling", "announced changes that are cancelled", ("cancel_changes",)),
    Capability("vault caps", "caps of the whole vault", ("schedule_cap", "enact_cap"), _NOTHING, ("CapExceeded",)),
    Capability("scopes", "operators with a part of the rights", ("set_scopes",)),
    Capability("pause", "a pause", ("pause", "unpause")),
    Capability("guardian", "a guardian who may pause", ("set_guardian",)),
    Capability("ownership", "a vault that changes hands", ("offer_ownership", "accept_ownership")),
    Capability("batch", "several calls as one", ("batch",)),
    Capability("orders", "signed orders", ("fill", "cancel", "cancel_below", "next_epoch")),
    Capability("bounds", "ranges of parameters", (), _NOTHING, ("ParameterOutOfRange",)),
)  # fmt: skip

NAMES = tuple(each.name for each in CAPABILITIES)
NEEDED: tuple[Action, ...] = ("list_underlying", "set_feeder", "publish_price", "deposit_cash")
OPTIONAL: tuple[Action, ...] = ("withdraw_cash",)
KINDS = {1: "perps", 2: "futures", 3: "options", 4: "options"}
"""The capability that an instrument's kind needs."""
NOT_SEARCHED = ("orders",)
"""Capabilities that conform cannot try on any vault yet."""
