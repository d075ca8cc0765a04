"""An agent of one's own: it buys below a price and sells above it. `dip.yaml` names it."""

import crossvault as cv


class Dip(cv.Agent):
    def __init__(self, below: str, size: str = "1") -> None:
        self.below_wad, self.size_wad = cv.wad(below), cv.wad(size)

    def steps(self, market):
        held_wad = market.size_wad(self.account, "ETH-PERP")
        is_cheap = market.index_wad("ETH") < self.below_wad
        if is_cheap and held_wad == 0:
            yield market.trade("ETH-PERP", self.size_wad)
        elif held_wad and not is_cheap:
            yield market.trade("ETH-PERP", -held_wad)


if __name__ == "__main__":
    result = cv.run("dip.yaml", chain=False)  # on the model alone: needs no node
    equity = result.to_frame().set_index("account")["equity"]
    print(equity)
    assert equity["dip"] == 1040  # bought 2 at 190, sold at 210
