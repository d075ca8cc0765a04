// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Event of a diamond that gains facets: the interface of EIP-2535.
interface IDiamond {
    enum FacetCutAction {
        Add,
        Replace,
        Remove
    }

    /// @notice Change of the selectors of one facet.
    struct FacetCut {
        address facetAddress;
        FacetCutAction action;
        bytes4[] functionSelectors;
    }

    event DiamondCut(FacetCut[] _diamondCut, address _init, bytes _calldata);
}
