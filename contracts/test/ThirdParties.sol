// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @title IFiatToken
/// @notice What tests use of Circle's FiatTokenV2_2, the code of USDC, besides what Tenor uses of it.
interface IFiatToken is IERC20 {
    function decimals() external view returns (uint8);
    function version() external view returns (string memory);
    function owner() external view returns (address);
    function updateMasterMinter(address account) external;
    function updateBlacklister(address account) external;
    function updatePauser(address account) external;
    function configureMinter(address minter, uint256 allowance) external returns (bool);
    function mint(address to, uint256 amount) external returns (bool);
    function blacklist(address account) external;
    function unBlacklist(address account) external;
    function pause() external;
    function unpause() external;
}

/// @title IAggregatorProxy
/// @notice What tests use of Chainlink's EACAggregatorProxy besides what Tenor uses of it.
interface IAggregatorProxy is IAggregatorV3 {
    function owner() external view returns (address);
    function proposeAggregator(address aggregator) external;
    function confirmAggregator(address aggregator) external;
    function setController(address controller) external;
}

/// @title IFluxAggregator
/// @notice What tests use of Chainlink's FluxAggregator.
interface IFluxAggregator {
    function submit(uint256 round, int256 answer) external;
    function latestRound() external view returns (uint256);
    function changeOracles(
        address[] calldata removed,
        address[] calldata added,
        address[] calldata addedAdmins,
        uint32 minSubmissions,
        uint32 maxSubmissions,
        uint32 restartDelay
    ) external;
}
