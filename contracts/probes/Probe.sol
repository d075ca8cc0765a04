// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "../Account.sol";
import {Cash} from "../Cash.sol";
import {Collateral} from "../Collateral.sol";
import {Funding} from "../Funding.sol";
import {Ledger} from "../Ledger.sol";
import {Market} from "../Market.sol";
import {Oracle} from "../Oracle.sol";

/// @notice What the probes of stored things share: a ledger of its own for every call.
abstract contract Probe {
    /// @notice What an account holds and whether it is for sale.
    struct Owned {
        AccountId account;
        Account.Image image;
        uint64 startedAt;
    }

    /// @notice What is known of an expiry.
    struct Dated {
        uint256 underlying;
        uint256 expiry;
        Oracle.Curve curve;
    }

    /// @notice A ledger as plain values.
    struct Setup {
        Cash.Pool cash;
        Market.Risk[] risks;
        Market.OptionRisk[] optionRisks;
        Oracle.Price[] prices;
        Funding.Track[] tracks;
        Dated[] curves;
        Collateral.Asset[] assets;
        Owned[] owned;
    }

    mapping(uint256 call => Ledger.State) private ledgers;
    uint256 private calls;

    function stored(Setup calldata setup) internal returns (Ledger.State storage self) {
        self = ledgers[++calls];
        self.cash = setup.cash;
        for (uint256 i = 0; i < setup.risks.length; i++) self.risks.push(setup.risks[i]);
        for (uint256 i = 0; i < setup.prices.length; i++) self.prices[i] = setup.prices[i];
        for (uint256 i = 0; i < setup.optionRisks.length; i++) self.optionRisks[i] = setup.optionRisks[i];
        for (uint256 i = 0; i < setup.tracks.length; i++) self.tracks[i] = setup.tracks[i];
        for (uint256 i = 0; i < setup.curves.length; i++) {
            self.curves[Market.termOf(setup.curves[i].underlying, setup.curves[i].expiry)] = setup.curves[i].curve;
        }
        for (uint256 i = 0; i < setup.assets.length; i++) self.assets.push(setup.assets[i]);
        for (uint256 i = 0; i < setup.owned.length; i++) {
            Owned calldata owned = setup.owned[i];
            hold(self.holders[owned.account], owned.image);
            self.sales[owned.account].startedAt = owned.startedAt;
        }
    }

    function hold(Account.Holder storage holder, Account.Image calldata image) internal {
        holder.principal = image.principal;
        for (uint256 i = 0; i < image.balances.length; i++) holder.balances[i] = image.balances[i];
        for (uint256 i = 0; i < image.entries.length; i++) {
            Account.Entry calldata entry = image.entries[i];
            holder.instruments.push(entry.instrument);
            holder.positions[entry.instrument] = Account.Position(int128(entry.size), entry.quote, entry.fundingIndex);
        }
    }

    function imageOf(Ledger.State storage self, AccountId account) internal view returns (Account.Image memory) {
        return Account.image(self.holders[account], self.assets.length);
    }
}
