// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {Constants} from "./Constants.sol";
import {ExpiryView, Marks} from "./Marks.sol";
import {Positions} from "./Positions.sol";
import {Requirement} from "./Requirement.sol";
import {Account, Expiry, Market} from "./Slots.sol";
import {States} from "./State.sol";
import {State} from "./StateTree.sol";

/// @notice Markets and expiries as a step has peeked them; each is opened once for this, however often it is needed.
struct Peeks {
    uint256 l2Time;
    /// Memory address of the Market of each number; 0 if it has not been peeked.
    uint256[256] markets;
    /// Expiries in the order in which they were peeked: id << 64 | memory address of the Expiry.
    uint256[32] expiries;
    uint256 count;
}

/// @title Assessment
/// @notice What an account needs in its mode, and the slots that this takes (docs/specification.md, section 6.8).
library Assessment {
    using States for State;

    /// @notice The address of the margin engine has no code.
    error MarginEngineMissing(address engine);

    /// @notice Nothing peeked yet.
    function begin(uint256 l2Time) internal pure returns (Peeks memory peeks) {
        peeks.l2Time = l2Time;
    }

    /// @notice Reverts unless there is a contract. For constructors.
    function requireCode(IMarginEngine engine) internal view returns (IMarginEngine) {
        if (address(engine).code.length == 0) revert MarginEngineMissing(address(engine));
        return engine;
    }

    /// @notice Remembers a market that the step has opened to read it.
    function rememberMarket(Peeks memory peeks, uint8 id, Market memory market) internal pure {
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := market
        }
        peeks.markets[id] = pointer;
    }

    /// @notice A market that the step has peeked.
    function marketOf(Peeks memory peeks, uint8 id) internal pure returns (Market memory market) {
        uint256 pointer = peeks.markets[id];
        // INVARIANT: whoever asks for a market has peeked it.
        assert(pointer != 0);
        // SAFETY: the address of a Market, see rememberMarket.
        assembly ("memory-safe") {
            market := pointer
        }
    }

    /// @notice Opens an expiry to read it; one that the step has peeked already is not opened again.
    function peekExpiry(
        State memory state,
        Peeks memory peeks,
        uint24 id
    ) internal pure returns (Expiry memory expiry) {
        if (_find(peeks, id) != 0) return expiryOf(peeks, id);
        (, expiry) = state.openExpiry(id);
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := expiry
        }
        // INVARIANT: a step peeks the expiries of two accounts at most, MAX_EXPIRIES each, and one that it names.
        peeks.expiries[peeks.count++] = (uint256(id) << 64) | pointer;
    }

    /// @notice An expiry that the step has peeked.
    function expiryOf(Peeks memory peeks, uint24 id) internal pure returns (Expiry memory expiry) {
        uint256 pointer = _find(peeks, id);
        // INVARIANT: whoever asks for an expiry has peeked it.
        assert(pointer != 0);
        // SAFETY: the address of an Expiry, see peekExpiry.
        assembly ("memory-safe") {
            expiry := pointer
        }
    }

    /// @notice Opens, once in a step, the slots on which the requirement of `positions` depends in `mode`: for each distinct
    /// (market, expiry) the market, and on standard margin the expiry.
    function open(State memory state, Peeks memory peeks, uint8 mode, uint256[] memory positions) internal pure {
        uint256 last = type(uint256).max;
        for (uint256 i; i < positions.length; ++i) {
            uint256 id = Positions.elementAt(positions, i) >> 232;
            if (id == last) continue;
            last = id;
            uint8 market = uint8(id >> 16);
            if (peeks.markets[market] == 0) {
                (, Market memory opened) = state.openMarket(market);
                rememberMarket(peeks, market, opened);
            }
            if (mode == Constants.MODE_STANDARD) peekExpiry(state, peeks, uint24(id));
        }
    }

    /// @notice The view of an expiry that has been peeked with its market.
    /// @param maxSpotAge How old a spot may be for marks to be fresh, seconds.
    function viewOf(Peeks memory peeks, uint24 id, uint256 maxSpotAge) internal pure returns (ExpiryView memory) {
        Market memory market = marketOf(peeks, Positions.marketOf(id));
        return Marks.viewOf(Positions.dayOf(id), market, expiryOf(peeks, id), peeks.l2Time, maxSpotAge);
    }

    /// @notice The views of the distinct (market, expiry) of the list, in its order.
    function viewsOf(
        Peeks memory peeks,
        uint256[] memory positions,
        uint256 maxSpotAge
    ) internal pure returns (ExpiryView[] memory views) {
        uint256[] memory pointers = new uint256[](Positions.countExpiries(positions));
        uint256 start;
        for (uint256 i; i < pointers.length; ++i) {
            uint24 id = uint24(Positions.elementAt(positions, start) >> 232);
            ExpiryView memory expiry = viewOf(peeks, id, maxSpotAge);
            uint256 pointer;
            assembly ("memory-safe") {
                pointer := expiry
            }
            pointers[i] = pointer;
            start = Positions.endOfGroup(positions, start);
        }
        // SAFETY: an array of structs in memory is one of their addresses; `new ExpiryView[]` would allocate the structs too.
        assembly ("memory-safe") {
            views := pointers
        }
    }

    /// @notice Whether any of the views has a recent mark.
    function anyKnown(ExpiryView[] memory views) internal pure returns (bool) {
        for (uint256 i; i < views.length; ++i) {
            if (Marks.isKnown(views[i])) return true;
        }
        return false;
    }

    /// @notice What the positions need in `mode`, in 1e-6 USDC; in the collateralised mode both are the same. The slots must have been opened.
    function requirements(
        Peeks memory peeks,
        IMarginEngine engine,
        uint8 mode,
        uint256[] memory positions
    ) internal pure returns (uint256 initial, uint256 maintenance) {
        if (mode == Constants.MODE_STANDARD) {
            if (positions.length == 0) return (0, 0);
            return engine.requirements(positions, viewsOf(peeks, positions, Constants.SPOT_MAX_AGE));
        }
        initial = collateralisedUp(peeks, positions);
        return (initial, initial);
    }

    /// @notice The requirement of the collateralised mode: that of each (market, expiry), summed.
    function collateralisedUp(Peeks memory peeks, uint256[] memory positions) internal pure returns (uint256 total) {
        uint256 length = positions.length;
        uint256 start;
        // SAFETY: at most 2^11 terms below 2^195, see Requirement.groupUp.
        unchecked {
            while (start < length) {
                uint64 anchor = marketOf(peeks, uint8(Positions.elementAt(positions, start) >> 248)).anchor;
                uint256 requirement;
                (requirement, start) = Requirement.groupUp(positions, start, anchor);
                total += requirement;
            }
        }
    }

    /// @notice Opens what is needed, and {excessOf} it.
    function initialExcess(
        State memory state,
        Peeks memory peeks,
        IMarginEngine engine,
        Account memory account
    ) internal pure returns (int256) {
        open(state, peeks, account.mode, account.positions);
        return excessOf(peeks, engine, account);
    }

    /// @notice Cash less debt less the initial requirement, in 1e-6 USDC. The slots must have been opened.
    function excessOf(Peeks memory peeks, IMarginEngine engine, Account memory account) internal pure returns (int256) {
        (uint256 initial, ) = requirements(peeks, engine, account.mode, account.positions);
        return netOf(account) - int256(initial);
    }

    /// @notice Whether a market's anchor is too old for new short calls, which it measures where there are no marks.
    function isAnchorStale(Market memory market, uint256 l2Time) internal pure returns (bool) {
        return l2Time > market.anchorTime + Constants.ANCHOR_MAX_AGE;
    }

    /// @notice Whether a collateralised account's short calls are measured by an anchor that is too old for new ones: a price that has run
    /// away since would make them free to take over. The slots must have been opened.
    function restsOnStaleAnchor(Peeks memory peeks, Account memory account) internal pure returns (bool) {
        if (account.mode == Constants.MODE_STANDARD) return false;
        for (uint256 i; i < account.positions.length; ++i) {
            uint256 position = Positions.elementAt(account.positions, i);
            if ((position >> 192) & 1 == 1 || Positions.quantityOf(position) >= 0) continue;
            if (isAnchorStale(marketOf(peeks, uint8(position >> 248)), peeks.l2Time)) return true;
        }
        return false;
    }

    /// @notice Cash less debt, in 1e-6 USDC.
    function netOf(Account memory account) internal pure returns (int256) {
        return int256(uint256(account.cash)) - int256(uint256(account.debt));
    }

    /// @dev Memory address of an expiry that has been peeked, else 0.
    function _find(Peeks memory peeks, uint24 id) private pure returns (uint256) {
        for (uint256 i = peeks.count; i != 0; --i) {
            uint256 entry = peeks.expiries[i - 1];
            if (entry >> 64 == id) return uint64(entry);
        }
        return 0;
    }
}
