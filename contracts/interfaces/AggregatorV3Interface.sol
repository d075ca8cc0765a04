// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A price feed as Chainlink's aggregators answer it.
interface AggregatorV3Interface {
    /// @notice Digits after the point of an answer.
    function decimals() external view returns (uint8);

    /// @notice Last round: its number, answer, start, last change [unix seconds], and the round that answered it.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
