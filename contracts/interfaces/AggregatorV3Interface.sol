// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Price feed in the form of Chainlink's aggregators.
interface AggregatorV3Interface {
    /// @notice Decimals of an answer.
    function decimals() external view returns (uint8);

    /// @notice Last round: its number, answer, start, last change [unix seconds], and the round in which it was answered.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
