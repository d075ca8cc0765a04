// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {IDiamond} from "../interfaces/IDiamond.sol";
import {IDiamondLoupe} from "../interfaces/IDiamondLoupe.sol";

/// @notice Table of selectors and the contracts whose code runs for them, filled at construction and never changed: EIP-2535 without a cut.
/// @dev a call takes one hop: a selector that is not the contract's own is looked up, and its facet runs on this storage
abstract contract Diamond is IDiamond, IDiamondLoupe, Proxy, ERC165 {
    /// @notice A call of a selector that no facet has.
    error UnknownSelector(bytes4 selector);

    /// @notice A selector that is given twice.
    error SelectorTaken(bytes4 selector, address facet);

    /// @notice A facet without code.
    error FacetWithoutCode(address facet);

    mapping(bytes4 selector => address) private facetOf;
    Facet[] private table;

    /// @param facets_ selectors by facet; those of this contract itself are given with the zero address
    constructor(Facet[] memory facets_) {
        FacetCut[] memory cuts = new FacetCut[](facets_.length);
        for (uint256 i = 0; i < facets_.length; i++) {
            Facet memory facet = facets_[i];
            if (facet.facetAddress == address(0)) facet.facetAddress = address(this);
            else if (facet.facetAddress.code.length == 0) revert FacetWithoutCode(facet.facetAddress);
            for (uint256 j = 0; j < facet.functionSelectors.length; j++) {
                bytes4 selector = facet.functionSelectors[j];
                if (facetOf[selector] != address(0)) revert SelectorTaken(selector, facetOf[selector]);
                facetOf[selector] = facet.facetAddress;
            }
            table.push(facet);
            cuts[i] = FacetCut(facet.facetAddress, FacetCutAction.Add, facet.functionSelectors);
        }
        emit DiamondCut(cuts, address(0), "");
    }

    /// @inheritdoc IDiamondLoupe
    function facets() external view returns (Facet[] memory) {
        return table;
    }

    /// @inheritdoc IDiamondLoupe
    function facetFunctionSelectors(address facet) external view returns (bytes4[] memory) {
        for (uint256 i = 0; i < table.length; i++) {
            if (table[i].facetAddress == facet) return table[i].functionSelectors;
        }
        return new bytes4[](0);
    }

    /// @inheritdoc IDiamondLoupe
    function facetAddresses() external view returns (address[] memory found) {
        found = new address[](table.length);
        for (uint256 i = 0; i < found.length; i++) found[i] = table[i].facetAddress;
    }

    /// @inheritdoc IDiamondLoupe
    function facetAddress(bytes4 selector) external view returns (address) {
        return facetOf[selector];
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IDiamondLoupe).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @notice Code that runs for the selector of the call.
    /// @custom:reverts UnknownSelector
    function _implementation() internal view override returns (address facet) {
        facet = facetOf[msg.sig];
        if (facet == address(0)) revert UnknownSelector(msg.sig);
    }
}
