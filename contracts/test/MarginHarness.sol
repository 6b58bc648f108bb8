// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Auction, Health} from "../machine/Auction.sol";
import {Margin} from "../machine/Margin.sol";
import {ExpiryView, Marks} from "../machine/Marks.sol";
import {Expiry, Market} from "../machine/Slots.sol";

/// @title MarginHarness
/// @notice Marks, standard margin and the arithmetic of auctions, for many arguments in one call, for tests.
contract MarginHarness {
    /// @dev What the view of an expiry is built from.
    struct Source {
        uint16 day;
        Market market;
        Expiry expiry;
        uint64 l2Time;
        uint64 maxSpotAge;
    }

    /// @dev A list, and the sources of the views of its distinct expiries.
    struct Portfolio {
        uint256[] positions;
        Source[] sources;
    }

    /// @dev Both requirements of the whole list, and what decides about its auction. `gasUsed` is that of the requirements alone.
    struct Assessed {
        uint256 initial;
        uint256 maintenance;
        uint256 auctionInitial;
        uint256 auctionMaintenance;
        int256 value;
        int256 shorts;
        uint256 gasUsed;
    }

    /// @dev All but the first zero if there is no mark; delta and the band's verdict too if the price is fixed.
    struct Quoted {
        bool hasMark;
        uint256 mark;
        uint256 fair;
        int256 delta;
        bool[] inBand;
    }

    struct Sold {
        Health health;
        uint256 rate;
        uint256 largest;
        uint256 payment;
    }

    function viewOf(Source memory source) public pure returns (ExpiryView memory) {
        return Marks.viewOf(source.day, source.market, source.expiry, source.l2Time, source.maxSpotAge);
    }

    function assess(Portfolio[] memory portfolios) external view returns (Assessed[] memory results) {
        results = new Assessed[](portfolios.length);
        for (uint256 i; i < portfolios.length; ++i) {
            uint256[] memory positions = portfolios[i].positions;
            Source[] memory sources = portfolios[i].sources;
            ExpiryView[] memory views = new ExpiryView[](sources.length);
            Assessed memory result = results[i];
            for (uint256 j; j < sources.length; ++j) views[j] = viewOf(sources[j]);
            uint256 gasBefore = gasleft();
            (result.initial, result.maintenance) = Margin.requirements(positions, views);
            result.gasUsed = gasBefore - gasleft();
            (result.auctionInitial, result.auctionMaintenance, result.value, result.shorts) = Margin.assess(
                positions,
                views
            );
        }
    }

    function quote(
        Source memory source,
        uint64[] memory series,
        uint64[] memory prices
    ) external pure returns (Quoted[] memory results) {
        ExpiryView memory expiry = viewOf(source);
        results = new Quoted[](series.length);
        for (uint256 i; i < series.length; ++i) {
            Quoted memory result = results[i];
            result.hasMark = Marks.hasMark(expiry);
            if (!result.hasMark) continue;
            result.mark = Marks.mark(expiry, series[i]);
            if (source.expiry.price != 0) continue;
            (result.fair, result.delta) = Marks.quote(expiry, series[i]);
            result.inBand = new bool[](prices.length);
            for (uint256 j; j < prices.length; ++j) {
                result.inBand[j] = Marks.inBand(expiry, result.fair, result.delta, prices[j]);
            }
        }
    }

    function factors(uint256[] calldata elapsed) external pure returns (uint256[] memory results) {
        results = new uint256[](elapsed.length);
        for (uint256 i; i < elapsed.length; ++i) results[i] = Auction.factor(elapsed[i]);
    }

    /// @notice Health of an account, and, if its buffered excess is negative, what may be sold of it and what `fraction` costs.
    function sell(
        uint256 cash,
        uint256 debt,
        uint256 maintenance,
        int256 marked,
        int256 shorts,
        uint256 elapsed,
        uint256 fraction
    ) external pure returns (Sold memory sold) {
        sold.health = Auction.healthOf(cash, debt, maintenance, marked, shorts);
        sold.rate = Auction.factor(elapsed);
        if (sold.health.bufferedExcess >= 0) return sold;
        sold.largest = Auction.largestFraction(sold.health, sold.rate);
        sold.payment = Auction.paymentUp(sold.health, sold.rate, fraction);
    }
}
