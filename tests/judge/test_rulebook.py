"""The rule book: rights as steps alone make them, and that a change leaves the book before it as it was."""

from crossvault.differential import doors
from crossvault.judge.rulebook import IndexLevel, RuleBook, calls, change_of, standing
from crossvault.mirror.fixed import WAD
from crossvault.mirror.oracle import PriceGuard
from judged_market import ALICE, BROKER, CAROL, DELAY, EXPIRY, FEEDER, GOVERNOR, GUARDIAN, HAIRCUT, TERMS, JudgedMarket


def test_the_book_of_a_small_market() -> None:
    book = JudgedMarket().book
    assert (book.owner, book.guardian, book.feeders, book.paused) == (GOVERNOR, GUARDIAN, frozenset({FEEDER}), False)
    assert book.underlyings == ("ETH",) and book.collaterals == (("WETH", 0), ("UNIT", 0))
    assert set(book.expiries) == {(0, EXPIRY)} and book.announced == {}
    assert (
        book.is_authorized(ALICE, BROKER)
        and book.is_authorized(ALICE, "alice")
        and not book.is_authorized(ALICE, "bob")
    )


def test_a_refused_step_changes_nothing_and_an_accepted_one_another_book() -> None:
    market = JudgedMarket()
    before = market.book
    market.play(doors.pause(market.at, "stranger"))
    assert market.book is before
    assert market.do(doors.pause, GUARDIAN) == []
    assert market.book.paused and not before.paused
    assert market.do(doors.set_operator, "alice", account=ALICE, operator=BROKER, allowed=False) == []
    assert before.is_authorized(ALICE, BROKER) and not market.book.is_authorized(ALICE, BROKER)


def test_announcements_fall_due_after_the_delay_and_are_spent_once() -> None:
    market = JudgedMarket()
    step = doors.schedule_haircut(market.at, GOVERNOR, collateral=0, terms=HAIRCUT)
    assert market.play(step) == []
    assert market.book.announced == {("haircut", 0, HAIRCUT): market.at + DELAY} and change_of(step)[0] == "haircut"
    market.at += DELAY
    assert market.do(doors.enact_haircut, GOVERNOR, collateral=0, terms=HAIRCUT) == []
    assert market.book.announced == {} and market.book.parameters["haircut", 0] == HAIRCUT
    market.play(doors.enact_haircut(market.at, GOVERNOR, collateral=0, terms=HAIRCUT))
    assert market.refusal == "NotScheduled"


def test_ownership_passes_in_two_steps() -> None:
    market = JudgedMarket()
    assert market.do(doors.offer_ownership, GOVERNOR, to="carol") == []
    assert (market.book.owner, market.book.pending_owner) == (GOVERNOR, "carol")
    assert market.do(doors.accept_ownership, "carol") == []
    assert (market.book.owner, market.book.pending_owner) == ("carol", "")
    assert market.do(doors.schedule_auction, "carol", terms=TERMS) == []


def test_who_has_acted_for_an_account_is_kept_until_the_right_is_set_anew() -> None:
    market = JudgedMarket()
    assert market.trade(1) == [] and (ALICE, BROKER) in market.book.acted and (CAROL, BROKER) not in market.book.acted
    assert market.do(doors.set_operator, "alice", account=ALICE, operator=BROKER, allowed=True) == []
    assert (ALICE, BROKER) not in market.book.acted


def test_the_calls_of_a_batch_are_its_doors() -> None:
    deposit = doors.deposit_cash(1, "alice", account=ALICE, amount_raw=1)
    batch = doors.batch(1, "alice", calls=(doors.call_of(deposit),) * 2)
    assert [*calls(batch)] == [*calls(deposit)] * 2


def test_levels_stand_until_the_next() -> None:
    levels = IndexLevel(0, WAD), IndexLevel(60, 2 * WAD), IndexLevel(90, 3 * WAD)
    assert standing(levels, 59) == levels
    assert standing(levels, 60) == levels[1:]
    assert standing(levels, 500) == levels[2:]
    assert standing((), 0) == ()


def test_a_guard_measures_from_no_level_before_the_prints_without_one() -> None:
    """Regression: V33 was red where a guard ended at one price and another began at a far one."""
    guarded, off = PriceGuard(WAD // 20, 60, 0, 0), PriceGuard(0, 0, 0, 0)
    market = JudgedMarket(guarded)
    for guard, usd in ((off, 1_000), (guarded, 980)):
        assert market.do(doors.schedule_guard, GOVERNOR, underlying=0, guard=guard) == []
        market.at += DELAY
        assert market.do(doors.enact_guard, GOVERNOR, underlying=0, guard=guard) == []
        assert market.price(usd) == [] and market.refusal == ""
    assert [level.index_wad // WAD for level in market.book.levels[0]] == [1_000, 980]


def test_a_book_opens_with_the_terms_of_its_world() -> None:
    book = RuleBook.opened(JudgedMarket().model.world)
    assert book.parameters == {("auction",): TERMS, ("depeg",): (255, 0, 0)} and book.decimals["USDC"] == 6
