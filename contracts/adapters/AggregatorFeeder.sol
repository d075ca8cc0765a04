// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";

/// @notice The door of the vault that a feeder calls.
interface PriceDoor {
    function publishPrice(uint256 underlying, uint256 indexWad, int256 premiumWad, uint256 confidenceWad, uint256 publishedAt) external;
}

/// @notice A feeder that anybody may call: it takes the last round of an aggregator to the vault.
/// @dev name it a feeder of the vault. Confidence is full and the premium zero: an aggregator knows neither. How old a
/// round may be is the vault's business (its heartbeat); what no round can be is refused here
contract AggregatorFeeder {
    /// @notice The aggregator answered zero or less.
    error NoPrice(int256 answer);
    /// @notice The round has not been completed.
    error RoundIncomplete(uint80 roundId);
    /// @notice A round came after a later one: the aggregator went backwards.
    error RoundGoesBackwards(uint80 roundId, uint80 lastRoundId);

    event RoundPulled(address indexed sender, uint80 roundId, uint256 indexWad, uint256 updatedAt);

    PriceDoor public immutable vault;
    AggregatorV3Interface public immutable aggregator;
    uint256 public immutable underlying;
    /// @dev 10^decimals of the aggregator
    uint256 public immutable unit;
    uint80 public lastRoundId;

    constructor(PriceDoor vault_, AggregatorV3Interface aggregator_, uint256 underlying_) {
        vault = vault_;
        aggregator = aggregator_;
        underlying = underlying_;
        unit = 10 ** aggregator_.decimals();
    }

    /// @notice Publishes the last round of the aggregator.
    /// @dev index = answer * 1e18 / 10^decimals, rounded down; the vault refuses what is from the future or older than its last print
    function pull() external {
        (uint80 roundId, int256 answer,, uint256 updatedAt,) = aggregator.latestRoundData();
        if (answer <= 0) revert NoPrice(answer);
        if (updatedAt == 0) revert RoundIncomplete(roundId);
        if (roundId < lastRoundId) revert RoundGoesBackwards(roundId, lastRoundId);
        lastRoundId = roundId;
        uint256 indexWad = Math.mulDiv(uint256(answer), 1e18, unit);
        emit RoundPulled(msg.sender, roundId, indexWad, updatedAt);
        vault.publishPrice(underlying, indexWad, 0, 1e18, updatedAt);
    }
}
