"""Margin a portfolio by every method, before and after a trade. Needs no node."""

import crossvault as cv

BOOK = {
    "name": "book",
    "at": "2026-03-02T08:00:00Z",
    "prices": {"ETH": {"index": "2,000 USD"}, "BTC": {"index": "60,000 USD"}},
    "cash": "10,000 USDC",
    "positions": {"ETH-PERP": "20 ETH", "BTC-PERP": "-0.5 BTC"},
}

if __name__ == "__main__":
    held = cv.margin(BOOK, methods=["standard", "crossvault"], trades=["ETH-PERP -5"])
    frame = held.to_frame().set_index("method")
    print(frame[["initial_requirement", "free_collateral", "efficiency"]])
    held.plot().save("margin.svg")
    assert frame.loc["crossvault", "initial_requirement"] < frame.loc["standard", "initial_requirement"]
