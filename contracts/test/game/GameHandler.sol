// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BisectionGame} from "../../game/BisectionGame.sol";
import {Node} from "../../game/GameClock.sol";
import {GameNode, Position} from "../../game/GameNode.sol";
import {Child, IBisectionGame, Predecessor, Update} from "../../interfaces/IBisectionGame.sol";
import {InputEvidence, IOneStepProver, StepContext} from "../../interfaces/IOneStepProver.sol";
import {IRollupInbox} from "../../interfaces/IRollupInbox.sol";
import {IStateCommitmentChain} from "../../interfaces/IStateCommitmentChain.sol";
import {MachineState} from "../../machine/MachineState.sol";
import {AssertionTree} from "../../rollup/AssertionTree.sol";
import {HistoryTree} from "../../rollup/HistoryTree.sol";
import {StateCommitmentChain} from "../../rollup/StateCommitmentChain.sol";
import {InboxStub, ProverStub} from "./GameStubs.sol";

/// @notice The cheat codes that are needed, at the address where the test runner has them.
interface ICheats {
    function warp(uint256 timestamp) external;
    function roll(uint256 blockNumber) external;
    function prank(address sender) external;
    function deal(address account, uint256 balance) external;
    function getCode(string calldata artifact) external view returns (bytes memory creationCode);
}

/// @title Artifacts
/// @notice Contracts from their artifacts: `new` would compile a contract once more, as a part of the one that creates it.
library Artifacts {
    ICheats internal constant CHEATS = ICheats(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    /// @notice An artifact has no code, or its constructor reverted.
    error NotCreated(string artifact);

    /// @notice Creates the contract with that artifact, as `new` would.
    function create(string memory artifact, bytes memory arguments) internal returns (address created) {
        bytes memory code = bytes.concat(CHEATS.getCode(artifact), arguments);
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
        }
        if (created == address(0)) revert NotCreated(artifact);
    }
}

/// @title GameHandler
/// @notice Makes any move for anybody, out of numbers that a fuzzer gives it: histories of four states, cut in two twice.
///
/// An assertion is a claim number under a parent. Claim 0 has the right states; claim c has wrong ones where c has bits, bit 3
/// for the end, so claims share nodes of all kinds. What the contract refuses is left; it must not break anything.
contract GameHandler {
    uint256 internal constant STAKE = 1 ether;
    uint256 private constant PERIOD = 1 hours;
    uint256 private constant HEIGHT = 2;
    uint256 private constant STAKERS = 8;
    uint256 private constant MOST_ASSERTIONS = 12;

    /// @notice An assertion that was made. `parent` is its number among the known ones.
    struct Known {
        bytes32 id;
        uint256 parent;
        MachineState end;
        bytes32[4] leaves;
    }

    StateCommitmentChain public immutable CHAIN;
    BisectionGame public immutable GAME;
    InboxStub private immutable _INBOX = new InboxStub();
    ProverStub private immutable _PROVER = new ProverStub();

    uint256 private _now = 1_800_000_000;
    Known[] private _known;
    bytes32[] private _nodes;
    mapping(bytes32 node => bool seen) private _seen;
    /// @notice The largest total of a node that was ever seen.
    mapping(bytes32 node => uint40 time) public largest;
    /// @notice Moves that were taken, by kind.
    uint256[9] public taken;

    constructor() {
        Artifacts.CHEATS.warp(_now);
        Artifacts.CHEATS.roll(100);
        // The chain and the game know each other: of the next two contracts, the second.
        address game = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), uint8(4))))));
        IStateCommitmentChain.Parameters memory parameters;
        parameters.inbox = IRollupInbox(address(_INBOX));
        parameters.game = IBisectionGame(game);
        parameters.treasury = payable(address(0xdead));
        parameters.genesisStateRoot = bytes32(uint256(1));
        parameters.challengePeriod = uint64(PERIOD);
        parameters.historyHeight = uint8(HEIGHT);
        parameters.stake = STAKE;
        CHAIN = StateCommitmentChain(
            Artifacts.create("StateCommitmentChain.sol:StateCommitmentChain", abi.encode(parameters))
        );
        IBisectionGame.Parameters memory rules = IBisectionGame.Parameters({
            chain: CHAIN,
            inbox: IRollupInbox(address(_INBOX)),
            prover: IOneStepProver(address(_PROVER)),
            sectionBits: 1,
            refundPriceCap: 200 gwei
        });
        GAME = BisectionGame(Artifacts.create("BisectionGame.sol:BisectionGame", abi.encode(rules)));
        Known memory genesis;
        genesis.id = CHAIN.genesis();
        genesis.end.stateRoot = parameters.genesisStateRoot;
        _known.push(genesis);
    }

    modifier timed(uint256 seed) {
        // Half of the moves come in the same second as the one before.
        if (seed % 2 == 1) _now += (seed >> 8) % (PERIOD / 4);
        Artifacts.CHEATS.warp(_now);
        _;
        _look();
    }

    function assertState(uint256 seed, uint256 parent, uint256 claim, uint256 who) external timed(seed) {
        if (_known.length == MOST_ASSERTIONS) return;
        // Mostly rivals of the first family.
        uint256 number = parent % 3 == 0 ? (parent >> 8) % _known.length : 0;
        Known storage above = _known[number];
        uint64 target = CHAIN.assertionOf(above.id).childTarget;
        while (_INBOX.batchCount() < target) _INBOX.grow();
        Known memory made = _claim(above.end, target, claim % 16);
        made.parent = number;
        bytes32 historyRoot = _node(made.leaves, HEIGHT, 0);
        made.id = AssertionTree.assertionId(above.id, made.end.hash(), historyRoot);
        bytes32[] memory path = new bytes32[](HEIGHT);
        path[0] = made.leaves[2];
        path[1] = _node(made.leaves, 1, 0);
        address staker = _staker(who % STAKERS);
        uint256 due = CHAIN.latestOf(staker) == 0 ? STAKE : 0;
        Artifacts.CHEATS.deal(staker, due);
        Artifacts.CHEATS.prank(staker);
        try CHAIN.assertState{value: due}(above.id, made.end, historyRoot, path, target, 99, blockhash(99)) {
            _known.push(made);
            ++taken[0];
        } catch {}
    }

    function recordInputs(uint256 seed, uint256 which) external timed(seed) {
        try GAME.recordInputs(_known[which % _known.length].id) {
            ++taken[1];
        } catch {}
    }

    function open(uint256 seed, uint256 which, uint256 place) external timed(seed) {
        Known memory known = _known[which % _known.length];
        bytes32 game = _known[known.parent].id;
        bytes32[] memory children = new bytes32[](2);
        if (place % 2 == 0) {
            children[0] = _node(known.leaves, 1, 0);
            children[1] = _node(known.leaves, 1, 1);
            try GAME.openRoot(game, known.end.hash(), _node(known.leaves, 2, 0), children) {
                ++taken[2];
            } catch {}
        } else {
            uint256 index = (place >> 8) % 2;
            children[0] = known.leaves[2 * index];
            children[1] = known.leaves[2 * index + 1];
            try GAME.open(_position(game, known, 1, index), _node(known.leaves, 1, index), children) {
                ++taken[3];
            } catch {}
        }
    }

    function descend(uint256 seed, uint256 a, uint256 b, uint256 place) external timed(seed) {
        Known memory sideA = _known[a % _known.length];
        Known memory sideB = _rival(a % _known.length, b);
        uint256 level = 1 + (place % 2);
        uint256 index = level == 2 ? 0 : (place >> 8) % 2;
        // Mostly where they part, which the contract alone takes.
        bool partLeft = _node(sideA.leaves, level - 1, 2 * index) != _node(sideB.leaves, level - 1, 2 * index);
        uint256 child = (place >> 16) % 8 == 0 || !partLeft ? 1 : 0;
        Position memory position = _position(_known[sideA.parent].id, sideA, level, index);
        try GAME.descend(position, child, _child(sideA, level, index, child), _child(sideB, level, index, child)) {
            ++taken[4];
            _see(sideA, level - 1, 2 * index + child);
            _see(sideB, level - 1, 2 * index + child);
        } catch {}
    }

    function prove(uint256 seed, uint256 which, uint256 place) external timed(seed) {
        Known memory known = _known[which % _known.length];
        Known memory above = _known[known.parent];
        uint256 index = place % 4;
        uint64 target = CHAIN.assertionOf(above.id).childTarget;
        MachineState memory pre = above.end;
        for (uint256 i; i < index; ++i) pre = _PROVER.next(target, pre);
        Position memory position = _position(above.id, known, 0, index);
        InputEvidence memory nothing;
        try GAME.prove(position, known.leaves[index], _predecessor(known, index), pre, _inputs(target), nothing, "") {
            ++taken[5];
        } catch {}
    }

    function update(uint256 seed, uint256 which) external timed(seed) {
        try GAME.update(_updates(_known[which % _known.length])) {
            ++taken[6];
        } catch {}
    }

    function confirm(uint256 seed, uint256 which) external timed(seed) {
        Known memory known = _known[which % _known.length];
        Update[] memory updates = _updates(known);
        bytes32 game = _known[known.parent].id;
        try GAME.updateAndConfirm(updates, game, known.end.hash(), _node(known.leaves, 2, 0)) {
            ++taken[7];
        } catch {}
    }

    function withdrawOrSweep(uint256 seed, uint256 who) external timed(seed) {
        if (who % 4 == 0) {
            try CHAIN.sweep(_known[(who >> 8) % _known.length].id) {
                ++taken[8];
            } catch {}
        } else {
            Artifacts.CHEATS.prank(_staker((who >> 8) % STAKERS));
            try CHAIN.withdrawStake(payable(address(0xbeef))) {
                ++taken[8];
            } catch {}
        }
    }

    function nodeCount() external view returns (uint256) {
        return _nodes.length;
    }

    function nodeAt(uint256 number) external view returns (bytes32) {
        return _nodes[number];
    }

    function knownCount() external view returns (uint256) {
        return _known.length;
    }

    function knownAt(uint256 number) external view returns (bytes32 id, uint256 parent) {
        return (_known[number].id, _known[number].parent);
    }

    function stakerCount() external pure returns (uint256) {
        return STAKERS;
    }

    function stakerAt(uint256 number) external pure returns (address) {
        return _staker(number);
    }

    function _look() private {
        for (uint256 i; i < _nodes.length; ++i) {
            uint40 time = GAME.nodeOf(_nodes[i]).time;
            // A total that has fallen stays visible to the invariant.
            if (time > largest[_nodes[i]]) largest[_nodes[i]] = time;
        }
        for (uint256 i = 1; i < _known.length; ++i) _see(_known[i], HEIGHT, 0);
    }

    function _see(Known memory known, uint256 level, uint256 index) private {
        bytes32 node = _id(_known[known.parent].id, known, level, index);
        if (!_seen[node]) _nodes.push(node);
        _seen[node] = true;
    }

    /// @dev Another assertion of the same family, if there is one.
    function _rival(uint256 number, uint256 seed) private view returns (Known memory) {
        uint256 count = _known.length;
        for (uint256 i; i < count; ++i) {
            uint256 other = ((seed % count) + i) % count;
            if (other != 0 && other != number && _known[other].parent == _known[number].parent) return _known[other];
        }
        return _known[number];
    }

    /// @dev All nodes of an assertion that are open, children first.
    function _updates(Known memory known) private view returns (Update[] memory updates) {
        bytes32 game = _known[known.parent].id;
        updates = new Update[](3);
        uint256 count;
        for (uint256 i; i < 3; ++i) {
            (uint256 level, uint256 index) = i == 2 ? (2, 0) : (1, i);
            Node memory node = GAME.nodeOf(_id(game, known, level, index));
            if (node.openedAt == 0) continue;
            Child[] memory children = new Child[]((node.children & 1) + ((node.children >> 1) & 1));
            uint256 filled;
            for (uint256 child; child < 2; ++child) {
                if ((node.children >> child) & 1 == 1) children[filled++] = _child(known, level, index, child);
            }
            updates[count++] = Update(
                _position(game, known, level, index),
                _node(known.leaves, level, index),
                children
            );
        }
        // SAFETY: only shorter.
        assembly ("memory-safe") {
            mstore(updates, count)
        }
    }

    function _inputs(uint64 target) private view returns (StepContext memory inputs) {
        inputs.target = target;
        inputs.batchCount = _INBOX.batchCount();
        inputs.batchesRoot = _INBOX.batchesRoot();
    }

    function _claim(MachineState memory start, uint64 target, uint256 claim) private view returns (Known memory made) {
        MachineState memory state = start;
        for (uint256 i; i < 4; ++i) {
            state = _PROVER.next(target, state);
            made.leaves[i] = (claim >> i) & 1 == 0 ? state.hash() : keccak256(abi.encode("wrong", i));
        }
        made.end = state;
        if (claim >> 3 == 1) {
            made.end.stateRoot = "wrong";
            made.leaves[3] = made.end.hash();
        }
    }

    function _id(bytes32 game, Known memory known, uint256 level, uint256 index) private pure returns (bytes32) {
        return GameNode.nodeId(_position(game, known, level, index).context(), _node(known.leaves, level, index));
    }

    function _position(
        bytes32 game,
        Known memory known,
        uint256 level,
        uint256 index
    ) private pure returns (Position memory) {
        bytes32 base;
        for (uint256 height = HEIGHT; height > level; --height) {
            uint256 place = index >> (height - 1 - level);
            if (place & 1 == 1) base = GameNode.extendBase(base, _node(known.leaves, height - 1, place - 1));
        }
        return Position(game, uint8(level), uint32(index), base);
    }

    function _child(
        Known memory known,
        uint256 level,
        uint256 index,
        uint256 child
    ) private pure returns (Child memory) {
        bytes32[] memory siblings = new bytes32[](1);
        siblings[0] = _node(known.leaves, level - 1, (2 * index + child) ^ 1);
        return Child(_node(known.leaves, level - 1, 2 * index + child), siblings);
    }

    function _predecessor(Known memory known, uint256 index) private view returns (Predecessor memory predecessor) {
        if (index == 0) {
            Known memory above = _known[known.parent];
            if (known.parent != 0) predecessor.outer = _known[above.parent].id;
            if (known.parent != 0) predecessor.inner = _node(above.leaves, 2, 0);
        } else if (index == 2) {
            predecessor.inner = _node(known.leaves, 1, 0);
            predecessor.path = new bytes32[](1);
            predecessor.path[0] = known.leaves[0];
        } else {
            predecessor.inner = known.leaves[index - 1];
            if (index == 3) predecessor.outer = GameNode.extendBase(0, _node(known.leaves, 1, 0));
        }
    }

    function _node(bytes32[4] memory leaves, uint256 level, uint256 index) private pure returns (bytes32) {
        if (level == 0) return leaves[index];
        return HistoryTree.inner(_node(leaves, level - 1, 2 * index), _node(leaves, level - 1, 2 * index + 1));
    }

    function _staker(uint256 number) private pure returns (address) {
        return address(uint160(0x1000 + number));
    }
}
