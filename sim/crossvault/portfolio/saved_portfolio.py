"""An account of a live vault as a portfolio file: prices, cash, collateral, positions and margin parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import yaml

from crossvault.differential.ending import BadInput
from crossvault.differential.model import Model
from crossvault.differential.step import expiry_name, instrument_name
from crossvault.differential.story import due_funding
from crossvault.mirror import (
    account as accounts,
    cash,
    collateral,
    ledger,
    market,
    oracle,
    portfolio,
    ruleset,
    valuation,
)
from crossvault.mirror.account import AccountId, entry
from crossvault.mirror.fixed import CAP
from crossvault.mirror.ledger import State
from crossvault.mirror.oracle import Curve
from crossvault.mirror.ruleset import Rules
from crossvault.portfolio import portfolio_file
from crossvault.portfolio.account_methods import has_portfolio_margin, is_settled, open_instruments
from crossvault.portfolio.price_feeds import PegPart
from crossvault.scenario import parameter_fields, quantity
from crossvault.scenario.file_part import FilePart
from crossvault.scenario.parameter_fields import PRICE, SIZE
from crossvault.scenario.portfolio_rules import (
    BasisPart,
    ContingencyPart,
    DiscountPart,
    RulesPart,
    SkewPart,
    VolPart,
)
from crossvault.scenario.rules import MODES
from crossvault.scenario.source import ScenarioError
from crossvault.scenario.world import HaircutPart, OptionsPart, RiskPart

_HEAD = "# yaml-language-server: $schema=./portfolio.schema.json\n"
_MODE_NAMES = {number: name for name, number in MODES.items()}


class NotWritable(BadInput):
    """An account that a portfolio file cannot state exactly, and why."""


class SavedAccount(NamedTuple):
    """An account of a model at a time [unix seconds], and the name and the sentence about it in the file."""

    model: Model
    account: AccountId
    at: int
    name: str
    about: str

    @property
    def state(self) -> State:
        """The ledger of the model."""
        return self.model.vault.ledger


def text(saved: SavedAccount) -> str:
    """The text of the file, which `margin` accepts. Raises NotWritable."""
    data = document(saved)
    found = _HEAD + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10**6, default_flow_style=None)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "saved.yaml"
        path.write_text(found, encoding="utf8")
        try:
            portfolio_file.load(str(path))
        except ScenarioError as wrong:
            problem = str(wrong).replace(f"{path}:", "line ")
            raise NotWritable(f"--save: a portfolio file cannot state this account: {problem}") from None
    return found


def document(saved: SavedAccount) -> dict[str, Any]:
    """The file as plain data. Raises NotWritable."""
    state, units = saved.state, underlyings(saved)
    made: dict[str, Any] = {
        "name": saved.name,
        "about": saved.about,
        "at": datetime.fromtimestamp(saved.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "quote": state.cash.token,
        **_peg(state),
        "prices": {state.names[number]: _prices(saved, number) for number in units},
        "cash": _amount(_cash(saved), state.cash.token),
    }
    if assets := _collateral(saved):
        made["collateral"] = assets
    made["positions"] = {instrument_name(each, state.names): _position(saved, each) for each in _open(saved)}
    is_modelled = any(ruleset.risk_of(state.model.data, number).vol.floor_secs for number in units)
    if has_portfolio_margin(state) and is_modelled:  # elsewhere portfolio margin is standard margin
        made["rules"] = rules_document(state.model.data.rules, state.names, units)
    return made


def _peg(state: State) -> dict[str, Any]:
    """The price of the quote token and its terms, where the vault has one."""
    terms = state.cash.terms
    if terms.feed == cash.NO_FEED:
        return {}
    return {"quote price": _price(state.prices[terms.feed].index), "depeg": fields(terms, PegPart)}


def underlyings(saved: SavedAccount) -> list[int]:
    """The underlyings of the open positions and the collateral of an account; the first where there is none."""
    state = saved.state
    found = {market.underlying_of(each) for each in _open(saved)}
    balances = state.holders[saved.account].balances
    found |= {asset.underlying for number, asset in enumerate(state.assets) if balances[number]}
    return sorted(found) or [0]


def _open(saved: SavedAccount) -> list[int]:
    return open_instruments(saved.state, saved.account)


def _cash(saved: SavedAccount) -> int:
    """Cash, with the value of what has settled [wad]."""
    state, holder = saved.state, saved.state.holders[saved.account]
    found = cash.present(state.cash, holder.principal, now=saved.at)
    for each in accounts.instruments(holder):
        if is_settled(state, each):
            settlement_wad = valuation.curve_of(state, each).settlement
            found += ledger.settled_value(entry(state.holders[saved.account], each), settlement_wad)
    return found


def _collateral(saved: SavedAccount) -> dict[str, Any]:
    state, found = saved.state, {}
    for number, asset in enumerate(state.assets):
        balance_raw = state.holders[saved.account].balances[number]
        if balance_raw:
            amount = _amount(collateral.to_wad(balance_raw, asset.decimals), asset.token)
            made = {"amount": amount, "underlying": state.names[asset.underlying], **fields(asset.terms, HaircutPart)}
            if asset.terms.cap_wad < CAP:
                made["cap"] = _price(asset.terms.cap_wad)
            found[asset.token] = made
    return found


def _position(saved: SavedAccount, instrument: int) -> Any:
    state = saved.state
    position = accounts.entry(state.holders[saved.account], instrument)
    size = _amount(position.size, state.names[market.underlying_of(instrument)])
    if market.is_option(market.kind_of(instrument)):
        return size
    quote_wad = position.quote + due_funding(saved.model, saved.account, instrument, saved.at)
    return {"size": size, "cost": _amount(-quote_wad, state.cash.token)}


def _prices(saved: SavedAccount, number: int) -> dict[str, Any]:
    state = saved.state
    price, risk = state.prices[number], state.risks[number]
    made: dict[str, Any] = {
        "index": _price(price.index),
        "perp": _price(oracle.mark(price.index, price.premium, risk.mark_band)),
        "confidence": parameter_fields.text(price.confidence),
    }
    if price.stable != price.index:
        made["stable"] = _price(price.stable)
    margin: dict[str, Any] = {"perps": fields(risk, RiskPart, state.names[number])}
    if state.option_risks[number].heartbeat_secs:
        margin["options"] = fields(state.option_risks[number], OptionsPart)
    if ruleset.risk_of(state.model.data, number).vol.floor_secs:
        margin["portfolio"] = portfolio_fields(ruleset.risk_of(state.model.data, number))
    made["margin"] = margin
    expiries = sorted({market.expiry_of(each) for each in _open(saved) if market.underlying_of(each) == number} - {0})
    if expiries:
        made["expiries"] = {expiry_name(each): _expiry(saved, number, each) for each in expiries}
    return made


def _expiry(saved: SavedAccount, number: int, expiry: int) -> dict[str, Any]:
    curve, name = saved.state.curves[market.term_of(number, expiry)], expiry_name(expiry)
    if saved.at >= expiry - oracle.WINDOW:
        raise NotWritable(
            f"--save: {name} is within 30 minutes of its end, whose average a portfolio file does not state"
        )
    if not curve.forward:
        raise NotWritable(f"--save: {name} has no published forward")
    made = {"forward": _price(curve.forward), "rate": parameter_fields.text(curve.rate)}
    confidence_wad = curve.confidence
    if curve.surface_published_at:
        made["surface"] = _surface(curve)
        confidence_wad = min(confidence_wad, curve.surface_confidence)
    return made | {"confidence": parameter_fields.text(confidence_wad)}


def _surface(curve: Curve) -> Any:
    svi = curve.svi
    made = {name: parameter_fields.text(getattr(svi, name)) for name in ("a", "b", "rho", "m", "sigma")}
    return made | {"fitted": quantity.duration_text(svi.ref_secs), "forward": _price(svi.ref_forward)}


def fields(parameters: Any, part: type[FilePart], unit: str = "") -> dict[str, str]:
    """A struct of parameters as a part of a file; defaults of the part are left out, and a size has a unit."""
    found = {}
    for name, written in parameter_fields.FIELDS[type(parameters)].items():
        value, default = getattr(parameters, name), part.model_fields[written.field.replace(" ", "_")].default
        if written.unit == SIZE:
            if value < CAP:
                found[written.field] = _amount(value, unit)
        elif value != default:
            found[written.field] = parameter_fields.text(value, written.unit)
    return found


def portfolio_fields(risk: portfolio.PortfolioRisk) -> dict[str, Any]:
    """Portfolio margin of an underlying as a file writes it."""
    parts = (
        ("vol", risk.vol, VolPart), ("skew", risk.skew, SkewPart), ("discount", risk.rate, DiscountPart),
        ("basis", risk.basis, BasisPart), ("contingency", risk.contingency, ContingencyPart),
    )  # fmt: skip
    return {name: written for name, struct, part in parts if (written := fields(struct, part)) or name == "vol"}


def rules_document(rules: Rules, names: Sequence[str], units: Iterable[int]) -> dict[str, Any]:
    """Rules of portfolio margin as a file writes them, for some underlyings."""
    scenarios = [
        {
            "spots": [parameter_fields.text(each.spot_shock)],
            "vols": [_MODE_NAMES[each.mode]],
            "weight": parameter_fields.text(each.dampening),
        }
        for each in rules.scenarios
    ]
    correlations: dict[str, Any] = {}
    numbers = list(units)
    for place, b in enumerate(numbers):
        for a in numbers[:place]:
            pair = b * (b - 1) // 2 + a  # pairs are stored by their larger number
            correlations.setdefault(names[a], {})[names[b]] = {
                "alike": parameter_fields.text(rules.matrix.alike[pair]),
                "opposite": parameter_fields.text(rules.matrix.opposite[pair]),
            }
    made = {"scenarios": scenarios, **fields(rules.terms, RulesPart)}
    return made | {"correlations": correlations} if correlations else made


def _amount(wad: int, unit: str) -> str:
    return f"{quantity.plain(wad, quantity.WAD_DECIMALS)} {unit}"


def _price(wad: int) -> str:
    return parameter_fields.text(wad, PRICE)
