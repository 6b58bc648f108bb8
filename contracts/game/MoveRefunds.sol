// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBisectionGame, Move, Place} from "../interfaces/IBisectionGame.sol";
import {IStateCommitmentChain} from "../interfaces/IStateCommitmentChain.sol";
import {AssertionTree} from "../rollup/AssertionTree.sol";
import {Tags} from "../machine/Tags.sol";
import {GameNode, Position} from "./GameNode.sol";

/// @title MoveRefunds
/// @notice What a move has cost, and how it is paid back from the stakes of those who lost.
///
/// Nobody knows at the time of a move which side will win, so every move is recorded: not as a word of its own, but as one more link
/// of a chain of hashes for each mover in each game, which is one word that is overwritten. Afterwards the mover shows the chain,
/// and for each move its place in the history that won.
///
/// A refund is the gas of the move at the block's base fee, up to a cap, without any tip: never a profit, so that there is
/// nothing to gain from copying moves or from playing both sides.
abstract contract MoveRefunds is IBisectionGame {
    /// @dev Gas of recording itself.
    uint256 private constant RECORD_GAS = 9_000;
    /// @dev Gas of a transaction, and of a byte of its calldata that is not zero.
    uint256 private constant TRANSACTION_GAS = 21_000;
    uint256 private constant BYTE_GAS = 16;

    uint256 private immutable _PRICE_CAP;

    mapping(bytes32 game => mapping(address mover => bytes32 moves)) private _moves;

    /// @dev Whether this transaction's own gas is in an amount already.
    bool private transient _transactionCounted;

    constructor(uint64 priceCap) {
        _PRICE_CAP = priceCap;
    }

    /// @inheritdoc IBisectionGame
    function claimRefund(
        bytes32 game,
        bytes32 endStateHash,
        bytes32 historyRoot,
        bytes32 before,
        Move[] calldata moves,
        Place[] calldata places,
        address payable recipient
    ) external returns (uint256 amount) {
        if (moves.length == 0 || _moves[game][msg.sender] == 0) revert NothingToRefund(game, msg.sender);
        if (places.length != moves.length) revert PlaceCountMismatch(places.length, moves.length);
        IStateCommitmentChain chain = _chain();
        bytes32 winner = AssertionTree.assertionId(game, endStateHash, historyRoot);
        if (!chain.isConfirmed(winner)) revert NotConfirmed(winner);
        uint256 closedAt = chain.escrowOf(game).closedAt;

        bytes32 head = before;
        for (uint256 i; i < moves.length; ++i) {
            Move calldata move = moves[i];
            head = _append(head, move);
            bool necessary = move.timestamp <= closedAt && _isWinning(game, historyRoot, move, places[i]);
            if (necessary) amount += move.amount;
        }
        bytes32 expected = _moves[game][msg.sender];
        if (head != expected) revert MovesMismatch(head, expected);
        // INVARIANT: a move is claimed once. What was claimed is not in the chain any more.
        _moves[game][msg.sender] = before;
        amount = chain.payRefund(game, recipient, amount);
        emit RefundClaimed(game, msg.sender, moves.length, amount);
    }

    /// @inheritdoc IBisectionGame
    function movesOf(bytes32 game, address mover) external view returns (bytes32) {
        return _moves[game][mover];
    }

    /// @dev Records a move that began with `gasBefore`.
    function _record(bytes32 game, bytes32 node, bytes32 rival, uint256 gasBefore) internal {
        uint256 spent = RECORD_GAS;
        // A contract can make calldata up for nothing, so only that of a transaction counts.
        // solhint-disable-next-line avoid-tx-origin
        if (msg.sender == tx.origin && msg.sender.code.length == 0) {
            spent += BYTE_GAS * msg.data.length;
            if (!_transactionCounted) {
                _transactionCounted = true;
                spent += TRANSACTION_GAS;
            }
        }
        uint256 price = block.basefee < _PRICE_CAP ? block.basefee : _PRICE_CAP;
        Move memory move = Move({node: node, rival: rival, timestamp: uint64(block.timestamp), amount: 0});
        // SAFETY: 2^64 gas at 2^64 wei.
        move.amount = uint128((spent + gasBefore - gasleft()) * price);
        _moves[game][msg.sender] = _append(_moves[game][msg.sender], move);
        emit MoveRecorded(game, msg.sender, node, rival, move.timestamp, move.amount);
    }

    function _chain() internal view virtual returns (IStateCommitmentChain);

    function _height() internal view virtual returns (uint256);

    /// @dev Whether the move was made for a node of the history with this root. Reverts if the place is another node's.
    function _isWinning(
        bytes32 game,
        bytes32 historyRoot,
        Move calldata move,
        Place calldata place
    ) private view returns (bool) {
        // Recording the inputs serves the game as a whole.
        if (move.node == game) return true;
        if (place.span == 0) return false;
        uint256 height = _height();
        Position memory position = GameNode.root(game, height).childPosition(
            historyRoot,
            height - place.level,
            place.index,
            place.span,
            place.path
        );
        bytes32 node = GameNode.nodeId(position.context(), place.span);
        if (node != move.node && node != move.rival) revert PlaceMismatch(node, move.node, move.rival);
        return true;
    }

    /// @dev `H(0x10 ‖ before ‖ node ‖ rival ‖ timestamp ‖ amount)`.
    function _append(bytes32 before, Move memory move) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(Tags.GAME_MOVE, before, move.node, move.rival, move.timestamp, move.amount));
    }
}
