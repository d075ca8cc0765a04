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
/// round is limited by the vault (its heartbeat); invalid rounds revert here. On a rollup, the feed of its sequencer stops prices while that is
/// down, and until users could act again
contract AggregatorFeeder {
    /// @notice Limits of what is published.
    /// @dev minAnswer, maxAnswer: bounds of the aggregator, at which an answer is no price [its unit]; sequencer: feed of the sequencer, or none;
    /// graceSecs: time after an outage of the sequencer in which nothing is published [seconds]
    struct Limits {
        int256 minAnswer;
        int256 maxAnswer;
        AggregatorV3Interface sequencer;
        uint256 graceSecs;
    }

    /// @notice The answer of the aggregator is zero or less.
    error NoPrice(int256 answer);
    /// @notice The round is not complete.
    error RoundIncomplete(uint80 roundId);
    /// @notice The round precedes a published one: the aggregator went backwards.
    error RoundGoesBackwards(uint80 roundId, uint80 lastRoundId);
    /// @notice The round is published already.
    error RoundRepeated(uint80 roundId);
    /// @notice The answer is at a bound of the aggregator, or beyond it.
    error AnswerOutOfBounds(int256 answer, int256 minAnswer, int256 maxAnswer);
    /// @notice The sequencer of the rollup is down.
    error SequencerDown(uint256 since);
    /// @notice The sequencer has been up again for less than the grace time.
    error SequencerGrace(uint256 since, uint256 graceSecs);

    event RoundPulled(address indexed sender, uint80 roundId, uint256 indexWad, uint256 updatedAt);

    PriceDoor public immutable vault;
    AggregatorV3Interface public immutable aggregator;
    uint256 public immutable underlying;
    /// @dev 10^decimals of the aggregator
    uint256 public immutable unit;
    int256 public immutable minAnswer;
    int256 public immutable maxAnswer;
    AggregatorV3Interface public immutable sequencer;
    uint256 public immutable graceSecs;
    uint80 public lastRoundId;

    constructor(PriceDoor vault_, AggregatorV3Interface aggregator_, uint256 underlying_, Limits memory limits_) {
        vault = vault_;
        aggregator = aggregator_;
        underlying = underlying_;
        unit = 10 ** aggregator_.decimals();
        (minAnswer, maxAnswer) = (limits_.minAnswer, limits_.maxAnswer);
        (sequencer, graceSecs) = (limits_.sequencer, limits_.graceSecs);
    }

    /// @notice Publishes the last round of the aggregator.
    /// @dev index = answer * 1e18 / 10^decimals, rounded down; the vault reverts for prints from the future or older than its last print. Each
    /// round once, and in order: a round that is printed twice would confirm a jump by itself, where a guard waits for a second print
    function pull() external {
        requireSequencer();
        (uint80 roundId, int256 answer,, uint256 updatedAt,) = aggregator.latestRoundData();
        if (answer <= 0) revert NoPrice(answer);
        if (answer <= minAnswer || answer >= maxAnswer) revert AnswerOutOfBounds(answer, minAnswer, maxAnswer);
        if (updatedAt == 0) revert RoundIncomplete(roundId);
        if (roundId < lastRoundId) revert RoundGoesBackwards(roundId, lastRoundId);
        if (roundId == lastRoundId) revert RoundRepeated(roundId);
        lastRoundId = roundId;
        uint256 indexWad = Math.mulDiv(uint256(answer), 1e18, unit);
        emit RoundPulled(msg.sender, roundId, indexWad, updatedAt);
        vault.publishPrice(underlying, indexWad, 0, 1e18, updatedAt);
    }

    /// @notice Requires a sequencer that is up, and has been for the grace time.
    /// @dev its feed answers 0 while it is up, since the start of its round; a round without a start is none
    function requireSequencer() internal view {
        if (address(sequencer) == address(0)) return;
        (, int256 status, uint256 since,,) = sequencer.latestRoundData();
        if (status != 0 || since == 0) revert SequencerDown(since);
        if (block.timestamp - since < graceSecs) revert SequencerGrace(since, graceSecs);
    }
}
