import { Command } from "commander";

const VARIABLES = `
FORK_URL    endpoint of Ethereum's main network, which is forked instead of a local chain
FORK_BLOCK  block at which it is forked; default: 128 behind the newest
TENOR_DATA  folder with real rounds of ETH/USD, chainlink/chainlink_mainnet_eth_usd_phase6.csv`;

/** The command line's grammar. What it does not know is Hardhat's. */
export function forkCommand(): Command {
  return new Command("npm run test:fork --")
    .description("Runs the contract and scenario tests on a fork, with real third parties.")
    .argument("[arguments...]", "test files instead of all of them, and whatever Hardhat's test task takes")
    .addHelpText("after", VARIABLES)
    .allowUnknownOption();
}
