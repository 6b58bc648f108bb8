// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
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
/// nothing to gain from copying moves or from playing both sides. Whatever cannot be known to have been paid does not count: calldata
/// is paid back as if its bytes were zero, but for the hashes that the move has verified.
abstract contract MoveRefunds is IBisectionGame {
    /// @dev Gas of what follows when a move's gas has been measured: its hash, the event, and a write to a word that the transaction has
    /// written before. Measured: 2,986.
    uint256 private constant RECORD_GAS = 2_900;
    /// @dev What the first write to the mover's word in a transaction costs more: that of a word that is zero, or not.
    uint256 private constant NEW_WORD_GAS = 19_900;
    uint256 private constant WORD_GAS = 2_800;
    uint256 private constant TRANSACTION_GAS = 21_000;
    /// @dev Gas of a zero byte of calldata, and what the bytes of a hash cost more: 12 each, if up to 4 of them are zero.
    uint256 private constant BYTE_GAS = 4;
    uint256 private constant HASH_GAS = 12 * 28;

    /// @dev A node of the history that won, as a claim has shown it.
    struct Shown {
        Position position;
        bytes32 span;
    }

    uint256 private immutable _PRICE_CAP;

    mapping(bytes32 game => mapping(address mover => bytes32 moves)) private _moves;

    /// @dev Whether this transaction has written a mover's word already; then its own gas is in an amount, too.
    bool private transient _written;

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
        Shown memory shown = Shown({position: GameNode.root(game, _height()), span: historyRoot});
        for (uint256 i; i < moves.length; ++i) {
            Move calldata move = moves[i];
            head = _append(head, move.node, move.rival, move.timestamp, move.amount);
            bool necessary = move.timestamp <= closedAt && _isWinning(shown, historyRoot, move, places[i]);
            if (necessary) amount += move.amount;
        }
        bytes32 expected = _moves[game][msg.sender];
        if (head != expected) revert MovesMismatch(head, expected);
        // INVARIANT: a move is claimed once. What was claimed is not in the chain any more.
        _written = true;
        _moves[game][msg.sender] = before;
        amount = chain.payRefund(game, recipient, amount);
        emit RefundClaimed(game, msg.sender, moves.length, amount);
    }

    /// @inheritdoc IBisectionGame
    function movesOf(bytes32 game, address mover) external view returns (bytes32) {
        return _moves[game][mover];
    }

    /// @dev Records a move that began with `gasBefore`, with so many bytes of calldata, of which it has verified `hashes` words.
    function _record(
        bytes32 game,
        bytes32 node,
        bytes32 rival,
        uint256 gasBefore,
        uint256 dataBytes,
        uint256 hashes
    ) internal {
        mapping(address mover => bytes32 moves) storage movesOfGame = _moves[game];
        bytes32 before = movesOfGame[msg.sender];
        // Without a branch: endpoints estimate a transaction's gas with a base fee of zero.
        uint256 price = Math.min(block.basefee, _PRICE_CAP);
        uint64 timestamp = uint64(block.timestamp);
        uint128 amount;
        // INVARIANT: the amounts of a transaction's moves add up to less than the transaction costs at this price.
        // SAFETY: gas and calldata are limited by a block's gas, and the price is at most the cap, 10,000 gwei.
        unchecked {
            // A contract can make calldata up for nothing, so only that of a transaction counts.
            // solhint-disable-next-line avoid-tx-origin
            bool isTransaction = msg.sender == tx.origin && msg.sender.code.length == 0;
            uint256 spent = RECORD_GAS;
            if (isTransaction) spent += BYTE_GAS * dataBytes + HASH_GAS * hashes;
            if (!_written) {
                _written = true;
                spent += before == 0 ? NEW_WORD_GAS : WORD_GAS;
                if (isTransaction) spent += TRANSACTION_GAS;
            }
            amount = uint128((spent + gasBefore - gasleft()) * price);
        }
        movesOfGame[msg.sender] = _append(before, node, rival, timestamp, amount);
        emit MoveRecorded(game, msg.sender, node, rival, timestamp, amount);
    }

    function _chain() internal view virtual returns (IStateCommitmentChain);

    function _height() internal view virtual returns (uint256);

    /// @dev Whether the move was made for a node of the history with this root. Reverts if the place is another node's.
    /// @param shown The node of the history that was shown last, which this one takes the place of.
    function _isWinning(
        Shown memory shown,
        bytes32 historyRoot,
        Move calldata move,
        Place calldata place
    ) private view returns (bool) {
        bytes32 game = shown.position.game;
        // Recording the inputs serves the game as a whole.
        if (move.node == game) return true;
        if (place.span == 0) return false;
        uint256 height = _height();
        if (place.level + place.path.length == height) {
            (shown.position, shown.span) = (GameNode.root(game, height), historyRoot);
        }
        // SAFETY: a place that is not below the one shown last gives bits or an index that no path fits.
        unchecked {
            uint256 bits = uint256(shown.position.level) - place.level;
            uint256 index = uint256(place.index) - (uint256(shown.position.index) << bits);
            shown.position = shown.position.childPosition(shown.span, bits, index, place.span, place.path);
        }
        shown.span = place.span;
        bytes32 node = GameNode.nodeId(shown.position.context(), place.span);
        if (node != move.node && node != move.rival) revert PlaceMismatch(node, move.node, move.rival);
        return true;
    }

    /// @dev `H(0x10 ‖ before ‖ node ‖ rival ‖ timestamp ‖ amount)`.
    function _append(
        bytes32 before,
        bytes32 node,
        bytes32 rival,
        uint64 timestamp,
        uint128 amount
    ) private pure returns (bytes32 hash) {
        uint256 tag = Tags.GAME_MOVE;
        uint256 end = (uint256(timestamp) << 128) | amount;
        // SAFETY: writes 121 bytes behind the free memory pointer that nobody reads again, from the right to the left, since what is left
        // of a number shorter than a word is overwritten.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore(add(preimage, 89), end)
            mstore(add(preimage, 65), rival)
            mstore(add(preimage, 33), node)
            mstore(add(preimage, 1), before)
            mstore8(preimage, tag)
            hash := keccak256(preimage, 121)
        }
    }
}
