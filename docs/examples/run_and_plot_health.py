"""Run a story on the model and the contracts, every step compared, and plot the health of its accounts."""

import crossvault as cv

if __name__ == "__main__":
    result = cv.run("first-liquidation", record_to="run.jsonl").require_equal()
    print(f"{result.compared} of {result.steps} steps agree")
    print(result.to_frame()[["account", "lowest_health", "peak_leverage", "equity"]])
    liquidations = result.to_frame("steps").query("door == 'start_liquidation' and accepted")
    print(liquidations[["at_utc", "sender", "arguments"]])
    result.plot().save("health.svg")
    cv.Report("run.jsonl").save("run.html")
