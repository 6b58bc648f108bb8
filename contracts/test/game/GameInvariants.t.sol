// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Assertion, Escrow} from "../../interfaces/IStateCommitmentChain.sol";
import {Artifacts, GameHandler} from "./GameHandler.sol";

/// @title GameInvariantsTest
/// @notice What holds after any sequence of moves of a game and of the stakes behind it.
contract GameInvariantsTest {
    GameHandler private _handler;

    error TotalFell(bytes32 node, uint40 actual, uint40 largest);
    error TwoConfirmed(bytes32 parent);
    error Insolvent(uint256 balance, uint256 liabilities);

    function setUp() external {
        _handler = GameHandler(Artifacts.create("GameHandler.sol:GameHandler", ""));
    }

    /// @dev The handler alone is called at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    // solhint-disable func-name-mixedcase

    /// @dev All of them after one sequence: what takes time is to make the moves.
    function invariant_holds() external view {
        _totalsNeverFall();
        _oneWinnerForEachFamily();
        _solvent();
    }

    // solhint-enable func-name-mixedcase

    /// @dev INV-1: a node's total never falls.
    function _totalsNeverFall() private view {
        for (uint256 i; i < _handler.nodeCount(); ++i) {
            bytes32 node = _handler.nodeAt(i);
            uint40 time = _handler.GAME().nodeOf(node).time;
            if (time < _handler.largest(node)) revert TotalFell(node, time, _handler.largest(node));
        }
    }

    /// @dev INV-2: of each family at most one assertion is confirmed.
    function _oneWinnerForEachFamily() private view {
        uint256 count = _handler.knownCount();
        bool[] memory decided = new bool[](count);
        for (uint256 i = 1; i < count; ++i) {
            (bytes32 id, uint256 parent) = _handler.knownAt(i);
            if (!_handler.CHAIN().isConfirmed(id)) continue;
            (bytes32 parentId, ) = _handler.knownAt(parent);
            if (decided[parent]) revert TwoConfirmed(parentId);
            decided[parent] = true;
        }
    }

    /// @dev INV-3: the balance covers all that may come to be withdrawn and swept, whichever leaf wins.
    function _solvent() private view {
        uint256 worst;
        for (uint256 i; i < _handler.knownCount(); ++i) {
            uint256 due = _liabilities(i);
            if (due > worst) worst = due;
        }
        uint256 balance = address(_handler.CHAIN()).balance;
        if (balance < worst) revert Insolvent(balance, worst);
    }

    /// @dev What is due if the confirmed chain comes to end in assertion number `leaf`; zero if it can't any more.
    function _liabilities(uint256 leaf) private view returns (uint256 due) {
        (bytes32 leafId, ) = _handler.knownAt(leaf);
        if (_handler.CHAIN().assertionOf(leafId).childCount > 0) return 0;
        for (uint256 number = leaf; number != 0;) {
            (bytes32 id, uint256 parent) = _handler.knownAt(number);
            (bytes32 parentId, ) = _handler.knownAt(parent);
            Assertion memory family = _handler.CHAIN().assertionOf(parentId);
            if (family.hasConfirmedChild && !_handler.CHAIN().isConfirmed(id)) return 0;
            Escrow memory escrow = _handler.CHAIN().escrowOf(parentId);
            if (!escrow.isSwept) due += (family.childCount - 1) * 1 ether - escrow.refunded;
            number = parent;
        }
        for (uint256 i; i < _handler.stakerCount(); ++i) {
            bytes32 latest = _handler.CHAIN().latestOf(_handler.stakerAt(i));
            if (latest == 0) continue;
            Assertion memory assertion = _handler.CHAIN().assertionOf(latest);
            if (assertion.childCount > 0 || assertion.isConfirmed || latest == leafId) due += 1 ether;
        }
    }
}
