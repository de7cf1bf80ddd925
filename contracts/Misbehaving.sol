// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BareErc20} from "./BareErc20.sol";

/// Transfers and events are correct. `mode` decides how balanceOf answers, and may change at any block.
contract Misbehaving is BareErc20 {
    enum Mode {
        Honest,
        Reverts,
        BurnsGas,
        ReturnsHuge,
        Returns65Bytes,
        ReturnsNothing
    }

    uint8 public constant decimals = 18;
    string public constant name = "Misbehaving";
    string public constant symbol = "BAD";
    uint256 private constant HUGE_BYTES = 1_000_000;
    Mode public mode;

    constructor(Mode mode_) {
        mode = mode_;
    }

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function balanceOf(address account) public view override returns (uint256) {
        uint256 balance = _balances[account];
        if (mode == Mode.Reverts) revert("no balance for you");
        if (mode == Mode.BurnsGas) {
            for (uint256 i = 0; ; i++) balance = uint256(keccak256(abi.encode(balance, i)));
        }
        if (mode == Mode.ReturnsHuge) _answer(balance, HUGE_BYTES);
        if (mode == Mode.Returns65Bytes) _answer(balance, 65);
        if (mode == Mode.ReturnsNothing) _answer(balance, 0);
        return balance;
    }

    /// Ends the call with `size` bytes. The first word is the balance if `size` has room for it.
    function _answer(uint256 held, uint256 size) private pure {
        assembly {
            let at := mload(0x40)
            mstore(at, held)
            return(at, size)
        }
    }
}
