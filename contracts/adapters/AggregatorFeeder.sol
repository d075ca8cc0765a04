// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";

/// @notice Price door of the vault.
interface PriceDoor {
    function publishPrice(uint256 underlying, uint256 indexWad, int256 premiumWad, uint256 confidenceWad, uint256 publishedAt) external;
}

/// @notice Feeder that publishes the last round of an aggregator to the vault, open to any caller.
/// @dev must be a feeder of the vault. Confidence is full and the premium zero, as an aggregator provides neither. The age of a
/// round is limited by the vault (its heartbeat); invalid rounds revert here
contract AggregatorFeeder {
    /// @notice The answer of the aggregator is zero or less.
    error NoPrice(int256 answer);
    /// @notice The round is not complete.
    error RoundIncomplete(uint80 roundId);
    /// @notice The round precedes a published one: the aggregator went backwards.
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
    /// @dev index = answer * 1e18 / 10^decimals, rounded down; the vault reverts for prints from the future or older than its last print
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
