// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExecutionContext} from "../interfaces/IExecutor.sol";
import {Constants} from "../machine/Constants.sol";
import {Inputs} from "../machine/Inputs.sol";
import {Marks} from "../machine/Marks.sol";
import {OracleReport, OracleReports, Report, ReportedCurve} from "../machine/OracleReports.sol";
import {Positions} from "../machine/Positions.sol";
import {ResultCodes} from "../machine/ResultCodes.sol";
import {Signatures} from "../machine/Signatures.sol";
import {Expiry, Market, Signers} from "../machine/Slots.sol";
import {States} from "../machine/State.sol";
import {Slot, State} from "../machine/StateTree.sol";
import {TypedData} from "../machine/TypedData.sol";
import {Wire} from "../machine/Wire.sol";
import {PricingBounds} from "../pricing/PricingBounds.sol";
import {Svi, SviParameters} from "../pricing/Svi.sol";
import {Executor} from "./Executor.sol";

/// @title OracleExecutor
/// @notice Judge of what marks are computed from: SetSigners, SetMarket, OracleReport (docs/specification.md, section 6.10).
contract OracleExecutor is Executor {
    using States for State;

    /// @notice EIP-712 domain separator of the deployment.
    bytes32 public immutable DOMAIN_SEPARATOR;
    /// @notice The only sender whose signers and parameters count: OptionsSettlement.
    address public immutable SETTLEMENT;

    uint256 private constant SET_MARKET_LENGTH = 21;

    /// @param chainId Chain of the deployment.
    /// @param inbox RollupInbox, the verifying contract of everything that is signed.
    /// @param settlement OptionsSettlement.
    constructor(uint256 chainId, address inbox, address settlement) {
        DOMAIN_SEPARATOR = TypedData.domainSeparator(chainId, inbox);
        SETTLEMENT = settlement;
    }

    /// @inheritdoc Executor
    function _dispatch(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) internal view override returns (uint8) {
        uint8 kind = context.kind;
        if (kind == 0 || kind == Inputs.KIND_FORCED) {
            if (Wire.typeOf(item) == Wire.TX_ORACLE_REPORT) return _report(context, state, item);
            revert NotMine(kind, Wire.typeOf(item));
        }
        if (kind != Inputs.KIND_SET_SIGNERS && kind != Inputs.KIND_SET_MARKET) revert NotMine(kind, 0);
        if (context.sender != SETTLEMENT) return ResultCodes.WrongSender;
        return kind == Inputs.KIND_SET_SIGNERS ? _setSigners(state, item) : _setMarket(state, item);
    }

    /// @dev SetSigners: threshold u8 ‖ addresses.
    function _setSigners(State memory state, bytes calldata payload) private pure returns (uint8) {
        uint256 count = payload.length / 20;
        if (payload.length % 20 != 1 || count == 0 || count > Constants.MAX_SIGNERS) return ResultCodes.Malformed;
        Signers memory signers;
        signers.threshold = uint8(payload[0]);
        if (signers.threshold == 0 || signers.threshold > count) return ResultCodes.SignersInvalid;
        signers.addresses = new address[](count);
        for (uint256 i; i < count; ++i) {
            address signer = address(bytes20(payload[1 + 20 * i:21 + 20 * i]));
            if (signer == address(0)) return ResultCodes.SignersInvalid;
            for (uint256 j; j < i; ++j) {
                if (signers.addresses[j] == signer) return ResultCodes.SignersInvalid;
            }
            signers.addresses[i] = signer;
        }
        (Slot memory slot, ) = state.openSigners();
        state.writeSigners(slot, signers);
        return ResultCodes.OK;
    }

    /// @dev SetMarket: market u8 ‖ minVol u32 ‖ maxVol u32 ‖ bandFloor u64 ‖ exposureMultiple u32.
    function _setMarket(State memory state, bytes calldata payload) private pure returns (uint8) {
        if (payload.length != SET_MARKET_LENGTH) return ResultCodes.Malformed;
        uint32 minVol = uint32(bytes4(payload[1:5]));
        uint32 maxVol = uint32(bytes4(payload[5:9]));
        uint64 bandFloor = uint64(bytes8(payload[9:17]));
        uint32 exposureMultiple = uint32(bytes4(payload[17:21]));
        if (
            minVol < Constants.MIN_VOL ||
            maxVol > Constants.MAX_VOL ||
            minVol > maxVol ||
            bandFloor == 0 ||
            bandFloor > Constants.MAX_PRICE ||
            exposureMultiple > Constants.MAX_EXPOSURE_MULTIPLE
        ) return ResultCodes.MarketInvalid;
        (Slot memory slot, Market memory market) = state.openMarket(uint8(payload[0]));
        if (!slot.exists) return ResultCodes.MarketUnknown;
        market.minVol = minVol;
        market.maxVol = maxVol;
        market.bandFloor = bandFloor;
        market.exposureMultiple = exposureMultiple;
        state.writeMarket(slot, market);
        return ResultCodes.OK;
    }

    /// @dev OracleReport: the spot of a market, and forward and smile of some of its expiries.
    function _report(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) private view returns (uint8 code) {
        (bool valid, OracleReport memory transaction) = OracleReports.decode(item);
        if (!valid) return ResultCodes.Malformed;
        code = _checkSignatures(state, transaction);
        if (code != ResultCodes.OK) return code;
        uint256 time = transaction.report.time;
        uint256 spot = transaction.report.spot;
        if (time > context.l2Time) return ResultCodes.ReportEarly;
        if (context.l2Time > time + Constants.REPORT_MAX_AGE) return ResultCodes.ReportLate;
        if (spot == 0 || spot > Constants.MAX_PRICE) return ResultCodes.PriceInvalid;

        (Slot memory slot, Market memory market) = state.openMarket(transaction.market);
        if (!slot.exists) return ResultCodes.MarketUnknown;
        if (market.maxVol == 0) return ResultCodes.MarketInvalid;
        if (time <= market.spotTime) return ResultCodes.ReportOutdated;
        if (
            market.anchor != 0 &&
            context.l2Time <= uint256(market.anchorTime) + Constants.ANCHOR_BOUND_AGE &&
            _isBeyond(spot, market.anchor, Constants.ANCHOR_BOUND)
        ) return ResultCodes.ReportOffAnchor;
        bool jumps = _jumps(market, time, spot);
        if (jumps && !_isConfirmed(market, transaction)) return ResultCodes.ReportJumps;
        if (!_areValid(market, transaction)) return ResultCodes.ReportInvalid;

        _moveSpot(market, transaction.report, jumps);
        state.writeMarket(slot, market);
        return _writeCurves(state, transaction);
    }

    /// @dev Step 1: enough signers of the set for the report, and for the earlier one if there is one; then their signatures.
    function _checkSignatures(State memory state, OracleReport memory transaction) private view returns (uint8) {
        (Slot memory slot, Signers memory signers) = state.openSigners();
        if (!slot.exists) return ResultCodes.OracleUnset;
        bool confirms = transaction.confirms;
        bool named = _mayReport(signers, transaction.report) && (!confirms || _mayReport(signers, transaction.earlier));
        if (!named) return ResultCodes.SignersInvalid;
        uint8 market = transaction.market;
        bool signed =
            _haveSigned(signers, market, transaction.report) &&
                (!confirms || _haveSigned(signers, market, transaction.earlier));
        return signed ? ResultCodes.OK : ResultCodes.BadSignature;
    }

    /// @dev Whether the named signers exist and are enough.
    function _mayReport(Signers memory signers, Report memory report) private pure returns (bool) {
        return
            report.signatures.length >= signers.threshold && uint256(report.signers) >> signers.addresses.length == 0;
    }

    function _haveSigned(Signers memory signers, uint8 market, Report memory report) private view returns (bool) {
        bytes32 digest = TypedData.oracleReportDigest(
            DOMAIN_SEPARATOR,
            market,
            report.time,
            report.spot,
            report.curvesHash
        );
        uint256 next;
        for (uint256 i; i < signers.addresses.length; ++i) {
            if ((report.signers >> i) & 1 == 0) continue;
            if (!Signatures.signedBy(digest, report.signatures[next++], signers.addresses[i])) return false;
        }
        return true;
    }

    /// @dev Step 5: whether the spot moves by more than JUMP from any spot of the last 60 seconds or more. Those of this minute and of the
    /// one before are kept as their lowest and highest.
    function _jumps(Market memory market, uint256 time, uint256 spot) private pure returns (bool) {
        uint256 lowest = market.spot;
        if (lowest == 0) return false;
        uint256 highest = lowest;
        // INVARIANT: the report is later than the last one.
        uint256 minutesSince = time / Constants.MINUTE - market.spotTime / Constants.MINUTE;
        if (minutesSince <= 1) {
            if (market.low < lowest) lowest = market.low;
            if (market.high > highest) highest = market.high;
        }
        if (minutesSince == 0 && market.lowBefore != 0) {
            if (market.lowBefore < lowest) lowest = market.lowBefore;
            if (market.highBefore > highest) highest = market.highBefore;
        }
        uint256 basis = Constants.BASIS;
        // SAFETY: prices are below 2^64.
        return spot * basis > lowest * (basis + Constants.JUMP) || spot * basis < highest * (basis - Constants.JUMP);
    }

    /// @dev Whether an earlier report, later than the last accepted one, has said nearly the same.
    function _isConfirmed(Market memory market, OracleReport memory transaction) private pure returns (bool) {
        if (!transaction.confirms) return false;
        uint256 time = transaction.report.time;
        uint256 earlier = transaction.earlier.time;
        return
            earlier > market.spotTime &&
            time >= earlier + Constants.CONFIRM_AFTER &&
            time <= earlier + Constants.CONFIRM_WITHIN &&
            !_isBeyond(transaction.report.spot, transaction.earlier.spot, Constants.JUMP);
    }

    /// @dev Step 6: all curves, before any of them is written.
    function _areValid(Market memory market, OracleReport memory transaction) private pure returns (bool) {
        for (uint256 i; i < transaction.curves.length; ++i) {
            if (!_isUsable(market, transaction.curves[i], transaction.report)) return false;
        }
        return true;
    }

    function _isUsable(
        Market memory market,
        ReportedCurve memory reported,
        Report memory report
    ) private pure returns (bool) {
        uint256 end = Positions.expiryTime(reported.day);
        uint256 forward = reported.forward;
        if (end <= report.time || forward == 0 || forward > Constants.MAX_PRICE) return false;
        if (!_isNearSpot(forward, report.spot, end - report.time) || reported.curve.refTau == 0) return false;
        SviParameters memory curve = Marks.toSvi(reported.curve);
        return Svi.isValid(curve) && Marks.isWithinLimits(market, forward, curve);
    }

    /// @dev SAFETY: what carries a forward away from the spot is interest, so how far it may lie from it grows with the time left.
    function _isNearSpot(uint256 forward, uint256 spot, uint256 left) private pure returns (bool) {
        uint256 distance = forward > spot ? forward - spot : spot - forward;
        uint256 year = PricingBounds.SECONDS_PER_YEAR;
        // SAFETY: prices are below 2^64, times below 2^40.
        return
            distance * Constants.BASIS * year <= spot * (Constants.FORWARD_BASE * year + Constants.FORWARD_RATE * left);
    }

    /// @dev Step 7: the spot and the window of the last two minutes. A confirmed jump starts the window anew.
    function _moveSpot(Market memory market, Report memory report, bool jumps) private pure {
        uint64 spot = report.spot;
        uint256 minutesSince = report.time / Constants.MINUTE - market.spotTime / Constants.MINUTE;
        if (jumps || market.spot == 0 || minutesSince > 1) {
            (market.low, market.high, market.lowBefore, market.highBefore) = (spot, spot, 0, 0);
        } else if (minutesSince == 1) {
            (market.lowBefore, market.highBefore) = (market.low, market.high);
            (market.low, market.high) = (spot, spot);
        } else {
            if (spot < market.low) market.low = spot;
            if (spot > market.high) market.high = spot;
        }
        market.spot = spot;
        market.spotTime = report.time;
    }

    function _writeCurves(State memory state, OracleReport memory transaction) private pure returns (uint8) {
        for (uint256 i; i < transaction.curves.length; ++i) {
            ReportedCurve memory reported = transaction.curves[i];
            uint24 id = (uint24(transaction.market) << 16) | reported.day;
            (Slot memory slot, Expiry memory expiry) = state.openExpiry(id);
            if (expiry.price != 0) return ResultCodes.ReportInvalid;
            expiry.forward = reported.forward;
            expiry.curveSpot = transaction.report.spot;
            expiry.curveTime = transaction.report.time;
            expiry.curve = reported.curve;
            state.writeExpiry(slot, expiry);
        }
        return ResultCodes.OK;
    }

    /// @dev Whether two prices differ by more than `bound` (BASIS) of the second.
    function _isBeyond(uint256 price, uint256 other, uint256 bound) private pure returns (bool) {
        uint256 distance = price > other ? price - other : other - price;
        // SAFETY: prices are below 2^64.
        return distance * Constants.BASIS > bound * other;
    }
}
