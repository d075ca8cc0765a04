// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice Storage of the example, and the equity and margin requirement of its accounts.
/// @dev Sums of perps never meet another instrument of their underlying: each is net, and offsets add no requirement.
abstract contract PerpMargin {
    struct Risk {
        uint64 heartbeatSecs;
        uint64 markBand;
        uint64 tradeBand;
        uint64 initialRate;
        uint64 baseRate;
        uint64 impactRate;
        uint64 maintenanceRate;
        uint64 maintenanceScale;
        uint64 spreadRate;
        uint64 profitWeight;
        uint64 confidenceThreshold;
        uint64 confidenceFactor;
        int64 fundingBase;
        uint64 fundingCap;
        uint96 skewScale;
    }

    struct Terms {
        uint64 bufferWad;
        uint64 startWad;
        uint64 kneeWad;
        uint64 fastSecs;
        uint64 slowSecs;
        uint64 insolventSecs;
    }

    struct Print {
        uint256 index;
        int256 premium;
        uint256 confidence;
        uint256 publishedAt;
    }

    struct Position {
        int256 size;
        int256 quote;
    }

    struct Sale {
        uint256 startedAt;
        uint256 insolventAt;
        uint256 reserved;
        uint256 deficit;
    }

    /// @dev what an account comes to, at both levels [wad]
    struct Worth {
        int256 equity;
        int256 initialEquity;
        int256 maintenanceEquity;
        uint256 initialRequirement;
        uint256 maintenanceRequirement;
        uint256 notional;
        uint256 stale; // 1 + the first underlying whose print is too old
    }

    /// @dev in the order and with the names of the specification
    struct Metrics {
        int256 equityWad;
        int256 initialEquityWad;
        int256 maintenanceEquityWad;
        uint256 initialRequirementWad;
        uint256 maintenanceRequirementWad;
        int256 healthWad;
        uint256 freeCollateralWad;
        int256 leverageWad;
    }

    error BalanceFalls(uint256 account, int256 balanceWad, int256 leastWad);
    error EquityFalls(uint256 account, int256 equityWad, int256 leastWad);
    error InsufficientMargin(uint256 account, int256 adjustedEquityWad, uint256 requirementWad);
    error StalePrice(uint256 underlying, uint256 expiry, uint256 publishedAt, uint256 heartbeatSecs);
    error UnknownInstrument(uint256 instrument);

    uint256 internal constant CAP = 2 ** 96 - 1;
    int256 internal constant UNBOUNDED = type(int256).max;
    uint256 internal constant PERP = 1 << 136;

    address public immutable owner;
    IERC20 internal immutable QUOTE;
    uint256 internal immutable UNIT;
    address public guardian;
    bool public paused;
    uint256 public insuranceWad;
    uint256 public deficitWad;
    Terms internal terms;
    Risk[] internal risks;
    Print[8] internal prints;
    mapping(address => bool) public isFeeder;
    mapping(uint256 => mapping(address => bool)) internal operators;
    mapping(uint256 => mapping(address => bool)) internal acted;
    mapping(uint256 => uint256) internal freshSince;
    uint256 internal biddableSince;
    mapping(uint256 => int256) public cash;
    mapping(uint256 => mapping(uint256 => Position)) internal positions;
    mapping(uint256 => uint256[]) internal held;
    mapping(uint256 => Sale) public sales;

    // public views

    function quotation(uint256 instrument) public view returns (uint256 markWad, uint256 bandWad) {
        uint256 underlying = instrument >> 144;
        if (underlying >= risks.length || instrument != (underlying << 144) + PERP) revert UnknownInstrument(instrument);
        if (_isStale(underlying)) {
            revert StalePrice(underlying, 0, prints[underlying].publishedAt, risks[underlying].heartbeatSecs);
        }
        markWad = _mark(underlying);
        bandWad = Math.mulDiv(markWad, risks[underlying].tradeBand, 1e18);
    }

    function positionOf(uint256 account, uint256 instrument) external view returns (Position memory) {
        return positions[account][instrument];
    }

    function initialMargin(uint256 account) public view returns (int256) {
        Worth memory worth = _worth(account);
        return worth.initialEquity - int256(worth.initialRequirement);
    }

    function maintenance(uint256 account) public view returns (int256 equityWad, int256 marginWad) {
        Worth memory worth = _worth(account);
        _requireFresh(worth);
        return (worth.equity, worth.maintenanceEquity - int256(worth.maintenanceRequirement));
    }

    function metrics(uint256 account) external view returns (Metrics memory found) {
        Worth memory worth = _worth(account);
        found.equityWad = worth.equity;
        (found.initialEquityWad, found.maintenanceEquityWad) = (worth.initialEquity, worth.maintenanceEquity);
        (found.initialRequirementWad, found.maintenanceRequirementWad) = (worth.initialRequirement, worth.maintenanceRequirement);
        found.healthWad = worth.maintenanceRequirement == 0
            ? UNBOUNDED
            : _floorDiv(worth.maintenanceEquity * 1e18, int256(worth.maintenanceRequirement));
        int256 free = worth.initialEquity - int256(worth.initialRequirement);
        found.freeCollateralWad = free > 0 ? uint256(free) : 0;
        if (worth.notional == 0) return found;
        found.leverageWad = worth.equity <= 0
            ? UNBOUNDED
            : int256(Math.mulDiv(worth.notional, 1e18, uint256(worth.equity), Math.Rounding.Ceil));
    }

    // the sum over an account's perps

    function _worth(uint256 account) internal view returns (Worth memory worth) {
        worth.equity = worth.initialEquity = worth.maintenanceEquity = cash[account];
        uint256[] storage list = held[account];
        for (uint256 i = 0; i < list.length; i++) {
            uint256 underlying = list[i] >> 144;
            if (worth.stale == 0 && _isStale(underlying)) worth.stale = underlying + 1;
            _add(worth, underlying, positions[account][list[i]]);
        }
    }

    function _add(Worth memory worth, uint256 underlying, Position memory position) private view {
        Risk storage risk = risks[underlying];
        uint256 mark = _mark(underlying);
        int256 profit = _product(position.size, mark, Math.Rounding.Floor) + position.quote;
        worth.equity += profit;
        worth.maintenanceEquity += profit;
        worth.initialEquity += profit > 0 ? _product(profit, risk.profitWeight, Math.Rounding.Floor) : profit;
        uint256 size = _abs(position.size);
        worth.notional += Math.mulDiv(size, mark, 1e18, Math.Rounding.Ceil);
        uint256 term = risk.baseRate + Math.mulDiv(size, risk.impactRate, risk.skewScale, Math.Rounding.Ceil);
        worth.initialRequirement += _required(size * mark, Math.max(risk.initialRate, term), risk.spreadRate);
        worth.initialRequirement += _doubt(underlying, size);
        term = Math.mulDiv(term, risk.maintenanceScale, 1e18, Math.Rounding.Ceil);
        worth.maintenanceRequirement += _required(size * mark, Math.max(risk.maintenanceRate, term), risk.spreadRate);
    }

    function _required(uint256 netWad2, uint256 rate, uint256 spread) private pure returns (uint256) {
        return
            Math.mulDiv(netWad2, rate - spread, 1e36, Math.Rounding.Ceil) +
            Math.mulDiv(netWad2, spread, 1e36, Math.Rounding.Ceil);
    }

    function _doubt(uint256 underlying, uint256 size) private view returns (uint256) {
        (Risk storage risk, Print storage print) = (risks[underlying], prints[underlying]);
        if (print.confidence >= risk.confidenceThreshold) return 0;
        uint256 rate = Math.mulDiv(1e18 - print.confidence, risk.confidenceFactor, 1e18, Math.Rounding.Ceil);
        return rate == 0 ? 0 : Math.mulDiv(Math.mulDiv(size, print.index, 1e18, Math.Rounding.Ceil), rate, 1e18, Math.Rounding.Ceil);
    }

    function _mark(uint256 underlying) private view returns (uint256) {
        Print storage print = prints[underlying];
        int256 most = int256(Math.mulDiv(print.index, risks[underlying].markBand, 1e18));
        int256 premium = print.premium > most ? most : print.premium < -most ? -most : print.premium;
        return uint256(int256(print.index) + premium);
    }

    function _isStale(uint256 underlying) private view returns (bool) {
        uint256 printed = prints[underlying].publishedAt;
        return printed == 0 || block.timestamp - printed > risks[underlying].heartbeatSecs;
    }

    function _requireFresh(Worth memory worth) internal view {
        if (worth.stale == 0) return;
        uint256 underlying = worth.stale - 1;
        revert StalePrice(underlying, 0, prints[underlying].publishedAt, risks[underlying].heartbeatSecs);
    }

    function _requireInitial(uint256 account) internal view {
        Worth memory worth = _worth(account);
        _requireFresh(worth);
        _requirePassed(account, worth);
    }

    function _requireNoFall(uint256 account, Worth memory before) internal view {
        Worth memory worth = _worth(account);
        int256 left = worth.initialEquity - int256(worth.initialRequirement);
        if (left >= 0) return;
        if (left < before.initialEquity - int256(before.initialRequirement)) _requirePassed(account, worth);
        int256 least = before.equity < 0 ? before.equity : int256(0);
        if (worth.equity < least) revert EquityFalls(account, worth.equity, least);
        least = _leastBalance(worth, before);
        if (worth.maintenanceEquity < least) revert BalanceFalls(account, worth.maintenanceEquity, least);
    }

    function _leastBalance(Worth memory worth, Worth memory before) private pure returns (int256) {
        int256 required = int256(worth.maintenanceRequirement);
        int256 former = int256(before.maintenanceRequirement);
        int256 balance = before.maintenanceEquity;
        if (worth.maintenanceEquity >= required && balance >= former) return type(int256).min;
        if (required > former) return balance + required - former;
        if (balance <= 0 || former == 0) return type(int256).min;
        return int256(Math.mulDiv(uint256(balance), uint256(required), uint256(former), Math.Rounding.Ceil));
    }

    function _requirePassed(uint256 account, Worth memory worth) private pure {
        if (worth.initialEquity < int256(worth.initialRequirement)) {
            revert InsufficientMargin(account, worth.initialEquity, worth.initialRequirement);
        }
    }

    // arithmetic

    function _product(int256 a, uint256 b, Math.Rounding rounding) internal pure returns (int256) {
        if (a >= 0) return int256(Math.mulDiv(uint256(a), b, 1e18, rounding));
        bool down = rounding == Math.Rounding.Floor;
        return -int256(Math.mulDiv(uint256(-a), b, 1e18, down ? Math.Rounding.Ceil : Math.Rounding.Floor));
    }

    function _floorDiv(int256 a, int256 b) private pure returns (int256) {
        return a / b - (a < 0 && a % b != 0 ? int256(1) : int256(0));
    }

    function _abs(int256 value) internal pure returns (uint256) {
        unchecked {
            return value < 0 ? uint256(-value) : uint256(value);
        }
    }
}
