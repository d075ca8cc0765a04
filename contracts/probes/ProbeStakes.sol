// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Margin} from "../Margin.sol";
import {Portfolio} from "../Portfolio.sol";
import {Stakes} from "../Stakes.sol";
import {Standard} from "../Standard.sol";

/// @notice Exposes the functions of Stakes; changed values are returned.
contract ProbeStakes {
    function gather(Margin.Book memory book, Portfolio.PortfolioRisk[] memory risks) external pure returns (Portfolio.PortfolioExposure[] memory) {
        return Stakes.gather(book.stakes, book.holdings, book.lines, book.futures, risks);
    }

    function hedges(Margin.Book memory book, uint256 underlying) external pure returns (Portfolio.Hedge[] memory) {
        return Stakes.hedges(book.holdings, underlying, book.exposures[underlying].confidenceWad);
    }

    function isHedge(Margin.Holding memory held, uint256 underlying) external pure returns (bool) {
        return Stakes.isHedge(held, underlying);
    }

    function firsts(Standard.HeldOption[] memory lines) external pure returns (uint256[] memory) {
        return Stakes.firsts(lines);
    }

    function terms(Margin.Book memory book, uint256 underlying) external pure returns (Portfolio.ExpiryHoldings[] memory) {
        return Stakes.terms(book.lines, Stakes.firsts(book.lines), book.futures, underlying);
    }

    function term(Standard.HeldOption[] memory lines, Standard.HeldFuture[] memory futures, uint256 first)
        external
        pure
        returns (Portfolio.ExpiryHoldings memory)
    {
        return Stakes.term(lines, Stakes.firsts(lines), futures, Stakes.firsts(lines)[first]);
    }

    function bare(Standard.HeldFuture[] memory futures, uint256 first) external pure returns (Portfolio.ExpiryHoldings memory) {
        return Stakes.bare(futures, first);
    }

    function futureSize(Standard.HeldFuture[] memory futures, uint256 underlying, uint256 expiry) external pure returns (int256) {
        return Stakes.futureSize(futures, underlying, expiry);
    }

    function isAlone(Standard.HeldOption[] memory lines, Standard.HeldFuture[] memory futures, uint256 place) external pure returns (bool) {
        return Stakes.isAlone(lines, futures, place);
    }
}
