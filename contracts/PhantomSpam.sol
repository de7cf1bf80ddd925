// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// An air-dropped spam token: it emits Transfer events to many accounts, but every balance is 0.
contract PhantomSpam {
    event Transfer(address indexed from, address indexed to, uint256 value);

    uint8 public constant decimals = 18;
    string public constant name = "Visit example.invalid to claim";
    string public constant symbol = "CLAIM";
    uint256 public constant totalSupply = 1e27;

    /// Emits one Transfer to each of the accounts `first` .. `first + count - 1` (addresses as numbers).
    function airdrop(uint160 first, uint256 count, uint256 amount) external {
        for (uint256 i = 0; i < count; i++) emit Transfer(address(this), address(first + uint160(i)), amount);
    }

    function balanceOf(address) external pure returns (uint256) {
        return 0;
    }
}
