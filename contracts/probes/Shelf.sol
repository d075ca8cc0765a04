// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "../Account.sol";
import {Cash} from "../Cash.sol";
import {Collateral} from "../Collateral.sol";
import {Funding} from "../Funding.sol";
import {Ledger} from "../Ledger.sol";
import {Market} from "../Market.sol";
import {Ruleset} from "../Ruleset.sol";
import {Oracle} from "../Oracle.sol";
import {Portfolio} from "../Portfolio.sol";

/// @notice Stored ledgers of the probes, and ledgers as plain values.
abstract contract Shelf {
    /// @notice State of an account and of its auction.
    struct Owned {
        AccountId account;
        Account.Image image;
        uint64 startedAt;
    }

    /// @notice Curve of an expiry.
    struct Dated {
        uint256 underlying;
        uint256 expiry;
        Oracle.Curve curve;
    }

    /// @notice Ledger as plain values.
    struct Setup {
        Cash.Pool cash;
        Market.MarketRisk[] risks;
        Market.OptionRisk[] optionRisks;
        Portfolio.PortfolioRisk[] portfolioRisks;
        Ruleset.Rules rules;
        Oracle.Price[] prices;
        Funding.Track[] tracks;
        Dated[] curves;
        Collateral.Asset[] assets;
        Owned[] owned;
    }

    mapping(uint256 call => Ledger.State) internal ledgers;
    uint256 internal calls;

    function hold(Account.Holder storage holder, Account.Image calldata image) internal {
        holder.principal = image.principal;
        holder.mode = image.mode;
        for (uint256 i = 0; i < image.balances.length; i++) holder.balances[i] = image.balances[i];
        for (uint256 i = 0; i < image.entries.length; i++) {
            Account.Entry calldata entry = image.entries[i];
            holder.count++;
            holder.words[i] = Account.wordOf(entry.instrument, entry.size);
            holder.quotes[entry.instrument] = Account.PositionQuote(entry.quote, entry.fundingIndex);
        }
    }
}
