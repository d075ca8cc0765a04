"""Views that no step reads."""

from collections.abc import Iterator, Mapping
from itertools import chain, product
from random import Random
from typing import Any

import pytest

from crossvault.bench.gas_market import AT, EXPIRIES, WORLD as WIDE, listing, portfolio_margin, price
from crossvault.bench.gas_portfolios import PORTFOLIOS
from crossvault.differential import doors
from crossvault.differential.doors import Announcement
from crossvault.differential.model import Model
from crossvault.differential.step import Step, TokenSpec, World
from crossvault.evm.abi import Interface
from crossvault.evm.chain import Chain
from crossvault.evm.deploy import diamond_abi
from crossvault.evm.inprocess import InProcessChain
from crossvault.mirror import lens, market, market_errors
from crossvault.mirror.account import PORTFOLIO, STANDARD, AccountId, Entry, Image
from crossvault.mirror.fixed import WAD
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.mirror.parameters import ParameterSet
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.valuation import Metrics
from crossvault.walks import terms
from crossvault.walks.base import GOVERNOR
from crossvault.walks.random_walk import Walk
from probing import plain
from test_steps import alone

STARTS_AT = 1_700_000_000
[MIXED] = [each for each in PORTFOLIOS if each.name == "32-mixed"]
TERMS = AuctionTerms(buffer_wad=0, start_wad=10**18, knee_wad=10**18, fast_secs=1, slow_secs=1, insolvent_secs=1)
WORLD = World((TokenSpec("USD", 6),), "USD", "owner", 0, TERMS, STARTS_AT)


def test_authority_is_equal_on_both_sides() -> None:
    accounts = [AccountId("alice"), AccountId("alice", 1), AccountId("bob")]
    steps = [
        doors.set_operator(STARTS_AT, "alice", account=account, operator="carol", allowed=allowed)
        for account, allowed in [(accounts[0], True), (accounts[1], True), (accounts[1], False)]
    ]
    steps.append(doors.set_scopes(STARTS_AT, "bob", account=accounts[2], operator="alice", scopes=5))
    model, chain = Model(WORLD), Chain(WORLD)
    try:
        assert model.play(steps) == chain.play(steps)
        allowed = []
        for account, sender in product(accounts, ["alice", "bob", "carol", "owner"]):
            data = chain.vault.call("is_authorized", {"account": account, "sender": sender})
            answer = chain.node.rpc("eth_call", {"to": chain.names.address("vault"), "input": data}, "latest")
            [theirs] = chain.vault.result("is_authorized", answer)
            assert theirs == model.vault.is_authorized(account, sender)
            data = chain.vault.call("scopes_of", {"account": account, "sender": sender})
            answer = chain.node.rpc("eth_call", {"to": chain.names.address("vault"), "input": data}, "latest")
            assert chain.vault.result("scopes_of", answer) == (model.vault.scopes_of(account, sender),)
            allowed += [(str(account), sender)] if theirs else []
    finally:
        chain.close()
    assert allowed == [("alice", "alice"), ("alice", "carol"), ("alice/1", "alice"), ("bob", "alice"), ("bob", "bob")]


def test_open_expiries_and_quotations_are_equal_on_both_sides() -> None:
    """With eight expiries of eight underlyings, after one has settled, and after all have on one underlying."""
    scenes = [(AT, list(listing())), *((at, [price(at, 3, 101)]) for at in (EXPIRIES[0], EXPIRIES[-1]))]
    model, chain = Model(WIDE), Chain(WIDE)
    left = []
    try:
        for at, more in scenes:
            assert model.play(more) == chain.play(more)
            [theirs] = chain.vault.result("curves", _answer(chain, at, "curves", {}))
            assert theirs == lens.curves(model.vault.ledger)
            left.append(len(theirs))
            for instrument in {market.perp(3), *MIXED.instruments}:
                if market.kind_of(instrument) == market.PERP or at < market.expiry_of(instrument):
                    found = chain.vault.result("quotation", _answer(chain, at, "quotation", {"instrument": instrument}))
                    assert found == model.vault.quotation(instrument, now=at)
    finally:
        chain.close()
    assert left == [64, 63, 56]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [10, 15])
def test_scenarios_and_greeks_are_equal_on_both_sides(seed: int) -> None:
    """Every account of a random walk, in both modes, at intervals of the walk."""
    world = Walk(seed, 0).world
    model, chain = Model(world), Chain(world)
    steps = [step for step, _ in alone(seed, 900)[1]]
    compared = in_portfolio_mode = lost = curved = 0
    try:
        for start in range(0, len(steps), 100):
            part = steps[start : start + 100]
            assert model.play(part) == chain.play(part)
            for account in {each for step in steps for each in step.accounts()}:
                args, at = {"account": account}, part[-1].at
                outlook, places = model.vault.scenarios(account, now=at)
                assert chain.vault.result("scenarios", _answer(chain, at, "scenarios", args)) == plain(
                    (outlook, places)
                )
                greeks = model.vault.greeks(account, now=at)
                assert chain.vault.result("greeks", _answer(chain, at, "greeks", args)) == plain((greeks,))
                compared += 1
                in_portfolio_mode += bool(places)
                lost += outlook.joint_wad > 0
                curved += any(each.gamma_wad for each in greeks)
    finally:
        chain.close()
    assert min(in_portfolio_mode, lost, curved) >= 10 and compared > 50, (compared, in_portfolio_mode, lost, curved)


@pytest.mark.slow
def test_holdings_that_no_account_has_are_margined_whole() -> None:
    """64 options, eight of every underlying, and 8 perps, at 36 scenarios; an unknown instrument is refused."""
    random = Random(1)
    model, chain = Model(WIDE), Chain(WIDE)
    options = [
        market.instrument_of(
            place % 8, market.CALL if place % 3 else market.PUT, EXPIRIES[place // 8], (80 + place) * WAD
        )
        for place in range(64)
    ]
    instruments = [*options, *(market.perp(underlying) for underlying in range(8))]
    entries = tuple(Entry(each, random.choice([-1, 1]) * random.randint(1, 9) * WAD, 0, 0) for each in instruments)
    found = []
    try:
        steps = [*listing(), *portfolio_margin(36)]
        assert model.play(steps) == chain.play(steps)
        for mode in (PORTFOLIO, STANDARD):
            held = Image(10**6 * WAD, mode, (WAD,) * len(model.vault.ledger.assets), entries)
            [theirs] = chain.vault.result("metrics_of", _answer(chain, steps[-1].at, "metrics_of", {"held": held}))
            found.append(Metrics(*theirs))
            assert found[-1] == model.vault.metrics_of(held, now=steps[-1].at)
            unknown = held._replace(entries=(entries[0]._replace(instrument=7), *entries))
            [answer] = chain.simulate(steps[-1].at, [_view(chain, "metrics_of", {"held": unknown})])
            assert chain.vault.refusal(answer["returnData"]) == market_errors.UnknownInstrument(7)
    finally:
        chain.close()
    assert (
        0 < found[0].maintenance_requirement_wad < found[0].initial_requirement_wad != found[1].initial_requirement_wad
    )


def changes(random: Random) -> list[Announcement]:
    """New random values for every parameter of the first underlying and of the vault."""
    return [
        doors.RISK.of(underlying=0, risk=terms.risk(random)),
        doors.OPTIONS.of(underlying=0, risk=terms.options(random)),
        doors.GUARD.of(underlying=0, guard=terms.guard(random)._replace(confirm_secs=7)),
        doors.PORTFOLIO.of(underlying=0, risk=terms.portfolio_risk(random)),
        doors.HAIRCUT.of(collateral=0, terms=terms.haircut(random)),
        doors.AUCTION.of(terms=terms.auction(random)._replace(fast_secs=77)),
        doors.DEPEG.of(terms=terms.depeg(random)._replace(depeg_factor=7)),
        doors.INTEREST.of(interest=terms.interest(random)),
        doors.RULES.of(rules=terms.rules(random)),
    ]


def governed(model: Model) -> Iterator[Step]:
    """Every parameter changes once, after the set-up of a walk."""
    for change in changes(Random(1)):
        yield change.schedule(model.at, GOVERNOR)
        yield change.enact(model.at + model.vault.delay_secs, GOVERNOR)


def test_parameters_are_equal_on_both_sides_after_every_change() -> None:
    """After the set-up of a walk and a change of every parameter: each part has had two values at least."""
    world = Walk(0, 0).world
    model, local = Model(world), InProcessChain(world)
    seen = [model.vault.parameters()]
    for step in chain([step for step, _ in alone(0, 0)[1]], governed(model)):
        model.apply(step)
        local.apply(step)
        if step.action.startswith(("list_", "enact_")):
            [theirs] = local.vault.result("parameters", local.machine.query(local.view("parameters", {}))["returnData"])
            assert theirs == model.vault.parameters()
            seen.append(model.vault.parameters())
    constant = {field for place, field in enumerate(ParameterSet._fields) if len({each[place] for each in seen}) == 1}
    assert constant == {"quote", "decimals", "delay_secs"}
    for part in ("risk", "options", "guard", "portfolio"):
        assert len({getattr(each.underlyings[0], part) for each in seen if each.underlyings}) > 1, part
    assert len(seen[-1].underlyings) > 1 and seen[-1].collaterals and seen[-1].rules.scenarios


def test_the_opening_event_of_vault_and_model_is_equal() -> None:
    """The event has everything a replay starts from; all values of the world differ from each other and from zero."""
    terms = AuctionTerms(
        buffer_wad=1, start_wad=9 * 10**17, knee_wad=8 * 10**17, fast_secs=5, slow_secs=7, insolvent_secs=11
    )
    world = World((TokenSpec("USD", 6), TokenSpec("DAI", 18)), "DAI", "owner", 86_400, terms, STARTS_AT)
    chain = Chain(world)
    try:
        filters = {"address": chain.names.address("vault"), "fromBlock": "0x0", "toBlock": "latest"}
        logs = chain.node.rpc("eth_getLogs", filters)
        table, opening = logs  # the table of facets comes first
        cut = Interface(diamond_abi(chain.build), chain.codec).event(table)
        assert cut.name == "DiamondCut" and chain.vault.event(opening) == Model(world).opening
    finally:
        chain.close()
    assert Model(world).opening.values == ("deployer", "owner", "DAI", 18, 86_400, terms)


def _view(chain: Chain, view: str, args: Mapping[str, Any]) -> dict[str, str]:
    return {"to": chain.names.address("vault"), "input": chain.vault.call(view, args), "gas": hex(30_000_000)}


def _answer(chain: Chain, at: int, view: str, args: Mapping[str, Any]) -> str:
    """The return data of a view at a time, in hex."""
    [answer] = chain.simulate(at, [_view(chain, view, args)])
    assert answer["status"] == "0x1", answer
    data: str = answer["returnData"]
    return data


FUTURE = market.instrument_of(0, market.FUTURE, EXPIRIES[0], 0)
UNTRADED = {
    "of no underlying": (market.perp(200), AT, market_errors.UnknownInstrument(market.perp(200))),
    "earlier than any window": (market.instrument_of(0, market.FUTURE, 5, 0), AT, None),
    "that has settled": (
        FUTURE,
        EXPIRIES[0] + 5,
        market_errors.InstrumentExpired(FUTURE, EXPIRIES[0], EXPIRIES[0] + 5),
    ),
}


def test_untraded_instruments_have_no_quotation() -> None:
    """Regression: the chain panicked, and the mirror returned a price from times before the start."""
    model, chain = Model(WIDE), Chain(WIDE)
    try:
        steps = [*listing(), price(EXPIRIES[0] + 5, 0, 101)]
        assert model.play(steps) == chain.play(steps)
        for instrument, at, wanted in UNTRADED.values():
            call = _view(chain, "quotation", {"instrument": instrument})
            [answer] = chain.simulate(max(at, steps[-1].at), [call])
            with pytest.raises(Refusal) as refused:
                model.vault.quotation(instrument, now=max(at, steps[-1].at))
            assert refused.value == chain.vault.refusal(answer["returnData"])
            assert refused.value == (wanted or market_errors.UnknownInstrument(instrument))
    finally:
        chain.close()
