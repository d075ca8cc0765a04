"""Published cases of portfolio margin: Derive's accounts on one underlying, with the loss in every scenario.

Their conventions: strikes are floored to 1e-8; in the last 30 minutes the forward is fixed = F * (1800 - s) / 1800 and
floating = F * s / 1800; a rate is no less than 0; initial contingencies are given as additions to maintenance; the
confidence of options is the least of the spot price's, the perp's where there is one, and those of their expiry; each
collateral has a contingency of its haircut, and its value is in the quote token; naked shorts are paired by expiry and
strike, whatever their type. Collateral is no surer than the spot price. The losses are listed in the order of the
scenarios: regular ones, tails, skews; what is a tail does not follow from its weight. An expiry that has passed has a
time of 0, and no skew and no discount are published for it. Two kinds of scenario follow other rules than the vault's
and are left out: a skew with a spot shock (theirs leaves the forward where it is), and one whose cap is below 0 at an
expiry (the vault holds it at 0).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from crossvault.mirror import correlation, exp, option, portfolio, shock
from crossvault.mirror.fixed import WAD
from crossvault.mirror.portfolio import ExpiryHoldings, ExpiryOption, Hedge, PortfolioExposure, PortfolioRisk, Stake
from crossvault.mirror.shock import Scenario
from crossvault.mirror.standard import Level
from published import Case, Query, model, wad

NEAR = Fraction(1, 10**12)  # they pass through floats
GRAIN = Fraction(1, 10**15)  # of all addends, the scale of float errors
SETTLING_SECS = 1800
MODES = {"None": shock.STILL, "Up": shock.UP, "Down": shock.DOWN, "LINEAR": shock.LINEAR, "ABS": shock.ABSOLUTE}
TURNS = {shock.UP: 1, shock.DOWN: -1, shock.STILL: 0}
LEVELS = {"MM": Level.MAINTENANCE, "IM": Level.INITIAL}
ONE = correlation.Matrix((0,) * correlation.MAX_PAIRS, (0,) * correlation.MAX_PAIRS)


class Account(NamedTuple):
    """Published account."""

    stake: PortfolioExposure
    others: list[Hedge]  # collateral that no scenario moves
    scenarios: list[Scenario]
    kept: list[int]  # places of the scenarios in the published list
    terms: correlation.LossTerms
    equity_wad: int
    quote_wad: int
    gross_wad: int  # sum of magnitudes of all values


def is_portfolio(content: Any) -> bool:
    return isinstance(content, dict) and "Parameters" in content and "reg_losses" in content.get("Result", {})


def held(content: dict[str, Any]) -> tuple[int, int]:
    """The numbers of options and of positions that a published account holds."""
    given = content["Scenario"]
    options = len({(each["Expiry"], each["Strike"], each["IsCall"]) for each in given["Options"]})
    return options, options + bool(wad(given["NumPerps"]))


def portfolio_cases(content: dict[str, Any], query: Query = model) -> Iterator[Case]:
    """Published figures of one account, part by part."""
    for name, check in {
        "vols": vols, "discounts": discounts, "scenarios": losses, "contingencies": contingencies, "margin": margins,
    }.items():  # fmt: skip
        yield Case(name, partial(check_account, check, content, query))


def check_account(check: Callable[..., None], content: dict[str, Any], query: Query) -> None:
    check(account_of(content), content["Scenario"], content["Result"], query)


# the account


def risk_of(given: dict[str, Any]) -> PortfolioRisk:
    def wads(group: str, *names: str) -> list[int]:
        return [wad(given[group][name]) for name in names]

    both = "OtherContingency"
    perp, perp_more, naked, naked_more, *doubt = wads(
        both, "MM_PERP_PERCENT", "IM_PERP_PERCENT", "MM_OPTION_PERCENT", "IM_OPTION_PERCENT",
        "CONF_THRESHOLD", "CONF_MARGIN",
    )  # fmt: skip
    up, down, *rates = wads(
        "BasisContingency", "SCENARIO_SPOT_UP", "SCENARIO_SPOT_DOWN", "BASIS_CONT_ADD_FACTOR", "BASIS_CONT_MULT_FACTOR"
    )
    floor_secs = round(given["VolShock"]["DTE_FLOOR"] * 86_400)
    return PortfolioRisk(
        shock.VolRisk(*wads("VolShock", "VOLRANGEUP", "VOLRANGEDOWN", "MIN_VOL_EVAL_SHOCKED", "SHORTTERMPOWER",
                            "LONGTERMPOWER"))._replace(floor_secs=floor_secs),
        shock.SkewRisk(*wads("SkewShock", "LINEAR_SCALE_CAP", "LINEAR_CBASE", "ABS_SCALE_CAP", "ABS_CBASE",
                             "MIN_K_STAR", "MIN_WIDTH_SCALE", "VOL_PARAM_STATIC", "VOL_PARAM_SCALE")),
        shock.RateRisk(*wads("Margin", "BASE_STATIC_DISCOUNT", "LONG_RATE_MULTSCALE", "LONG_RATE_ADDSCALE",
                             "BASE_STATIC_DISCOUNT_NEG", "SHORT_RATE_MULTSCALE", "SHORT_RATE_ADDSCALE")),
        portfolio.BasisRisk(up - WAD, down - WAD, *rates),
        portfolio.Contingency(perp + perp_more, perp, naked + naked_more, naked, *doubt),
    )  # fmt: skip


def line_of(given: dict[str, Any], term: ExpiryHoldings) -> ExpiryOption:
    """An option at its published vol, valued as the vault values it."""
    strike = int(Fraction(str(given["Strike"])) * 10**8) * 10**10
    line = ExpiryOption(strike, bool(given["IsCall"]), wad(given["Amount"]), wad(given["MarkVol"]))
    discount = option.discount(term.rate_wad, term.secs)
    forward = term.fixed_wad + term.floating_wad
    line.mark_wad = option.price(option.OptionTerms(forward, strike, line.vol_wad, term.secs, discount, line.is_call))
    return line


def term_of(feed: dict[str, Any], given: dict[str, Any], surest_wad: int) -> ExpiryHoldings:
    secs, forward = int(feed["FeedExpiry"]), wad(feed["Forward"])
    floating = forward * min(secs, SETTLING_SECS) // SETTLING_SECS
    doubts = [feed["ForwardConfidence"], feed["RateConfidence"], feed["OptionVolConfidences"]]
    rate = max(0, wad(feed["Rate"]))
    term = ExpiryHoldings(forward - floating, floating, rate, secs, min(surest_wad, *map(wad, doubts)))
    term.lines = [line_of(each, term) for each in given["Options"] if each["Expiry"] == feed["FeedExpiry"]]
    return term


def account_of(content: dict[str, Any]) -> Account:
    given, parameters = content["Scenario"], content["Parameters"]
    quote, perps = wad(given["StablePrice"]), wad(given["NumPerps"])
    sure = wad(given["SpotConfidence"])
    if perps:
        sure = min(sure, wad(given["PerpConfidence"]))
    stake = PortfolioExposure(
        risk_of(parameters), Stake(wad(given["SpotPrice"]), perps * wad(given["PerpPrice"]), abs(perps), sure)
    )
    open_terms = (term_of(feed, given, sure) for feed in given.get("OptionFeeds", []))
    stake.terms = [term for term in open_terms if term.lines]
    hedges: dict[bool, list[Hedge]] = {True: [], False: []}
    for each in given["Collaterals"]:
        value = wad(each["Amount"]) * wad(each["Price"]) // quote
        least, more = wad(each["MMHaircut"]), wad(each["IMHaircut"])
        confidence = min(wad(each["Confidence"]), wad(given["SpotConfidence"]))
        hedges[each["IsRiskCancelling"]].append(Hedge(value, least + more, least, confidence))
    stake.hedges = hedges[True]
    lines = [line for term in stake.terms for line in term.lines]
    parts = [wad(given["Cash"]), wad(given["UnrealisedPerpPNL"]), wad(given["UnrealisedFunding"])]
    parts += [each.value_wad for each in (*hedges[True], *hedges[False])]
    marks = [line.size * line.mark_wad // WAD for line in lines]
    gross = sum(map(abs, parts + marks)) + abs(stake.stake.net_wad2) // WAD
    gross += sum(abs(line.size) * max(line.strike_wad, stake.stake.index_wad) // WAD for line in lines)
    margin, peg = parameters["Margin"], parameters["OtherContingency"]
    terms = correlation.LossTerms(
        0, WAD, WAD, wad(margin["IM_LOSS_FACTOR"]), wad(margin["MM_LOSS_FACTOR"]),
        wad(peg["PEG_LOSS_THRESHOLD"]), wad(peg["PEG_LOSS_FACTOR"]),
    )  # fmt: skip
    scenarios = [
        Scenario(wad(each["SpotShock"]) - WAD, wad(each["DampeningFactor"]), MODES[str(each["VolShockDirection"])])
        for each in parameters["Scenarios"]
    ]
    kept = [place for place, each in enumerate(scenarios) if not is_foreign(each, stake)]
    listed = [scenarios[place] for place in kept]
    return Account(stake, hedges[False], listed, kept, terms, sum(parts + marks), quote, gross)


def is_foreign(scenario: Scenario, stake: PortfolioExposure) -> bool:
    """Whether a scenario follows another rule than the vault's: a skew that moves the spot price, or has no cap."""
    if not shock.is_skew(scenario.mode):
        return False
    return scenario.spot_shock != 0 or any(
        is_capless(stake.risk.skew, term.secs, scenario.mode) for term in stake.terms
    )


def is_capless(risk: shock.SkewRisk, secs: int, mode: int) -> bool:
    """Whether the cap of a skew is below 0 at an expiry."""
    linear = mode == shock.LINEAR
    cap, base = (risk.linear_cap, risk.linear_base) if linear else (risk.absolute_cap, risk.absolute_base)
    return cap + Fraction(base * option.deviation(WAD, secs), WAD) < 0


def profits_of(result: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """The published profits in the order of the scenarios, each with its kind."""
    return [(kind, row) for kind in ("reg", "tail", "skew") for row in result[f"{kind}_losses"]]


# the checks


def assert_near(ours: int, theirs: Any, gross_wad: int = 0) -> None:
    """Requires equality within the published tolerance and the float error of the addends."""
    published = Fraction(str(theirs)) * WAD
    assert abs(ours - published) <= NEAR * abs(published) + GRAIN * gross_wad + 2, (ours, theirs)


def vols(account: Account, given: dict[str, Any], result: dict[str, Any], query: Query) -> None:
    """Vols of every option: raised, lowered and skewed."""
    risk = account.stake.risk
    places = {(term.secs, line.strike_wad): (term, line) for term in account.stake.terms for line in term.lines}
    published = zip(given["Options"], result["VolShockUpEvaluated"], result["VolShockDownEvaluated"], strict=True)
    for each, up, down in published:
        strike = int(Fraction(str(each["Strike"])) * 10**8) * 10**10
        term, line = places[each["Expiry"], strike]
        shape = query(shock, "shape", {"vol_risk": risk.vol, "skew_risk": risk.skew, "secs": term.secs})
        apart = portfolio.ready(term, risk).strike_logs[list(term.lines).index(line)]
        apart -= exp.ln(term.fixed_wad + term.floating_wad)
        expected = {shock.UP: wad(up), shock.DOWN: wad(down)}
        skews = {shock.LINEAR: "linear_multiplier", shock.ABSOLUTE: "abs_multiplier"} if term.secs else {}
        for mode, name in skews.items():
            if is_capless(risk.skew, term.secs, mode):
                continue
            expected[mode] = max(0, wad(each[name])) * line.vol_wad // WAD  # theirs is listed before it is held at 0
        for mode, value in expected.items():
            args = {"self": shape, "vol_wad": line.vol_wad, "apart_wad": apart, "mode": mode}
            assert_near(query(shock, "vol", args), Fraction(value, WAD))


def discounts(account: Account, given: dict[str, Any], result: dict[str, Any], query: Query) -> None:
    """Static discounts, and values of every expiry before and after them."""
    values = result["OptionMTMPerExpiry"], result["OptionMTMPerExpiryDiscounted"]
    for term, factors, value, shrunk in zip(account.stake.terms, result["discount_factors"], *values, strict=True):
        discount = option.discount(term.rate_wad, term.secs)
        args = {"risk": account.stake.risk.rate, "rate_wad": term.rate_wad, "secs": term.secs, "discount_wad": discount}
        found = query(shock, "discounts", args)
        for ours, theirs in zip(found, factors, strict=True) if term.secs else [(found[1], factors[1])]:
            assert_near(ours, theirs)
        mark = sum(line.size * line.mark_wad for line in term.lines) // WAD
        assert_near(mark, value, account.gross_wad)
        assert_near(mark * found[mark <= 0] // WAD, shrunk, account.gross_wad)


def losses(account: Account, given: dict[str, Any], result: dict[str, Any], query: Query) -> None:
    """Profit of every scenario, the worst of each kind, and the basis loss of forwards."""
    scenarios = account.scenarios
    profits, basis = query(portfolio, "outcomes", {"self": account.stake, "scenarios": scenarios})
    published_rows = profits_of(result)
    rows = [published_rows[place] for place in account.kept]
    kinds: dict[str, list[int]] = {"reg": [], "tail": [], "skew": []}
    for scenario, profit, (kind, row) in zip(scenarios, profits, rows, strict=True):
        assert is_row(scenario, kind, row), (scenario, row)
        assert_near(profit, row[-1], account.gross_wad)
        kinds[kind].append(profit)
    for kind, of in kinds.items():
        if of and len(of) == len(result[f"{kind}_losses"]):
            published = result[f"worst_{kind}_loss"]
            assert_near(min(of) if float(published) > 0 else min(0, *of), published, account.gross_wad)
    assert_near(basis, result["ForwardContingency"], account.gross_wad)
    theirs = {"regular": "reg", "tail": "tail", "skew": "skew"}.get(result["worst_all_scenarios"])
    if theirs and len(kinds[theirs]) == len(result[f"{theirs}_losses"]) > 0 and min(profits) < 0:
        assert min(kinds[theirs]) <= min(profits) + GRAIN * account.gross_wad


def is_row(scenario: Scenario, kind: str, row: list[Any]) -> bool:
    """Whether a published row is that of a scenario: its spot shock and vols; a skew may name its spot shock."""
    if kind == "skew":
        return scenario.mode == MODES[str(row[0]).partition("_")[0]]
    near = abs(scenario.spot_shock - wad(row[0])) < 10**9
    return near and TURNS.get(scenario.mode) == int(row[1])


def strikes_only(stake: PortfolioExposure) -> PortfolioExposure:
    """Exposure with all options of one type, because the published naked shorts pair by strike alone."""
    terms = [replace(term, lines=[replace(line, is_call=True) for line in term.lines]) for term in stake.terms]
    return replace(stake, terms=terms)


def contingencies(account: Account, given: dict[str, Any], result: dict[str, Any], query: Query) -> None:
    """Contingencies: perps, naked shorts, haircuts and uncertain prices."""
    stake, held = strikes_only(account.stake), account.stake.risk.contingency
    hedges = [*account.stake.hedges, *account.others]
    for name, level in LEVELS.items():
        of = {"self": stake, "level": level}
        perp = query(portfolio, "perp_contingency", of)
        naked = sum(query(portfolio, "option_contingency", of | {"term": term}) for term in stake.terms)
        sure = [replace(hedge, confidence_wad=WAD) for hedge in hedges]
        base = sum(
            query(portfolio, "hedge_contingency", {"risk": held, "hedge": each, "level": level}) for each in sure
        )
        for part, ours in {"Perp": perp, "Option": naked, "Base": base}.items():
            key = f"{name}{part}Cont"
            assert_near(-ours, result[f"{key}Normal" if name == "IM" else key], account.gross_wad)
    doubt = query(portfolio, "doubt", {"self": stake, "level": Level.INITIAL})
    bare = [replace(hedge, haircut_initial=0) for hedge in hedges]
    of = {"risk": held, "level": Level.INITIAL}
    doubt += sum(query(portfolio, "hedge_contingency", of | {"hedge": each}) for each in bare)
    assert_near(-doubt, result["OracleCont"], account.gross_wad)


def margins(account: Account, given: dict[str, Any], result: dict[str, Any], query: Query) -> None:
    """Equity, the factor of the loss, and both levels through the check_account account of one underlying."""
    assert_near(account.equity_wad, result["PortfolioMTM"], account.gross_wad)
    args = {"terms": account.terms, "quote_wad": account.quote_wad}
    rows = [float(row[-1]) for _, row in profits_of(result)]
    assert_near(query(correlation, "loss_factor", args | {"level": Level.INITIAL}), result["im_loss_factor"])
    if min(rows) < min(min(rows[place] for place in account.kept), float(result["ForwardContingency"])):
        return  # the worst scenario is one that follows another rule
    outlook = query(correlation, "outlook", {"exposures": [account.stake], "scenarios": account.scenarios})
    for name, level in LEVELS.items():
        losses = {"self": outlook, "terms": account.terms, "matrix": ONE, "level": level}
        held = args | {"exposures": [strikes_only(account.stake)], "loss_wad": query(correlation, "loss", losses)}
        required = query(correlation, "requirement", held | {"level": level})
        rates = account.stake.risk.contingency
        for each in account.others:
            required += query(portfolio, "hedge_contingency", {"risk": rates, "hedge": each, "level": level})
        assert_near(account.equity_wad - required, result[name], account.gross_wad)
