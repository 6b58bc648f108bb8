// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBisectionGame} from "../interfaces/IBisectionGame.sol";
import {IRollupInbox} from "../interfaces/IRollupInbox.sol";
import {Assertion, Escrow, IStateCommitmentChain} from "../interfaces/IStateCommitmentChain.sol";
import {MachineState} from "../machine/MachineState.sol";
import {ParameterBounds} from "../ParameterBounds.sol";
import {AssertionTree} from "./AssertionTree.sol";
import {HistoryTree} from "./HistoryTree.sol";

/// @title StateCommitmentChain
/// @notice See {IStateCommitmentChain}, which is the specification.
contract StateCommitmentChain is IStateCommitmentChain {
    IRollupInbox private immutable _INBOX;
    IBisectionGame private immutable _GAME;
    address payable private immutable _TREASURY;
    bytes32 private immutable _GENESIS_STATE_ROOT;
    uint256 private immutable _CHALLENGE_PERIOD;
    uint256 private immutable _MIN_PARENT_AGE;
    uint256 private immutable _HISTORY_HEIGHT;
    uint256 private immutable _STAKE;

    bytes32 private immutable _GENESIS;

    /// @inheritdoc IStateCommitmentChain
    bytes32 public latestConfirmed;

    mapping(bytes32 id => Assertion assertion) private _assertions;
    mapping(bytes32 parent => Escrow escrow) private _escrows;

    /// @inheritdoc IStateCommitmentChain
    mapping(address staker => bytes32 id) public latestOf;

    constructor(Parameters memory parameters_) {
        if (address(parameters_.inbox).code.length == 0) revert NotAContract(address(parameters_.inbox));
        ParameterBounds.requireNonZero("game", address(parameters_.game));
        ParameterBounds.requireNonZero("treasury", parameters_.treasury);
        ParameterBounds.requireWithin("genesisStateRoot", uint256(parameters_.genesisStateRoot), 1, type(uint256).max);
        ParameterBounds.requireWithin("challengePeriod", parameters_.challengePeriod, 1 minutes, 60 days);
        uint256 oldest = parameters_.challengePeriod < 1 days ? parameters_.challengePeriod : 1 days;
        ParameterBounds.requireWithin("minParentAge", parameters_.minParentAge, 0, oldest);
        ParameterBounds.requireWithin("historyHeight", parameters_.historyHeight, 1, 26);
        ParameterBounds.requireWithin("stake", parameters_.stake, 1, 10_000 ether);

        _INBOX = parameters_.inbox;
        _GAME = parameters_.game;
        _TREASURY = parameters_.treasury;
        _GENESIS_STATE_ROOT = parameters_.genesisStateRoot;
        _CHALLENGE_PERIOD = parameters_.challengePeriod;
        _MIN_PARENT_AGE = parameters_.minParentAge;
        _HISTORY_HEIGHT = parameters_.historyHeight;
        _STAKE = parameters_.stake;

        MachineState memory start;
        start.stateRoot = parameters_.genesisStateRoot;
        bytes32 id = AssertionTree.assertionId(0, start.hash(), 0);
        _GENESIS = id;
        latestConfirmed = id;
        Assertion storage assertion = _assertions[id];
        assertion.createdAt = uint40(block.timestamp);
        assertion.childTarget = AssertionTree.childTargetOf(0, false, parameters_.inbox.batchCount());
        assertion.isConfirmed = true;
        emit AssertionCreated(id, 0, address(0), start, 0, 0, assertion.childTarget);
        emit AssertionConfirmed(id, 0);
    }

    /// @inheritdoc IStateCommitmentChain
    function assertState(
        bytes32 parent,
        MachineState calldata end,
        bytes32 historyRoot,
        bytes32[] calldata lastLeafPath,
        uint64 expectedTarget,
        uint64 l1BlockNumber,
        bytes32 l1BlockHash
    ) external payable returns (bytes32 id) {
        bytes32 endStateHash = end.hash();
        id = AssertionTree.assertionId(parent, endStateHash, historyRoot);
        // Honest parties race with the same assertion: a duplicate fails first.
        if (_assertions[id].createdAt != 0) revert AssertionExists(id);

        Assertion memory family = _assertions[parent];
        if (family.createdAt == 0) revert AssertionUnknown(parent);
        uint64 target = family.childTarget;
        if (target != expectedTarget) revert TargetMismatch(target, expectedTarget);
        bytes32 l1Hash = blockhash(l1BlockNumber);
        // `blockhash` is zero for blocks that are not among the last 256.
        if (l1Hash != l1BlockHash || l1Hash == 0) revert L1BlockMismatch(l1Hash, l1BlockHash);
        _requireOpen(parent, family);

        // INVARIANT: siblings are claims about the same inputs, all of which are there.
        uint64 batches = _INBOX.batchCount();
        if (batches < target) revert RangeIncomplete(batches, target);
        bool overflow = AssertionTree.isOverflow(end, target);
        HistoryTree.verifyLast(historyRoot, _HISTORY_HEIGHT, endStateHash, lastLeafPath);

        _moveStake(parent, id);
        _assertions[id] = Assertion({
            createdAt: uint40(block.timestamp),
            childTarget: AssertionTree.childTargetOf(target, overflow, batches),
            firstChildAt: 0,
            secondChildAt: 0,
            childCount: 0,
            isFirstChild: family.childCount == 0,
            isOverflow: overflow,
            isConfirmed: false,
            hasConfirmedChild: false
        });
        if (family.childCount == 0) family.firstChildAt = uint40(block.timestamp);
        if (family.childCount == 1) family.secondChildAt = uint40(block.timestamp);
        ++family.childCount;
        _assertions[parent] = family;
        emit AssertionCreated(
            id,
            parent,
            msg.sender,
            end,
            historyRoot,
            target,
            AssertionTree.childTargetOf(target, overflow, batches)
        );
    }

    /// @inheritdoc IStateCommitmentChain
    function confirm(bytes32 parent, bytes32 endStateHash, bytes32 historyRoot) external {
        bytes32 id = AssertionTree.assertionId(parent, endStateHash, historyRoot);
        Assertion memory assertion = _assertions[id];
        if (assertion.createdAt == 0) revert AssertionUnknown(id);
        if (assertion.isConfirmed) revert AlreadyConfirmed(id);
        Assertion memory family = _assertions[parent];
        if (!family.isConfirmed) revert ParentNotConfirmed(parent);
        // INVARIANT: one winner for each parent.
        if (family.hasConfirmedChild) revert SiblingConfirmed(parent);

        bool hasRivals = family.childCount > 1;
        uint256 time = AssertionTree.ownTime(assertion, family, block.timestamp);
        if (hasRivals) time += _GAME.timeOf(parent, historyRoot);
        if (time < _CHALLENGE_PERIOD) revert TimeTooShort(time, _CHALLENGE_PERIOD);

        _assertions[id].isConfirmed = true;
        _assertions[parent].hasConfirmedChild = true;
        latestConfirmed = id;
        if (hasRivals) _escrows[parent].closedAt = uint40(block.timestamp);
        emit AssertionConfirmed(id, parent);
    }

    /// @inheritdoc IStateCommitmentChain
    function withdrawStake(address payable recipient) external {
        if (recipient == address(0)) revert RecipientZero();
        bytes32 latest = latestOf[msg.sender];
        if (latest == 0) revert NoStake(msg.sender);
        Assertion memory assertion = _assertions[latest];
        // INVARIANT: a leaf that is not confirmed holds a stake.
        if (assertion.childCount == 0 && !assertion.isConfirmed) revert StakeInUse(msg.sender, latest);

        delete latestOf[msg.sender];
        emit StakeWithdrawn(msg.sender, recipient, _STAKE);
        _pay(recipient, _STAKE);
    }

    /// @inheritdoc IStateCommitmentChain
    function payRefund(bytes32 parent, address payable recipient, uint256 amount) external returns (uint256 paid) {
        if (msg.sender != address(_GAME)) revert NotGame(msg.sender);
        if (recipient == address(0)) revert RecipientZero();
        Escrow storage escrow = _escrows[parent];
        uint256 left = _escrowLeft(parent, escrow);
        paid = amount < left ? amount : left;
        // SAFETY: at most 2^32 stakes of at most 10,000 ether.
        escrow.refunded += uint128(paid);
        emit RefundPaid(parent, recipient, paid);
        _pay(recipient, paid);
    }

    /// @inheritdoc IStateCommitmentChain
    function sweep(bytes32 parent) external {
        Escrow storage escrow = _escrows[parent];
        uint256 amount = _escrowLeft(parent, escrow);
        uint256 earliest = escrow.closedAt + _CHALLENGE_PERIOD;
        if (amount == 0) revert NothingToSweep(parent);
        if (block.timestamp < earliest) revert SweepTooEarly(block.timestamp, earliest);

        escrow.isSwept = true;
        emit EscrowSwept(parent, amount);
        _pay(_TREASURY, amount);
    }

    /// @inheritdoc IStateCommitmentChain
    function genesis() external view returns (bytes32) {
        return _GENESIS;
    }

    /// @inheritdoc IStateCommitmentChain
    function isConfirmed(bytes32 id) external view returns (bool) {
        return _assertions[id].isConfirmed;
    }

    /// @inheritdoc IStateCommitmentChain
    function assertionOf(bytes32 id) external view returns (Assertion memory) {
        return _assertions[id];
    }

    /// @inheritdoc IStateCommitmentChain
    function escrowOf(bytes32 parent) external view returns (Escrow memory) {
        return _escrows[parent];
    }

    /// @inheritdoc IStateCommitmentChain
    function parameters() external view returns (Parameters memory) {
        return
            Parameters({
                inbox: _INBOX,
                game: _GAME,
                treasury: _TREASURY,
                genesisStateRoot: _GENESIS_STATE_ROOT,
                challengePeriod: uint64(_CHALLENGE_PERIOD),
                minParentAge: uint64(_MIN_PARENT_AGE),
                historyHeight: uint8(_HISTORY_HEIGHT),
                stake: _STAKE
            });
    }

    /// @dev The staker's one stake moves to `id`; who has none pays it.
    function _moveStake(bytes32 parent, bytes32 id) private {
        bytes32 latest = latestOf[msg.sender];
        uint256 due;
        if (latest == 0) {
            due = _STAKE;
            emit StakeDeposited(msg.sender, due);
        } else if (latest != parent && _assertions[latest].childCount == 0) {
            // INVARIANT: nobody stands behind two rivals with one stake.
            revert StakeInUse(msg.sender, latest);
        }
        if (msg.value != due) revert StakeMismatch(msg.value, due);
        latestOf[msg.sender] = id;
    }

    function _pay(address payable recipient, uint256 amount) private {
        (bool success, ) = recipient.call{value: amount}("");
        if (!success) revert TransferFailed(recipient, amount);
    }

    /// @dev What is left of the stakes that the family has lost; none before a child is confirmed.
    function _escrowLeft(bytes32 parent, Escrow storage escrow) private view returns (uint256) {
        if (escrow.closedAt == 0 || escrow.isSwept) return 0;
        // INVARIANT: a family with a confirmed child is closed, so its number of children is final.
        return (_assertions[parent].childCount - 1) * _STAKE - escrow.refunded;
    }

    /// @dev Reverts if the family takes no further child at this time.
    function _requireOpen(bytes32 parent, Assertion memory family) private view {
        if (family.childCount == 0) {
            // INVARIANT: a chain of assertions grows no faster than one in `minParentAge`, but for overflows.
            uint256 earliest = family.createdAt + _MIN_PARENT_AGE;
            if (!family.isOverflow && block.timestamp < earliest) revert ParentTooYoung(block.timestamp, earliest);
            return;
        }
        // INVARIANT: a first child that has had the challenge period to itself has won, whether or not somebody has said so yet.
        bool decided = family.childCount == 1 && block.timestamp - family.firstChildAt >= _CHALLENGE_PERIOD;
        if (decided || family.hasConfirmedChild) revert FamilyClosed(parent);
    }
}
