// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BareErc20} from "./BareErc20.sol";

/// Emits Transfer(address,address,uint256) in any layout: any parameters indexed, and extra words after the data.
abstract contract AnyLayout {
    /// Which parameters are indexed. Bit 0: the sender; bit 1: the receiver; bit 2: the number.
    uint256 private immutable _indexed;
    /// How many words of data follow that the event does not declare.
    uint256 private immutable _surplus;

    constructor(uint256 indexed_, uint256 surplus_) {
        _indexed = indexed_;
        _surplus = surplus_;
    }

    function _tell(address from, address to, uint256 number) internal {
        bytes32 signature = keccak256("Transfer(address,address,uint256)");
        uint256[3] memory words = [uint256(uint160(from)), uint256(uint160(to)), number];
        uint256[4] memory topics;
        uint256 count = 0;
        bytes memory data;
        for (uint256 place = 0; place < 3; place++) {
            if (_indexed & (1 << place) != 0) topics[count++] = words[place];
            else data = abi.encodePacked(data, words[place]);
        }
        for (uint256 place = 0; place < _surplus; place++) data = abi.encodePacked(data, place + 1);
        assembly {
            let start := add(data, 32)
            let size := mload(data)
            switch count
            case 0 { log1(start, size, signature) }
            case 1 { log2(start, size, signature, mload(topics)) }
            case 2 { log3(start, size, signature, mload(topics), mload(add(topics, 32))) }
            default { log4(start, size, signature, mload(topics), mload(add(topics, 32)), mload(add(topics, 64))) }
        }
    }
}

/// An ERC-20 that is correct except for the layout of its events.
contract OddCoin is BareErc20, AnyLayout {
    uint8 public constant decimals = 18;
    string public constant name = "Odd Coin";
    string public constant symbol = "ODD";

    constructor(uint256 indexed_, uint256 surplus_) AnyLayout(indexed_, surplus_) {}

    function mint(address to, uint256 amount) external override {
        _credit(to, amount);
        _totalSupply += amount;
        _tell(address(0), to, amount);
    }

    function _transfer(address from, address to, uint256 amount) internal override {
        _debit(from, amount);
        _credit(to, amount);
        _tell(from, to, amount);
    }
}

/// Numbered items with a Transfer of any layout, like contracts older than ERC-721. The contract may claim ERC-721 by
/// ERC-165, or have decimals of 0, or neither.
contract OddItems is AnyLayout {
    string public constant name = "Odd Items";
    string public constant symbol = "OIT";
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(uint256 => address) private _owners;
    bool private immutable _claims;
    bool private immutable _hasDecimals;

    constructor(uint256 indexed_, bool claims, bool hasDecimals) AnyLayout(indexed_, 0) {
        _claims = claims;
        _hasDecimals = hasDecimals;
    }

    function supportsInterface(bytes4 id) external view returns (bool) {
        require(_claims, "no ERC-165");
        return id == 0x01ffc9a7 || id == 0x80ac58cd;
    }

    function decimals() external view returns (uint8) {
        require(_hasDecimals, "no decimals");
        return 0;
    }

    function ownerOf(uint256 id) external view returns (address) {
        require(_owners[id] != address(0), "no such item");
        return _owners[id];
    }

    function mint(address to, uint256 id) external {
        require(_owners[id] == address(0), "minted");
        _move(address(0), to, id);
        totalSupply++;
    }

    function transfer(address to, uint256 id) external {
        require(_owners[id] == msg.sender, "not the owner");
        _move(msg.sender, to, id);
    }

    function burn(uint256 id) external {
        require(_owners[id] == msg.sender, "not the owner");
        _move(msg.sender, address(0), id);
        totalSupply--;
    }

    function _move(address from, address to, uint256 id) private {
        _owners[id] = to;
        if (from != address(0)) balanceOf[from]--;
        if (to != address(0)) balanceOf[to]++;
        _tell(from, to, id);
    }
}

/// Its constructor creates the whole supply without an event. Transfers emit events as usual.
contract SilentBirth is BareErc20 {
    uint8 public constant decimals = 18;
    string public constant name = "Silent Birth";
    string public constant symbol = "BORN";

    constructor(address first, uint256 amount) {
        _credit(first, amount);
        _credit(msg.sender, amount);
        _totalSupply = 2 * amount;
    }
}
