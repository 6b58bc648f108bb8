// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";
import {Signature} from "./Signatures.sol";
import {SlotCodec} from "./SlotCodec.sol";
import {Curve} from "./Slots.sol";
import {Reader, Varint} from "./Varint.sol";
import {Wire} from "./Wire.sol";

/// @notice What the oracle says of a market at one time, and who signed it.
struct Report {
    uint40 time;
    /// 1e-4 USD.
    uint64 spot;
    /// keccak256 of the packed curves.
    bytes32 curvesHash;
    /// Bit i: signer i of the set.
    uint16 signers;
    /// One for each bit, ascending by signer.
    Signature[] signatures;
}

/// @notice Forward and smile of one expiry.
struct ReportedCurve {
    uint16 day;
    /// 1e-4 USD.
    uint64 forward;
    Curve curve;
}

/// @notice A report, and the earlier one of the same market that confirms a jump if `confirms`; of its curves only the hash is needed.
struct OracleReport {
    uint8 market;
    Report report;
    /// Ascending by day.
    ReportedCurve[] curves;
    bool confirms;
    Report earlier;
}

/// @title OracleReports
/// @notice Reports of the oracle as bytes (docs/specification.md, section 3). Everything has a fixed width, and times are absolute.
///
/// | report | type u8 | market u8 | time u40 | spot u64 | count u8 | count × curve | signatures | confirms u8 | [earlier] |
/// | ------ | ------- | --------- | -------- | -------- | -------- | ------------- | ---------- | ----------- | --------- |
///
/// | curve      | day u16 | forward u64 | a, b, ρ, m, σ i64 | refTau u32 |
/// | ---------- | ------- | ----------- | ----------------- | ---------- |
/// | signatures | signers u16, bit i for signer i | 64 bytes each, ascending by signer |
/// | earlier    | time u40 | spot u64 | hash of the packed curves, 32 bytes | signatures |
library OracleReports {
    using Varint for Reader;

    /// @notice Bytes of a day and a forward before the curve itself.
    uint256 private constant CURVE_HEAD = 10;
    uint256 private constant CURVE_LENGTH = CURVE_HEAD + SlotCodec.CURVE_LENGTH;

    /// @notice Reads an OracleReport; `valid` is false for bytes that are not exactly one. Never reverts.
    function decode(bytes calldata item) internal pure returns (bool valid, OracleReport memory transaction) {
        Reader memory r = Wire.begin(item);
        transaction.market = r.u8();
        Report memory report = transaction.report;
        report.time = r.u40();
        report.spot = r.u64();
        (report.curvesHash, transaction.curves) = _curves(r);
        _signatures(r, report);
        uint8 confirms = r.u8();
        if (confirms > 1) r.fail();
        if (confirms == 1) {
            transaction.confirms = true;
            Report memory earlier = transaction.earlier;
            earlier.time = r.u40();
            earlier.spot = r.u64();
            earlier.curvesHash = r.takeWord();
            _signatures(r, earlier);
        }
        valid = r.finished();
    }

    function _curves(Reader memory r) private pure returns (bytes32 hash, ReportedCurve[] memory curves) {
        uint256 count = r.u8();
        if (count > Constants.MAX_CURVES) count = r.fail();
        bytes calldata packed = r.take(count * CURVE_LENGTH);
        // A report that is cut off reads as having none.
        count = packed.length / CURVE_LENGTH;
        hash = keccak256(packed);
        curves = new ReportedCurve[](count);
        for (uint256 i; i < count; ++i) {
            bytes calldata content = packed[i * CURVE_LENGTH:];
            ReportedCurve memory reported = curves[i];
            reported.day = uint16(bytes2(content[0:2]));
            reported.forward = uint64(bytes8(content[2:CURVE_HEAD]));
            SlotCodec.readCurve(reported.curve, content[CURVE_HEAD:]);
            if (i != 0 && reported.day <= curves[i - 1].day) r.fail();
        }
    }

    function _signatures(Reader memory r, Report memory report) private pure {
        uint16 signers = r.u16();
        report.signers = signers;
        uint256 count = popCount(signers);
        report.signatures = new Signature[](count);
        for (uint256 i; i < count; ++i) {
            report.signatures[i].r = r.takeWord();
            report.signatures[i].yParityAndS = r.takeWord();
        }
    }

    /// @notice Number of bits that are set.
    function popCount(uint16 bits) internal pure returns (uint256 count) {
        for (uint256 rest = bits; rest != 0; rest &= rest - 1) ++count;
    }
}
