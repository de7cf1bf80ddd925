// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BareErc20} from "./BareErc20.sol";

/// Mints with or without an event, and burns without an event.
contract SilentMint is BareErc20 {
    uint8 public constant decimals = 18;
    string public constant name = "Silent Mint";
    string public constant symbol = "HUSH";

    function mintSilently(address to, uint256 amount) external {
        _credit(to, amount);
        _totalSupply += amount;
    }

    function burnSilently(address from, uint256 amount) external {
        _debit(from, amount);
        _totalSupply -= amount;
    }
}
