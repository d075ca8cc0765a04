"""Laws of portfolio margin on whole accounts: requirements and margin balances."""

from dataclasses import replace
from random import Random

from hypothesis import given, strategies as st

from crossvault.differential import doors
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.mirror import account as accounts, collateral, fixed, margin, stress
from crossvault.mirror.correlation import PortfolioRequirement
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import Book, Holding
from crossvault.mirror.portfolio import PortfolioExposure, Stake
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.shock import LINEAR
from crossvault.mirror.standard import Exposure, HeldOption, Level
from crossvault.walks.random_walk import Walk
from held_exposures import held
from laws import LAW
from portfolio_floats import a_matrix, an_exposure, some_loss_terms, some_scenarios

seeds = st.integers(0, 2**32 - 1)


def some_rules(random: Random) -> Rules:
    return Rules(tuple(some_scenarios(random)), some_loss_terms(random), a_matrix(random))


def drawn(seed: int, most: int = 3) -> tuple[list[PortfolioExposure], Rules]:
    random = Random(seed)
    return [an_exposure(random) for _ in range(random.randint(1, most))], some_rules(random)


def holds(lower: PortfolioRequirement, higher: PortfolioRequirement) -> bool:
    """Whether the second requirement is no less than the first."""
    more = higher.initial_wad >= lower.initial_wad
    return more and higher.maintenance_wad >= lower.maintenance_wad


@LAW
@given(seeds)
def test_the_loss_of_one_underlying_is_its_loss_alone(seed: int) -> None:
    stakes, rules = drawn(seed, 1)
    verdict = stress.judge(*held(stakes, rules), WAD)
    assert verdict.loss_initial_wad == verdict.loss_maintenance_wad == verdict.sum_wad
    assert stress.outlook(*held(stakes, rules)).legs[0].loss_wad == verdict.sum_wad


@LAW
@given(seeds)
def test_the_loss_lies_between_its_floors_and_the_sum(seed: int) -> None:
    stakes, rules = drawn(seed)
    verdict, joint = stress.judge(*held(stakes, rules), WAD), stress.outlook(*held(stakes, rules)).joint_wad
    losses = (
        (verdict.loss_initial_wad, rules.terms.phi_initial),
        (verdict.loss_maintenance_wad, rules.terms.phi_maintenance),
    )
    for loss, phi in losses:
        assert max(joint, fixed.mul_div_up(verdict.sum_wad, phi, WAD)) <= loss <= verdict.sum_wad
    assert verdict.loss_maintenance_wad <= verdict.loss_initial_wad


@LAW
@given(seeds, st.integers(0, WAD))
def test_v7_no_requirement_falls_when_offsets_break_down_or_haircuts_rise_or_confidence_falls(
    seed: int, by: int
) -> None:
    stakes, rules = drawn(seed)
    before = stress.judge(*held(stakes, rules), WAD)
    terms = rules.terms._replace(breakdown=rules.terms.breakdown + by)
    assert holds(before, stress.judge(*held(stakes, rules._replace(terms=terms)), WAD))
    assert holds(before, stress.judge(*held(stakes, rules), WAD - by))
    cut, uncertain = [], []
    for each in stakes:
        hedges = [
            replace(
                hedge, haircut_initial=hedge.haircut_initial + by, haircut_maintenance=hedge.haircut_maintenance + by
            )
            for hedge in each.hedges
        ]
        cut.append(replace(each, hedges=hedges))
        doubts = [replace(hedge, confidence_wad=max(0, hedge.confidence_wad - by)) for hedge in each.hedges]
        aged = [replace(term, confidence_wad=max(0, term.confidence_wad - by)) for term in each.terms]
        stake = replace(each.stake, confidence_wad=max(0, each.stake.confidence_wad - by))
        uncertain.append(replace(each, stake=stake, hedges=doubts, terms=aged))
    assert holds(before, stress.judge(*held(cut, rules), WAD))
    assert holds(before, stress.judge(*held(uncertain, rules), WAD))


def joined(one: PortfolioExposure, other: PortfolioExposure) -> PortfolioExposure:
    """Joint exposure of two accounts to one underlying, with options of one expiry kept apart."""
    return replace(
        one,
        stake=Stake(
            one.stake.index_wad,
            one.stake.net_wad2 + other.stake.net_wad2,
            one.stake.gross_size_wad + other.stake.gross_size_wad,
            min(one.stake.confidence_wad, other.stake.confidence_wad),
        ),
        hedges=[*one.hedges, *other.hedges],
        terms=[*one.terms, *other.terms],
    )


@LAW
@given(seeds, seeds)
def test_v8_joining_two_accounts_of_one_underlying_raises_no_requirement(seed: int, again: int) -> None:
    [one], rules = drawn(seed, 1)
    drawn_other = an_exposure(Random(again))
    same = {"index_wad": one.stake.index_wad, "confidence_wad": one.stake.confidence_wad}
    other = replace(drawn_other, risk=one.risk, stake=replace(drawn_other.stake, **same))
    joint, *parts = (stress.judge(*held([each], rules), WAD) for each in (joined(one, other), one, other))
    for name in ("initial_wad", "maintenance_wad", "sum_wad"):
        assert getattr(joint, name) <= sum(getattr(part, name) for part in parts), name


@LAW
@given(seeds)
def test_a_requirement_is_at_most_the_sum_over_underlyings_alone(seed: int) -> None:
    stakes, rules = drawn(seed)
    joint = stress.judge(*held(stakes, rules), WAD)
    parts = [stress.judge(*held([each], rules), WAD) for each in stakes]
    assert joint.initial_wad <= sum(each.initial_wad for each in parts)
    assert joint.maintenance_wad <= sum(each.maintenance_wad for each in parts)


@LAW
@given(seeds)
def test_a_requirement_is_at_most_the_sum_over_positions_alone(seed: int) -> None:
    """Where no scenario skews vols; collateral, whose moves offset positions, is in no position."""
    stakes, rules = drawn(seed)
    joint, apart = joint_and_apart(stakes, unskewed(rules))
    assert joint[0] <= apart[0] and joint[1] <= apart[1]


def test_positions_alone_may_require_less_where_vols_are_skewed() -> None:
    """A change under a skew counts as a loss even if it is a gain, and static discounts take less of netted values.

    So the joint account can gain more than its parts, and require more: here 0.05 % more.
    """
    mixed, rules = drawn(17169)
    stakes = [replace(each, terms=[replace(term, future_size=0) for term in each.terms]) for each in mixed]
    joint, apart = joint_and_apart(stakes, rules)
    assert joint[0] > apart[0]
    joint, apart = joint_and_apart(stakes, unskewed(rules))
    assert joint[0] <= apart[0]


def unskewed(rules: Rules) -> Rules:
    return rules._replace(scenarios=tuple(each._replace(mode=each.mode % LINEAR) for each in rules.scenarios))


def joint_and_apart(stakes: list[PortfolioExposure], rules: Rules) -> tuple[list[int], list[int]]:
    """Requirements of an account without collateral at both levels, and the sums over its positions alone."""
    bare = [replace(each, hedges=[]) for each in stakes]
    joint = stress.judge(*held(bare, rules), WAD)
    parts = [stress.judge(*held([each], rules), WAD) for stake in bare for each in positions_of(stake)]
    apart = [sum(each.initial_wad for each in parts), sum(each.maintenance_wad for each in parts)]
    return [joint.initial_wad, joint.maintenance_wad], apart


def positions_of(stake: PortfolioExposure) -> list[PortfolioExposure]:
    """The perp with the futures, and every option by itself."""
    options = [replace(term, lines=[line], future_size=0) for term in stake.terms for line in term.lines]
    return [
        replace(stake, terms=[replace(term, lines=[]) for term in stake.terms]),
        *(replace(stake, stake=replace(stake.stake, net_wad2=0, gross_size_wad=0), terms=[each]) for each in options),
    ]


@LAW
@given(seeds, st.booleans())
def test_options_count_only_where_they_are_modelled(seed: int, modelled: bool) -> None:
    random = Random(seed)
    lines = [
        HeldOption(underlying=i, size=random.randint(-9, 9) * WAD, mark_wad=random.randint(0, 10**21), strike_wad=WAD)
        for i in (0, 1)
    ]
    haircuts = collateral.HaircutTerms(WAD // 2, WAD // 4, 10**24)
    holdings = [Holding(underlying=i, value_wad=10**21, safe_wad=10**21, terms=haircuts) for i in (0, 1)]
    book = Book(0, holdings, [Exposure(), Exposure()], lines)
    if modelled:
        book.stakes, book.modelled = [Stake(), Stake()], 0b01
    for level, cut in ((Level.INITIAL, WAD // 2), (Level.MAINTENANCE, WAD // 4)):
        kept = 10**21 * (WAD - cut) // WAD
        counted = lines[0].size * lines[0].mark_wad // WAD + 10**21 if modelled else kept
        assert margin.adjusted_equity(book, level) == counted + kept


def test_switching_the_mode_back_and_forth_changes_nothing_else() -> None:
    """Every account of a random walk that may switch."""
    walk = Walk(0, 600)
    model = Model(walk.world)
    at = switched = 0
    for step, _ in driven(walk.steps(model), model.apply):
        at = step.at
    ledger = model.vault.ledger
    for account in sorted(ledger.holders.keys()):
        before, was = accounts.image(ledger.holders[account], len(ledger.assets)), ledger.holders[account].mode
        switches = [doors.set_mode(at, account.owner, account=account, mode=mode) for mode in (1 - was, was)]
        outcomes = [model.apply(each) for each in switches]
        if outcomes[0].refusal or outcomes[1].refusal:
            continue
        assert accounts.image(ledger.holders[account], len(ledger.assets)) == before
        switched += 1
    assert switched >= 2
