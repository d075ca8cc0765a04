"""Coverage equals execution: the blocks found by planted stops are those of Anvil's own trace."""

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from crossvault.differential.step import Step
from crossvault.differential.story import Story
from crossvault.evm.chain import Chain
from crossvault.evm.compiler import compile_contracts, contract_sources
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.blocks import CodeBlocks, Place, SourceLine, code_blocks, instructions, leaders
from crossvault.fuzz.coverage import NAMES, CoverageEvm, codes_of
from crossvault.fuzz.task import steps_of
from crossvault.report.fuzz_coverage import Coverage
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk

CALLS = {"CALL", "DELEGATECALL", "STATICCALL"}


@pytest.fixture(scope="module")
def code() -> CodeBlocks:
    return code_blocks(codes_of(InProcessChain(Walk(1, 0).world, compile_contracts())))


def executed(chain: Chain, step: Step, begins: Mapping[str, set[int]]) -> Iterator[Place]:
    """The blocks that Anvil's trace of a step on the latest state begins."""
    by_address = {chain.names.address(name): contract for contract, name in NAMES.items()}
    call = chain.transaction(step)
    options = {"disableStorage": True, "enableMemory": False, "blockOverrides": {"time": hex(step.at)}}
    frames = [call["to"]]
    for log in chain.node.rpc("debug_traceCall", call, "latest", options)["structLogs"]:
        del frames[log["depth"] :]
        contract = by_address.get(frames[-1])
        if contract and log["pc"] in begins[contract]:
            yield contract, log["pc"]
        if log["op"] in CALLS:
            frames.append(f"0x{int(log['stack'][-2], 16) & (2**160 - 1):040x}")


WALKED = [
    pytest.param(Walk(5, 60).story(), marks=pytest.mark.campaign, id="steps"),
    pytest.param(OrderWalk(5, 2).story(), id="orders", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("story", WALKED)
def test_planted_stops_find_the_blocks_of_the_trace(story: Story, code: CodeBlocks) -> None:
    build, steps = compile_contracts(), steps_of(story)
    chain, side = Chain(story.world), InProcessChain(story.world, build)
    follower = CoverageEvm(story.world, build, list(code.blocks), set())
    begins = {name: {at for each, at in code.blocks if each == name} for name in NAMES}
    truth: set[Place] = set()
    try:
        for step in steps:
            truth |= set(executed(chain, step, begins))
            side.apply(step)
            follower.follow(step, side.last)
            chain.play([step])
    finally:
        chain.close()
    assert follower.seen == truth
    assert len(truth) > 800


@pytest.mark.slow
def test_known_blocks_are_not_searched_again(code: CodeBlocks) -> None:
    story, build = Walk(6, 20).story(), compile_contracts()
    side, first = InProcessChain(story.world, build), CoverageEvm(story.world, build, list(code.blocks), set())
    second = CoverageEvm(story.world, build, list(code.blocks), set(code.blocks))
    for step in steps_of(story)[:60]:
        side.apply(step)
        first.follow(step, side.last)
        second.follow(step, side.last)
    assert 0 < len(first.seen) < len(second.seen) == len(code.blocks)


def test_blocks_begin_at_jump_targets_and_after_conditional_jumps() -> None:
    code = bytes.fromhex("6005575b605b5f5b005b5b")  # the 5b after 60 is data, and so is everything after the count
    listed = instructions(code, 7)
    assert [each.op for each in listed] == [0x60, 0x57, 0x5B, 0x60, 0x5F, 0x5B, 0x00]
    assert list(leaders(listed)) == [0, 3, 7]
    assert list(leaders(instructions(bytes.fromhex("60055700"), 3))) == [0, 3]


@pytest.mark.slow
def test_lines_are_those_of_the_sources(code: CodeBlocks) -> None:
    sources = contract_sources()
    lines = code.lines()
    texts = {line: sources[line.file].splitlines()[line.number - 1].strip() for line in lines}
    assert not [text for text in texts.values() if not text or text.startswith(("//", "contract ", "library "))]
    [division] = [
        number for number, text in enumerate(sources["Fixed.sol"].splitlines(), 1) if "fullMulDiv(a, b, c)" in text
    ][:1]
    assert SourceLine("Fixed.sol", division) in lines
    assert len(lines) > 1_500 and len(code.branches) > 500


class _Page(HTMLParser):
    """Counts the lines of a page by colour."""

    def __init__(self) -> None:
        super().__init__()
        self.colours: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        colour = dict(attrs).get("class")
        if tag == "span" and colour:
            self.colours[colour] = self.colours.get(colour, 0) + 1


def test_lcov_and_page_have_the_same_counts(code: CodeBlocks, tmp_path: Path) -> None:
    seen = {place for place in code.blocks if place[0] != "Exchange"}
    covered = Coverage(code, seen)
    counts: dict[str, Any] = covered.counts()._asdict()
    assert 0 < counts["lines_hit"] < counts["lines"] and 0 < counts["branches_hit"] < counts["branches"]
    lcov = covered.lcov("contracts").splitlines()
    assert sum(text.startswith("DA:") for text in lcov) == counts["lines"]
    assert sum(text.startswith("DA:") and text.endswith(",1") for text in lcov) == counts["lines_hit"]
    assert sum(text.startswith("BRDA:") for text in lcov) == counts["branches"]
    assert sum(text.startswith("BRDA:") and text.endswith(",1") for text in lcov) == counts["branches_hit"]
    assert lcov.count("end_of_record") == len(covered.files)
    page = _Page()
    page.feed(covered.page(contract_sources()))
    colours = page.colours
    assert colours["miss"] - 1 == counts["lines"] - counts["lines_hit"]  # one of each explains the colours
    assert colours["hit"] + colours["part"] - 2 == counts["lines_hit"]
