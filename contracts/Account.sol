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
    /// @dev bits of the size of a position in its word
    uint256 internal constant SIZE_BITS = 104;

    /// @notice What a position in a perp or future has paid.
    /// @dev quote: minus price times size of every trade so far, plus funding received [wad], so that profit = size * mark + quote;
    /// fundingIndex: funding index at the last touch [ray]; an option has neither: its premium moves in cash
    struct PositionQuote {
        int256 quote;
        int256 fundingIndex;
    }

    /// @notice Stored state of one account.
    /// @dev principal: cash before interest [wad]; balances: raw by collateral; quotes: of perps and futures; words: instrument and size of each
    /// position, in no order; operators: their scopes, a sum of TRADE, DEPOSIT and WITHDRAW; mode: STANDARD or PORTFOLIO margin; count: how many
    /// positions there are; accepted: operators that have acted for the account
    struct Holder {
        int256 principal;
        mapping(uint256 collateral => uint256 raw) balances;
        mapping(uint256 instrument => PositionQuote) quotes;
        uint256[MAX_POSITIONS] words;
        mapping(address operator => uint8 scopes) operators;
        uint8 mode;
        uint8 count;
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
        shot.entries = entries(self);
    }

    /// @notice Positions of an account, in the order they are stored.
    /// @param self holder of the account
    function entries(Holder storage self) internal view returns (Entry[] memory found) {
        found = new Entry[](self.count);
        for (uint256 i = 0; i < found.length; i++) {
            uint256 word = self.words[i];
            found[i] = quoted(self, instrumentIn(word), sizeIn(word));
        }
    }

    /// @notice Instruments that an account holds, in the order they are stored.
    /// @param self holder of the account
    function instruments(Holder storage self) internal view returns (uint256[] memory found) {
        found = new uint256[](self.count);
        for (uint256 i = 0; i < found.length; i++) found[i] = instrumentIn(self.words[i]);
    }

    /// @notice Position in an instrument, with its number.
    /// @dev of size zero where there is none
    /// @param self holder of the account
    /// @param instrument number of the instrument
    function entry(Holder storage self, uint256 instrument) internal view returns (Entry memory found) {
        (, found) = find(self, instrument);
    }

    /// @notice Place of the position in an instrument, and the position.
    /// @dev where there is none: the place after the last position, and a size of zero
    /// @param self holder of the account
    /// @param instrument number of the instrument
    function find(Holder storage self, uint256 instrument) internal view returns (uint256 place, Entry memory found) {
        uint256 count = self.count;
        uint256 word = 0;
        for (; place < count; place++) {
            word = self.words[place];
            if (instrumentIn(word) == instrument) break;
        }
        found = quoted(self, instrument, place < count ? sizeIn(word) : int256(0));
    }

    /// @notice Position of a size, with the quote and the funding index that are stored for its instrument.
    /// @dev an option has neither quote nor funding, so that neither is read
    /// @param self holder of the account
    /// @param instrument number of the instrument
    /// @param size size of the position [wad]
    function quoted(Holder storage self, uint256 instrument, int256 size) internal view returns (Entry memory) {
        if (Market.isOption(Market.kindOf(instrument))) return Entry(instrument, size, 0, 0);
        PositionQuote storage stored = self.quotes[instrument];
        return Entry(instrument, size, stored.quote, stored.fundingIndex);
    }

    /// @notice Word of a position: its instrument in the upper 152 bits, its size in the lower 104.
    /// @dev a size is below 2^96
    /// @param instrument number of the instrument
    /// @param size size of the position [wad]
    function wordOf(uint256 instrument, int256 size) internal pure returns (uint256) {
        return Fixed.joined(instrument, size, SIZE_BITS);
    }

    /// @notice Instrument in the word of a position.
    /// @param word instrument and size
    function instrumentIn(uint256 word) internal pure returns (uint256) {
        return Fixed.upper(word, SIZE_BITS);
    }

    /// @notice Size in the word of a position.
    /// @param word instrument and size
    function sizeIn(uint256 word) internal pure returns (int256) {
        return Fixed.lower(word, SIZE_BITS);
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

    /// @notice Changes a position and returns the cash that this releases.
    /// @dev of an option the quote at once; of another instrument its realised profit, the quote of a position that ends
    /// @param self holder of the account
    /// @param place place of the position
    /// @param held the position
    /// @param sizeDelta change of size [wad]
    /// @param quoteDelta change of quote [wad]
    /// @param fundingIndex present funding index [ray]
    /// @custom:reverts TooManyPositions, TooManyOptions, SizeTooLarge
    function fill(Holder storage self, uint256 place, Entry memory held, int256 sizeDelta, int256 quoteDelta, int256 fundingIndex)
        internal
        returns (int256 releasedWad)
    {
        int256 size = held.size + sizeDelta;
        int256 quote = held.quote + quoteDelta;
        if (Fixed.abs(size) > Fixed.CAP) revert NumberErrors.SizeTooLarge(Fixed.abs(size), Fixed.CAP);
        if (size == 0) {
            if (held.size != 0) remove(self, place, held.instrument);
            return quote;
        }
        if (held.size == 0) add(self, held.instrument);
        self.words[place] = wordOf(held.instrument, size);
        if (Market.isOption(Market.kindOf(held.instrument))) return quote;
        self.quotes[held.instrument] = PositionQuote(quote, fundingIndex);
        return 0;
    }

    /// @notice Adds a place for an instrument after those that an account holds.
    /// @param self holder of the account
    /// @param instrument number of the instrument
    /// @custom:reverts TooManyPositions, TooManyOptions
    function add(Holder storage self, uint256 instrument) internal {
        uint256 count = uint256(self.count) + 1;
        if (count > MAX_POSITIONS) revert AccountErrors.TooManyPositions(count, MAX_POSITIONS);
        if (count > MAX_OPTIONS && self.mode == PORTFOLIO && Market.isOption(Market.kindOf(instrument))) requireOptions(self, 1);
        self.count = uint8(count);
    }

    /// @notice Requires room for more options in an account in portfolio mode.
    /// @param self holder of the account
    /// @param more options to be added
    /// @custom:reverts TooManyOptions
    function requireOptions(Holder storage self, uint256 more) internal view {
        uint256 count = more;
        for (uint256 i = 0; i < self.count; i++) {
            if (Market.isOption(Market.kindOf(instrumentIn(self.words[i])))) count++;
        }
        if (count > MAX_OPTIONS) revert AccountErrors.TooManyOptions(count, MAX_OPTIONS);
    }

    /// @notice Removes a position.
    /// @dev the last one takes its place
    /// @param self holder of the account
    /// @param place place of the position
    /// @param instrument number of its instrument
    function remove(Holder storage self, uint256 place, uint256 instrument) internal {
        uint256 last = uint256(self.count) - 1;
        if (place != last) self.words[place] = self.words[last];
        self.words[last] = 0;
        self.count = uint8(last);
        if (!Market.isOption(Market.kindOf(instrument))) delete self.quotes[instrument];
    }
}
