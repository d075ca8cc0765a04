// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account} from "./Account.sol";
import {Fixed} from "./Fixed.sol";
import {Ledger} from "./Ledger.sol";
import {Margin} from "./Margin.sol";
import {Market} from "./Market.sol";
import {Oracle} from "./Oracle.sol";
import {Standard} from "./Standard.sol";
import {Valuation} from "./Valuation.sol";

/// @notice Positions of an account at stale prices, apart from the rest of it, and the bounds of their worth.
library Stranded {
    /// @notice Account in two parts.
    /// @dev rest: without its positions at stale prices; late: those alone; since: time at which the last of their prices turned stale, 0:
    /// there are none [unix seconds]
    struct Parts {
        Margin.Book rest;
        Margin.Book late;
        uint256 since;
    }

    /// @notice Account valued in two parts, without the portfolio margin requirement of either.
    /// @param self ledger
    /// @param held state of the account
    function split(Ledger.State storage self, Account.Image memory held) internal view returns (Parts memory parts) {
        uint256[] memory lateAt = new uint256[](held.entries.length);
        uint256 count = 0;
        for (uint256 i = 0; i < lateAt.length; i++) {
            lateAt[i] = staleSince(self, held.entries[i].instrument);
            if (lateAt[i] != 0) count++;
            parts.since = Fixed.max(parts.since, lateAt[i]);
        }
        Account.Image memory rest = Account.Image(held.principal, held.mode, held.balances, new Account.Entry[](lateAt.length - count));
        Account.Image memory late = Account.Image(0, uint8(Account.STANDARD), new uint256[](held.balances.length), new Account.Entry[](count));
        count = 0;
        for (uint256 i = 0; i < lateAt.length; i++) {
            if (lateAt[i] != 0) late.entries[count++] = held.entries[i];
            else rest.entries[i - count] = held.entries[i];
        }
        parts.rest = Valuation.valuedImage(self, rest);
        parts.late = Valuation.valuedImage(self, late);
    }

    /// @notice Time at which the last stale price of some instruments turned stale; 0 where they have none.
    /// @param self ledger
    /// @param instruments numbers of the instruments
    function lastStaleSince(Ledger.State storage self, uint256[] memory instruments) internal view returns (uint256 since) {
        for (uint256 i = 0; i < instruments.length; i++) since = Fixed.max(since, staleSince(self, instruments[i]));
    }

    /// @notice Time at which the last stale price of an instrument turned stale; 0 where it has none.
    /// @dev its index, before its expiry its forward, and the surface of an option; once settled it needs none
    /// @param self ledger
    /// @param instrument number of the instrument
    function staleSince(Ledger.State storage self, uint256 instrument) internal view returns (uint256 since) {
        uint256 underlying = Market.underlyingOf(instrument);
        uint256 kind = Market.kindOf(instrument);
        uint256 heartbeatSecs = self.risks[underlying].heartbeatSecs;
        Oracle.Curve storage curve = Valuation.curveOf(self, instrument);
        if (kind != Market.PERP && curve.settlement != 0) return 0;
        since = lateAfter(self.prices[underlying].publishedAt, heartbeatSecs);
        if (kind == Market.PERP || block.timestamp >= Market.expiryOf(instrument)) return since;
        since = Fixed.max(since, lateAfter(curve.publishedAt, heartbeatSecs));
        if (!Market.isOption(kind)) return since;
        return Fixed.max(since, lateAfter(curve.surfacePublishedAt, self.optionRisks[underlying].heartbeatSecs));
    }

    /// @notice Time at which a print turned stale; 0 while it is fresh.
    /// @param publishedAt time of the print [unix seconds]
    /// @param heartbeatSecs longest age [seconds]
    function lateAfter(uint256 publishedAt, uint256 heartbeatSecs) internal view returns (uint256) {
        return Oracle.isFresh(publishedAt, heartbeatSecs) ? 0 : publishedAt + heartbeatSecs + 1;
    }

    /// @notice The most that positions at stale prices may be worth.
    /// @dev perps and futures: last profits and the notional on top; a long option: `ceiling` per unit, a short one nothing
    /// @param late positions at stale prices
    /// @custom:rounds up, because an account is sold that fails in spite of it
    function most(Margin.Book memory late) internal pure returns (int256 total) {
        for (uint256 i = 0; i < late.exposures.length; i++) {
            total += int256(late.exposures[i].gainWad + Fixed.mulDivUp(late.exposures[i].grossWad2, 1, Fixed.WAD));
        }
        for (uint256 i = 0; i < late.lines.length; i++) {
            if (late.lines[i].size > 0) total += int256(ceiling(late, late.lines[i]));
        }
    }

    /// @notice The least that positions at stale prices may be worth.
    /// @dev perps and futures: last losses, and the notional lost besides; a short option: `ceiling` per unit owed, a long one nothing
    /// @param late positions at stale prices
    /// @custom:rounds down, because it is what the account owns
    function least(Margin.Book memory late) internal pure returns (int256 total) {
        for (uint256 i = 0; i < late.exposures.length; i++) {
            total += late.exposures[i].lossWad - int256(Fixed.mulDivUp(late.exposures[i].grossWad2, 1, Fixed.WAD));
        }
        for (uint256 i = 0; i < late.lines.length; i++) {
            if (late.lines[i].size < 0) total -= int256(ceiling(late, late.lines[i]));
        }
    }

    /// @notice The most that an option at a stale price may be worth to who is long.
    /// @dev |size| * max(2 * max(index, strike), mark)
    /// @param late positions at stale prices
    /// @param line one of its options
    /// @custom:rounds up, because it is a bound
    function ceiling(Margin.Book memory late, Standard.HeldOption memory line) internal pure returns (uint256) {
        uint256 priceWad = 2 * Fixed.max(late.exposures[line.underlying].indexWad, line.strikeWad);
        return Fixed.mulDivUp(Fixed.abs(line.size), Fixed.max(priceWad, line.markWad), Fixed.WAD);
    }
}
