// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BareErc20} from "./BareErc20.sol";

/// Name and symbol as bytes32, like MKR and other tokens older than the final standard.
contract Bytes32Metadata is BareErc20 {
    uint8 public constant decimals = 18;
    bytes32 public constant name = "Maker of old";
    bytes32 public constant symbol = "OLD";
}
