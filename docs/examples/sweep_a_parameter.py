"""Sweep a parameter: the same story with other initial margins, on the model alone."""

import crossvault as cv

FIELD = "world.underlyings.ETH.maintenance margin"

if __name__ == "__main__":
    lowest = {}
    for percent in (3, 4, 5, 6):
        story = cv.load_scenario("dip.yaml", overrides={FIELD: f"{percent} %"})
        found = cv.run(story, chain=False).to_frame().set_index("account")
        lowest[percent] = found.loc["dip", "lowest_health"]
        print(f"maintenance margin {percent} %: lowest health {lowest[percent]:.3f}")
    assert sorted(lowest.values(), reverse=True) == list(lowest.values())
