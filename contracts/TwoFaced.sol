// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BareErc20} from "./BareErc20.sol";

/// One contract that emits both shapes of Transfer: like ERC-20 (3 topics) for units, like ERC-721 (4 topics) for
/// items. `balanceOf` returns units, and `ownerOf` returns the owner of an item.
contract TwoFaced is BareErc20 {
    uint8 public constant decimals = 18;
    string public constant name = "Two-Faced";
    string public constant symbol = "TWO";
    mapping(uint256 => address) public ownerOf;

    function mintItem(address to, uint256 id) external {
        require(ownerOf[id] == address(0), "minted");
        _moveItem(address(0), to, id);
    }

    function transferItem(address to, uint256 id) external {
        require(ownerOf[id] == msg.sender, "not the owner");
        _moveItem(msg.sender, to, id);
    }

    function _moveItem(address from, address to, uint256 id) private {
        ownerOf[id] = to;
        bytes32 topic = Transfer.selector;
        assembly {
            log4(0, 0, topic, from, to, id)
        }
    }
}
