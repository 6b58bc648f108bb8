// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What is stored of a node, one word; the fields from the lowest bits on.
///
/// | bits | field     | meaning                                                                              |
/// | ---- | --------- | ------------------------------------------------------------------------------------ |
/// | 40   | createdAt | earliest opening time of a parent; zero: there is no such node                       |
/// | 40   | openedAt  | when it was opened; zero if it is not                                                |
/// | 40   | time      | largest total that was ever computed, seconds; the largest value: proven             |
/// | 128  | children  | bit i: child number i is a node. Numbers from 128 on, if m = 8, are in a second word |
struct Node {
    uint40 createdAt;
    uint40 openedAt;
    uint40 time;
    uint128 children;
}

/// @notice The two earliest creation times among the nodes of one context, 40 bits each from the lowest on; zero: there is none.
struct Rivals {
    uint40 first;
    uint40 second;
}

using GameClock for Rivals global;
using GameClock for Node global;

/// @title GameClock
/// @notice The clocks of a game (specification, section 8.3), apart from storage.
library GameClock {
    /// @notice Total of a proven leaf.
    uint40 internal constant PROVEN = type(uint40).max;

    /// @notice A node comes into the context at `time`.
    function insert(Rivals memory self, uint40 time) internal pure {
        if (self.first == 0) {
            self.first = time;
        } else if (time < self.first) {
            (self.first, self.second) = (time, self.first);
        } else if (self.second == 0 || time < self.second) {
            self.second = time;
        }
    }

    /// @notice A node of the context turns out to be older: created at `to` and not at `from`, which is later.
    ///
    /// Two values are enough, whatever the number of rivals: of the others only the earliest counts, and a time only ever falls.
    function lower(Rivals memory self, uint40 from, uint40 to) internal pure {
        if (from == self.first) {
            // It is the first already, or one of several with that time, of which another one stays as the second.
            self.first = to;
        } else if (to < self.first) {
            (self.first, self.second) = (to, self.first);
        } else if (to < self.second) {
            self.second = to;
        }
    }

    /// @notice A node created at `from`, zero if it comes into the context now, is created at `to`, which is earlier.
    function move(Rivals memory self, uint40 from, uint40 to) internal pure {
        if (from == 0) self.insert(to);
        else self.lower(from, to);
    }

    /// @notice Time of its own of a node created at `createdAt` in a context of two nodes or more: of the earliest one until the
    /// second-earliest, of every other none. Equal times cancel.
    ///
    /// INVARIANT: the order is that of creation, not of registration, so nobody gains by registering first.
    function own(Rivals memory self, uint40 createdAt) internal pure returns (uint40) {
        return createdAt == self.first ? self.second - self.first : 0;
    }

    /// @notice The word that is stored of a node.
    function pack(Node memory self) internal pure returns (uint256) {
        return
            uint256(self.createdAt) |
            (uint256(self.openedAt) << 40) |
            (uint256(self.time) << 80) |
            (uint256(self.children) << 120);
    }

    /// @notice The node of a stored word.
    function unpackNode(uint256 word) internal pure returns (Node memory) {
        // SAFETY: each field is cut to its width.
        return
            Node({
                createdAt: uint40(word),
                openedAt: uint40(word >> 40),
                time: uint40(word >> 80),
                children: uint128(word >> 120)
            });
    }

    /// @notice The word that is stored of a context.
    function pack(Rivals memory self) internal pure returns (uint256) {
        return uint256(self.first) | (uint256(self.second) << 40);
    }

    /// @notice The context of a stored word.
    function unpackRivals(uint256 word) internal pure returns (Rivals memory) {
        // SAFETY: each field is cut to its width.
        return Rivals({first: uint40(word), second: uint40(word >> 40)});
    }

    /// @notice The larger of two times.
    function max(uint40 a, uint40 b) internal pure returns (uint40) {
        return a > b ? a : b;
    }

    /// @notice The smaller of two times.
    function min(uint40 a, uint40 b) internal pure returns (uint40) {
        return a < b ? a : b;
    }
}
