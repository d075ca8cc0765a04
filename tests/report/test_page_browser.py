"""The page of a run in a browser, from disk: what a reader does with it, on a desk, a phone, in the dark, on paper."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from crossvault.__main__ import main
from crossvault.differential.ending import DONE
from crossvault.report.page import write
from crossvault.report.page_history import RunHistory
from crossvault.report.page_pair import pair_page
from crossvault.report.page_run import run_page
from crossvault.scenario import load
from recorded import differing, recorded

pytestmark = pytest.mark.slow
CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield started
        started.close()


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(load("short-strangle-into-crash"), tmp_path_factory.mktemp("browser") / "run.jsonl")


@pytest.fixture(scope="module")
def page_path(record: Path) -> Path:
    return written(record)


def written(record: Path) -> Path:
    out = record.with_suffix(".html")
    write(out, run_page(RunHistory(record, lambda steps: None), "crossvault report"))
    return out


@pytest.fixture
def opened(browser: Any, page_path: Path) -> Iterator[Any]:
    yield from sheet(browser, page_path)


def sheet(browser: Any, path: Path, **options: Any) -> Iterator[Any]:
    """A page from disk; nothing may reach the console, and nothing but the file is fetched."""
    context = browser.new_context(**options)
    page = context.new_page()
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda wrong: noise.append(str(wrong)))
    page.on("request", lambda sent: noise.append(sent.url) if not sent.url.startswith(("file:", "data:")) else None)
    page.goto(path.as_uri())
    yield page
    context.close()
    assert noise == []


def scrolled(page: Any) -> None:
    """Brings every part into view once, so that it is drawn."""
    for part in page.query_selector_all("figure.part"):
        if part.is_visible():
            part.scroll_into_view_if_needed()
    expect(page.locator("figure.part:visible:not(.done)")).to_have_count(0)


def test_the_steps_are_filtered_and_a_liquidation_is_followed(opened: Any) -> None:
    opened.locator("#auctions table a[href='#account=sam']").click()
    expect(opened.locator("#accounts select")).to_be_focused()
    assert opened.locator(".panel[data-name='sam']").is_visible()
    assert opened.locator(".panel[data-name='lin']").is_hidden()
    opened.locator("#auctions table a[href^='#step=']").first.click()
    detail = opened.locator(".step")
    detail.wait_for()
    assert "start_liquidation" in detail.inner_text() and "LiquidationStarted" in detail.inner_text()
    assert "for sale since" in detail.locator("tr.changed").first.inner_text()
    opened.get_by_role("button", name="steps of sam").click()
    count = opened.locator("#steps .filters .aside")
    expect(count).not_to_have_text("47 of 47 steps")
    opened.get_by_label("every call").select_option("bid")
    expect(count).to_have_text("2 of 47 steps")
    assert opened.locator("#steps .window tbody tr:not(.spacer)").count() == 2
    opened.get_by_role("button", name="All steps").click()
    opened.get_by_label("search in: Every step").fill("Bid lin")
    expect(count).to_have_text("2 of 47 steps")


def test_a_difference_is_shown_with_both_sides(browser: Any, record: Path, tmp_path: Path) -> None:
    number = differing(record, out := tmp_path / "differs.jsonl")
    for page in sheet(browser, written(out)):
        assert f"differ at step {number}" in page.locator(".verdict.bad").inner_text()
        page.goto(page.url + f"#step={number}")
        page.reload()
        row = page.locator(".step tr.different").first
        row.wait_for()
        assert row.locator("th").inner_text() == "insurance"
        assert row.locator("td").last.inner_text() == "+0.000000000000000001"


def test_the_numbers_of_a_picture_are_in_a_table_with_every_digit_on_demand(opened: Any) -> None:
    chart = opened.locator("#prices figure.line").first
    chart.locator("summary").click()
    cells = chart.locator("tbody tr:not(.spacer) td.number")
    cells.first.wait_for()
    assert cells.first.inner_text() == "2,000.00"
    opened.get_by_label("all digits").check()
    assert cells.first.inner_text() == "2,000"
    profit = opened.locator("#accounts .heat tr", has_text="-4.88 %").first.locator("td.number").first
    assert profit.inner_text() == "-633.75"
    opened.get_by_label("all digits").uncheck()
    assert profit.inner_text() == "-634"


def test_a_flow_of_gains_has_its_source(opened: Any) -> None:
    flow = opened.locator("#gains figure.flow")
    flow.scroll_into_view_if_needed()
    flow.locator(".key").wait_for()
    assert flow.locator(".key span").all_inner_texts() == ["trades", "insurance fund", "auctions"]
    ribbon = flow.locator("path.ribbon").first
    ribbon.dispatch_event("pointerenter")
    assert ribbon.locator("title").text_content() == flow.locator("output").inner_text().removesuffix(" USDC")
    assert " trades " in flow.locator("output").inner_text()


def test_keys_move_through_a_chart_and_zoom(opened: Any) -> None:
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "main"
    chart = opened.locator("#prices figure.line svg[role=img]").first
    chart.focus()
    opened.keyboard.press("End")
    opened.keyboard.press("ArrowLeft")
    readout = opened.locator("#prices figure.line output").first
    assert readout.inner_text().startswith("2024-06-28") and "index 1,000.00" in readout.inner_text()
    before = chart.inner_html()
    opened.keyboard.press("+")
    assert chart.inner_html() != before
    opened.keyboard.press("0")
    assert "lowest 1,000.00, highest 2,000.00" in (chart.get_attribute("aria-label") or "")


def test_light_and_dark_follow_the_system_and_the_choice(browser: Any, page_path: Path) -> None:
    def ground(page: Any) -> Any:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    for page in sheet(browser, page_path, color_scheme="dark"):
        dark = ground(page)
        page.get_by_label("Theme").select_option("light")
        light = ground(page)
        assert dark != light
        page.reload()
        assert ground(page) == light  # the choice is kept
        page.emulate_media(color_scheme="light")
        page.get_by_label("Theme").select_option("dark")
        assert ground(page) == dark


def test_a_phone_scrolls_down_only(browser: Any, page_path: Path) -> None:
    for page in sheet(browser, page_path, viewport=PHONE, has_touch=True):
        scrolled(page)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        wide = page.evaluate(
            "[...document.querySelectorAll('svg[role=img]')].map(e => e.getBoundingClientRect().width)"
        )
        assert max(wide) < PHONE["width"] and min(wide) > 200


def test_two_runs_are_side_by_side_and_each_has_its_steps(browser: Any, record: Path, tmp_path: Path) -> None:
    other = recorded(load("first-liquidation"), tmp_path / "other.jsonl")
    histories = [RunHistory(path, lambda steps: None, key) for path, key in ((record, "step"), (other, "step-b"))]
    write(out := tmp_path / "both.html", pair_page(histories, "crossvault report A B"))
    for page in sheet(browser, out, viewport={"width": 1280, "height": 900}):
        sides = [page.locator(f"#health .pair > div >> nth={place}").bounding_box() for place in (0, 1)]
        assert sides[0]["y"] == sides[1]["y"] and sides[0]["x"] < sides[1]["x"]
        page.locator("#auctions table a[href^='#step-b=']").first.click()
        detail = page.locator("#steps-b .step")
        detail.wait_for()
        assert "start_liquidation" in detail.inner_text() and page.locator("#steps .step").is_hidden()


@pytest.mark.parametrize("scheme, width", [("light", 1_280), ("dark", 1_280), ("light", 390)])
def test_nothing_serious_keeps_a_reader_out(
    scheme: str, width: int, browser: Any, page_path: Path, tmp_path: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    assert main(["margin", "strangle", "--method", "crossvault", "-q", "--page", str(tmp_path / "margin.html")]) == DONE
    for path in (page_path, tmp_path / "margin.html"):
        for page in sheet(browser, path, color_scheme=scheme, viewport={"width": width, "height": 900}):
            scrolled(page)
            found = Axe().run(page).response
            assert len(found["passes"]) > 10
            assert [(each["id"], each["help"]) for each in found["violations"]
                    if each["impact"] in ("serious", "critical")] == []  # fmt: skip


def test_the_page_prints(opened: Any, tmp_path: Path) -> None:
    expect(opened.locator("figure.part:visible:not(.done)")).to_have_count(0)  # without having been scrolled to
    printed = opened.pdf(path=str(tmp_path / "run.pdf"), format="A4", print_background=False)
    assert printed.startswith(b"%PDF") and printed.count(b"/Type /Page\n") > 2
    opened.emulate_media(media="print")
    assert not opened.locator("nav").is_visible() and not opened.locator(".tools").is_visible()
