// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountErrors} from "./AccountErrors.sol";
import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";
import {NumberErrors} from "./NumberErrors.sol";

/// @dev the owner's address in the upper 160 bits, the owner's own number in the lower 96
type AccountId is uint256;

/// @notice Owner, operators, cash principal, collateral balances and positions of an account.
library Account {
    uint256 internal constant MAX_POSITIONS = 32;
    /// @dev limit in portfolio mode: every option is priced in every scenario, and a bid computes two margins in one transaction
    uint256 internal constant MAX_OPTIONS = 24;
    uint256 internal constant STANDARD = 0;
    uint256 internal constant PORTFOLIO = 1;
    uint256 internal constant TRADE = 1;
    uint256 internal constant DEPOSIT = 2;
    uint256 internal constant WITHDRAW = 4;
    uint256 internal constant ALL_SCOPES = 7;

    /// @notice Signed size in one instrument, with its quote.
    /// @dev size [wad]; quote: minus price times size of every trade so far, plus funding received [wad], so that profit = size * mark + quote;
    /// fundingIndex: funding index at the last touch [ray]; an option has neither: its premium moves in cash
    struct Position {
        int128 size;
        int256 quote;
        int256 fundingIndex;
    }

    /// @notice Stored state of one account.
    /// @dev principal: cash before interest [wad]; balances: raw by collateral; instruments: those with a position, in no order; mode:
    /// STANDARD or PORTFOLIO margin; operators: their scopes, a sum of TRADE, DEPOSIT and WITHDRAW; accepted:
    /// operators that have acted for the account
    struct Holder {
        int256 principal;
        mapping(uint256 collateral => uint256 raw) balances;
        mapping(uint256 instrument => Position) positions;
        uint256[] instruments;
        mapping(address operator => uint8 scopes) operators;
        uint8 mode;
        mapping(address operator => bool) accepted;
    }

    /// @notice A position with the number of its instrument.
    /// @dev size, quote [wad]; fundingIndex [ray]
    struct Entry {
        uint256 instrument;
        int256 size;
        int256 quote;
        int256 fundingIndex;
    }

    /// @notice State of one account as plain values.
    /// @dev principal [wad]; mode: STANDARD or PORTFOLIO; balances: raw, by number of collateral; entries: in the order they are stored
    struct Image {
        int256 principal;
        uint8 mode;
        uint256[] balances;
        Entry[] entries;
    }

    /// @notice Owner of an account.
    /// @param account account
    function ownerOf(AccountId account) internal pure returns (address) {
        return address(uint160(Fixed.bits(AccountId.unwrap(account), 96, 160)));
    }

    /// @notice What a sender may do for an account: a sum of TRADE, DEPOSIT and WITHDRAW.
    /// @dev its owner: all
    /// @param self holder of the account
    /// @param account account
    /// @param sender caller
    function scopesOf(Holder storage self, AccountId account, address sender) internal view returns (uint256) {
        return sender == ownerOf(account) ? ALL_SCOPES : self.operators[sender];
    }

    /// @notice Whether a sender may act for an account, in one scope at least.
    /// @param self holder of the account
    /// @param account account
    /// @param sender caller
    function isAuthorized(Holder storage self, AccountId account, address sender) internal view returns (bool) {
        return scopesOf(self, account, sender) != 0;
    }

    /// @notice Requires a sender that may act for an account in a scope, and notes an operator that acts.
    /// @param self holder of the account
    /// @param account account
    /// @param sender caller
    /// @param scope TRADE, DEPOSIT or WITHDRAW
    /// @custom:reverts NotAuthorized
    function requireAuthority(Holder storage self, AccountId account, address sender, uint256 scope) internal {
        if (scopesOf(self, account, sender) & scope == 0) revert AuthorityErrors.NotAuthorized(account, sender);
        if (sender != ownerOf(account) && !self.accepted[sender]) self.accepted[sender] = true;
    }

    /// @notice Requires the recipient of a withdrawal: any for the owner, the owner alone for an operator.
    /// @param account account
    /// @param sender caller
    /// @param to recipient
    /// @custom:reverts NotAuthorized
    function requireRecipient(AccountId account, address sender, address to) internal pure {
        address holder = ownerOf(account);
        if (sender != holder && to != holder) revert AuthorityErrors.NotAuthorized(account, sender);
    }

    /// @notice Sets the scopes of an operator of an account.
    /// @dev by its first act it accepts the role, so that no one is made an operator unasked; an operator that is set anew accepts anew
    /// @param self holder of the account
    /// @param operator operator
    /// @param scopes sum of TRADE, DEPOSIT and WITHDRAW; 0: none
    function setScopes(Holder storage self, address operator, uint256 scopes) internal {
        self.operators[operator] = uint8(scopes);
        self.accepted[operator] = false;
    }

    /// @notice Whether an address is the owner of an account, or an operator that has acted for it.
    /// @param self holder of the account
    /// @param account account
    /// @param who address
    function isOwn(Holder storage self, AccountId account, address who) internal view returns (bool) {
        return who == ownerOf(account) || self.accepted[who];
    }

    /// @notice State of an account as plain values.
    /// @param self holder of the account
    /// @param collaterals count of listed collaterals
    function image(Holder storage self, uint256 collaterals) internal view returns (Image memory shot) {
        shot.principal = self.principal;
        shot.mode = self.mode;
        shot.balances = new uint256[](collaterals);
        for (uint256 i = 0; i < collaterals; i++) shot.balances[i] = self.balances[i];
        shot.entries = new Entry[](self.instruments.length);
        for (uint256 i = 0; i < shot.entries.length; i++) shot.entries[i] = entry(self, self.instruments[i]);
    }

    /// @notice Position in an instrument, with its number.
    /// @dev an option has neither quote nor funding, so that neither is read
    /// @param self holder of the account
    /// @param instrument number of the instrument
    function entry(Holder storage self, uint256 instrument) internal view returns (Entry memory) {
        Position storage position = self.positions[instrument];
        if (Market.isOption(Market.kindOf(instrument))) return Entry(instrument, position.size, 0, 0);
        return Entry(instrument, position.size, position.quote, position.fundingIndex);
    }

    /// @notice Whether a change of size raises risk.
    /// @dev the position grows or changes sign
    /// @param size size before [wad]
    /// @param sizeDelta change [wad]
    function isRising(int256 size, int256 sizeDelta) internal pure returns (bool) {
        int256 left = size + sizeDelta;
        if (left == 0) return false;
        return (left < 0) != (size < 0) || Fixed.abs(left) > Fixed.abs(size);
    }

    /// @notice Changes a position and returns the cash that closing it releases.
    /// @dev a position of size zero is removed, and its quote is realised profit
    /// @param self holder of the account
    /// @param instrument number of the instrument
    /// @param sizeDelta change of size [wad]
    /// @param quoteDelta change of quote [wad]
    /// @param fundingIndex present funding index [ray]
    /// @custom:reverts TooManyPositions, TooManyOptions, SizeTooLarge
    function fill(Holder storage self, uint256 instrument, int256 sizeDelta, int256 quoteDelta, int256 fundingIndex)
        internal
        returns (int256 realizedWad)
    {
        Position storage position = self.positions[instrument];
        int256 before = position.size;
        int256 size = before + sizeDelta;
        int256 quote = position.quote + quoteDelta;
        if (Fixed.abs(size) > Fixed.CAP) revert NumberErrors.SizeTooLarge(Fixed.abs(size), Fixed.CAP);
        if (size == 0) {
            if (before != 0) remove(self, instrument);
            return quote;
        }
        if (before == 0) add(self, instrument);
        position.size = int128(size);
        position.quote = quote;
        position.fundingIndex = fundingIndex;
        return 0;
    }

    /// @notice Adds an instrument to those that an account holds.
    /// @param self holder of the account
    /// @param instrument number of the instrument
    /// @custom:reverts TooManyPositions, TooManyOptions
    function add(Holder storage self, uint256 instrument) internal {
        uint256 count = self.instruments.length + 1;
        if (count > MAX_POSITIONS) revert AccountErrors.TooManyPositions(count, MAX_POSITIONS);
        if (count > MAX_OPTIONS && self.mode == PORTFOLIO && Market.isOption(Market.kindOf(instrument))) requireOptions(self, 1);
        self.instruments.push(instrument);
    }

    /// @notice Requires room for more options in an account in portfolio mode.
    /// @param self holder of the account
    /// @param more options to be added
    /// @custom:reverts TooManyOptions
    function requireOptions(Holder storage self, uint256 more) internal view {
        uint256 count = more;
        for (uint256 i = 0; i < self.instruments.length; i++) {
            if (Market.isOption(Market.kindOf(self.instruments[i]))) count++;
        }
        if (count > MAX_OPTIONS) revert AccountErrors.TooManyOptions(count, MAX_OPTIONS);
    }

    /// @notice Removes a position.
    /// @dev the last instrument takes the place of the removed one
    /// @param self holder of the account
    /// @param instrument number of the instrument
    function remove(Holder storage self, uint256 instrument) internal {
        uint256 last = self.instruments.length - 1;
        for (uint256 i = 0; i < last; i++) {
            if (self.instruments[i] != instrument) continue;
            self.instruments[i] = self.instruments[last];
            break;
        }
        self.instruments.pop();
        delete self.positions[instrument];
    }
}
