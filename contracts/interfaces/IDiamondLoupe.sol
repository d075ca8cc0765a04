// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Views of the facets of a diamond: the interface of EIP-2535.
interface IDiamondLoupe {
    /// @notice Contract whose code runs for some selectors.
    struct Facet {
        address facetAddress;
        bytes4[] functionSelectors;
    }

    /// @notice All facets with their selectors.
    function facets() external view returns (Facet[] memory);

    /// @notice Selectors of a facet.
    /// @param facet address of the facet
    function facetFunctionSelectors(address facet) external view returns (bytes4[] memory);

    /// @notice Addresses of all facets.
    function facetAddresses() external view returns (address[] memory);

    /// @notice Facet of a selector; the zero address where there is none.
    /// @param selector selector of a function
    function facetAddress(bytes4 selector) external view returns (address);
}
