// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BareErc20} from "./BareErc20.sol";

/// Hostile metadata: a name of 200,000 bytes that begins with NUL, and a symbol with NUL, a right-to-left override
/// and bytes that are not UTF-8.
contract HostileMetadata is BareErc20 {
    uint8 public constant decimals = 18;
    uint256 private constant NAME_BYTES = 200_000;

    function name() external pure returns (string memory) {
        bytes memory text = new bytes(NAME_BYTES);
        assembly {
            let word := 0x4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e
            let start := add(text, 32)
            for { let at := 0 } lt(at, NAME_BYTES) { at := add(at, 32) } { mstore(add(start, at), word) }
            mstore8(start, 0)
        }
        return string(text);
    }

    function symbol() external pure returns (string memory) {
        return string(bytes(hex"00455649e280ae4cff00"));
    }
}
