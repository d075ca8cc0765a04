// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "../Account.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Account; stored state is given and returned.
contract ProbeAccount is Probe {
    mapping(uint256 call => Account.Holder) private holders;
    uint256 private count;

    function ownerOf(AccountId account) external pure returns (address) {
        return Account.ownerOf(account);
    }

    function scopesOf(address operator, uint8 scopes, AccountId account, address sender) external returns (uint256) {
        return Account.scopesOf(operated(operator, scopes), account, sender);
    }

    function isAuthorized(address operator, uint8 scopes, AccountId account, address sender) external returns (bool) {
        return Account.isAuthorized(operated(operator, scopes), account, sender);
    }

    function requireAuthority(address operator, uint8 scopes, AccountId account, address sender, uint256 scope) external returns (bool) {
        Account.Holder storage holder = operated(operator, scopes);
        Account.requireAuthority(holder, account, sender, scope);
        return Account.isOwn(holder, account, sender) && holder.accepted[sender];
    }

    function requireRecipient(AccountId account, address sender, address to) external pure {
        Account.requireRecipient(account, sender, to);
    }

    function setScopes(address operator, uint8 scopes, AccountId account, address sender, uint256 newScopes)
        external
        returns (uint256, bool)
    {
        Account.Holder storage holder = operated(operator, scopes);
        holder.accepted[operator] = true;
        Account.setScopes(holder, sender, newScopes);
        return (Account.scopesOf(holder, account, sender), Account.isOwn(holder, account, operator));
    }

    function isOwn(address operator, uint8 scopes, AccountId account, address sender) external returns (bool) {
        Account.Holder storage holder = operated(operator, scopes);
        holder.accepted[operator] = true;
        return Account.isOwn(holder, account, sender);
    }

    function image(Account.Image calldata self, uint256 collaterals) external returns (Account.Image memory) {
        return Account.image(held(self), collaterals);
    }

    function entries(Account.Image calldata self) external returns (Account.Entry[] memory) {
        return Account.entries(held(self));
    }

    function instruments(Account.Image calldata self) external returns (uint256[] memory) {
        return Account.instruments(held(self));
    }

    function entry(Account.Image calldata self, uint256 instrument) external returns (Account.Entry memory) {
        return Account.entry(held(self), instrument);
    }

    function quoted(Account.Image calldata self, uint256 instrument, int256 size) external returns (Account.Entry memory) {
        return Account.quoted(held(self), instrument, size);
    }

    function find(Account.Image calldata self, uint256 instrument) external returns (uint256 place, Account.Entry memory) {
        return Account.find(held(self), instrument);
    }

    function wordOf(uint256 instrument, int256 size) external pure returns (uint256) {
        return Account.wordOf(instrument, size);
    }

    function instrumentIn(uint256 word) external pure returns (uint256) {
        return Account.instrumentIn(word);
    }

    function sizeIn(uint256 word) external pure returns (int256) {
        return Account.sizeIn(word);
    }

    function isRising(int256 size, int256 sizeDelta) external pure returns (bool) {
        return Account.isRising(size, sizeDelta);
    }

    function fill(Account.Image calldata self, uint256 instrument, int256 sizeDelta, int256 quoteDelta, int256 fundingIndex)
        external
        returns (int256 releasedWad, Account.Image memory, Account.PositionQuote memory)
    {
        Account.Holder storage holder = held(self);
        (uint256 place, Account.Entry memory position) = Account.find(holder, instrument);
        releasedWad = Account.fill(holder, place, position, sizeDelta, quoteDelta, fundingIndex);
        return (releasedWad, Account.image(holder, 0), holder.quotes[instrument]);
    }

    function add(Account.Image calldata self, uint256 instrument) external returns (uint256) {
        Account.Holder storage holder = held(self);
        Account.add(holder, instrument);
        return holder.count;
    }

    function requireOptions(Account.Image calldata self, uint256 more) external {
        Account.requireOptions(held(self), more);
    }

    function remove(Account.Image calldata self, uint256 instrument)
        external
        returns (Account.Image memory, Account.PositionQuote memory)
    {
        Account.Holder storage holder = held(self);
        (uint256 place,) = Account.find(holder, instrument);
        Account.remove(holder, place, instrument);
        return (Account.image(holder, 0), holder.quotes[instrument]);
    }

    function operated(address operator, uint8 scopes) internal returns (Account.Holder storage holder) {
        holder = holders[++count];
        holder.operators[operator] = scopes;
    }

    function held(Account.Image calldata self) internal returns (Account.Holder storage holder) {
        holder = holders[++count];
        hold(holder, self);
    }
}
