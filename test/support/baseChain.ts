import { expect } from "chai";
import { MaxUint256, ZeroAddress } from "ethers";
import { network } from "hardhat";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { readBaseChain } from "../../scripts/fork/BaseChain.ts";
import { usdcSetUp } from "../../scripts/fork/setUp.ts";
import { link, thirdParty, type ThirdPartyName } from "../../scripts/fork/thirdParties.ts";
import type { Hex } from "../../src/crypto/bytes.ts";
import type { IFiatToken, TestUsdc } from "../../typechain/index.ts";

/** A simulated L1. */
export type Connection = Awaited<ReturnType<typeof network.create>>;

/** How a simulated L1 differs from the one of the configuration. */
export interface L1Options {
  readonly allowBlocksWithSameTimestamp?: boolean;
  readonly blockGasLimit?: bigint;
  readonly transactionGasCap?: false;
}

/**
 * A simulated L1: empty, or behind the pinned block of the base chain that `npm run test:fork` names. Every test gets its
 * L1 here.
 */
export async function connect(override?: L1Options): Promise<Connection> {
  const chain = readBaseChain();
  // The simulator derives its accounts' keys again for every configuration of its own.
  if (chain === undefined) return override === undefined ? network.create() : network.create({ override });
  const forking = { enabled: true, url: chain.url, blockNumber: chain.block };
  const connection = await network.create({ override: { ...override, forking } });
  // The simulator executes nothing on a block of the other node, whose rules it does not know.
  await connection.networkHelpers.mine();
  const [issuer] = await plainAccounts(connection);
  await governUsdc(connection, await connection.ethers.getContractAt("IFiatToken", chain.usdc), issuer!);
  return connection;
}

/** The simulator's accounts. On a public network some of them have delegated to code, because their keys are known. */
async function plainAccounts({ ethers, networkHelpers }: Connection): Promise<HardhatEthersSigner[]> {
  const signers = await ethers.getSigners();
  for (const { address } of signers) {
    if ((await ethers.provider.getCode(address)) !== "0x") await networkHelpers.setCode(address, "0x");
  }
  return signers;
}

/** Makes the first account what Circle is to USDC: issuer without limit, blacklister and pauser. */
async function governUsdc(connection: Connection, usdc: IFiatToken, issuer: HardhatEthersSigner): Promise<void> {
  await actAs(connection, await usdc.owner(), async (owner) => {
    const governed = usdc.connect(owner);
    await governed.updateMasterMinter(issuer);
    await governed.updateBlacklister(issuer);
    await governed.updatePauser(issuer);
  });
  await usdc.connect(issuer).configureMinter(issuer, MaxUint256);
}

/** Has something done by an address whose key nobody here has, at no cost to it. */
export async function actAs<T>(
  { ethers, networkHelpers }: Connection,
  address: string,
  act: (signer: HardhatEthersSigner) => Promise<T>,
): Promise<T> {
  const balance = await ethers.provider.getBalance(address);
  await networkHelpers.setBalance(address, 10n ** 20n);
  const result = await networkHelpers.impersonateAccount(address).then(() => ethers.getSigner(address).then(act));
  await networkHelpers.stopImpersonatingAccount(address);
  await networkHelpers.setBalance(address, balance);
  return result;
}

/**
 * The token that the bridges of the suites hold: the USDC of the base chain, or its stand-in on an empty chain. The first
 * account mints it.
 */
export async function collateral({ ethers }: Connection): Promise<TestUsdc> {
  const chain = readBaseChain();
  return chain === undefined ? ethers.deployContract("TestUsdc") : ethers.getContractAt("TestUsdc", chain.usdc);
}

/** The parameter of a deployment on the base chain that no file can know; none on an empty chain. */
export function usdcOfBaseChain(): { token?: Hex } {
  const chain = readBaseChain();
  return chain === undefined ? {} : { token: chain.usdc as Hex };
}

/** Version in the domain of the permits of {@link collateral}. */
export async function permitVersion({ ethers }: Connection, token: TestUsdc): Promise<string> {
  if (readBaseChain() === undefined) return "1";
  return (await ethers.getContractAt("IFiatToken", await token.getAddress())).version();
}

/** Has the issuer of {@link collateral} block an account. */
export async function blockAccount({ ethers }: Connection, token: TestUsdc, account: string): Promise<void> {
  if (readBaseChain() === undefined) await token.setBlocked(account, true);
  else await (await ethers.getContractAt("IFiatToken", await token.getAddress())).blacklist(account);
}

/** How USDC says what its stand-in says by errors. */
const WORDS = {
  Blocked: "Blacklistable: account is blacklisted",
  ERC20InsufficientAllowance: "ERC20: transfer amount exceeds allowance",
  ERC20InsufficientBalance: "ERC20: transfer amount exceeds balance",
} as const;

/** Expects that {@link collateral} refuses, for that reason. */
export async function expectTokenRefuses(
  sent: Promise<unknown>,
  token: TestUsdc,
  reason: keyof typeof WORDS,
): Promise<void> {
  if (readBaseChain() === undefined) await expect(sent).to.be.revertedWithCustomError(token, reason);
  else await expect(sent).to.be.revertedWith(WORDS[reason]);
}

/** Deploys a third party's contract from the first account. */
export async function deployThirdParty(
  { ethers }: Connection,
  name: ThirdPartyName,
  args: readonly unknown[],
  library = ZeroAddress,
): Promise<string> {
  const { abi, bytecode } = thirdParty(name);
  const [deployer] = await ethers.getSigners();
  const factory = new ethers.ContractFactory(abi, link(bytecode, library), deployer);
  const contract = await factory.deploy(...args);
  await contract.waitForDeployment();
  return contract.getAddress();
}

/** USDC itself, on the base chain or, deployed first, on an empty one; the first account governs it. */
export async function realUsdc(connection: Connection): Promise<IFiatToken> {
  const { ethers } = connection;
  const chain = readBaseChain();
  if (chain !== undefined) return ethers.getContractAt("IFiatToken", chain.usdc);
  const [issuer, proxyAdmin] = await ethers.getSigners();
  const library = await deployThirdParty(connection, "SignatureChecker", []);
  const code = await deployThirdParty(connection, "FiatTokenV2_2", [], library);
  const address = await deployThirdParty(connection, "FiatTokenProxy", [code]);
  const call = async (name: ThirdPartyName, method: string, args: readonly unknown[]): Promise<void> => {
    await issuer!.sendTransaction({ to: address, data: thirdParty(name).abi.encodeFunctionData(method, args) });
  };
  await call("FiatTokenProxy", "changeAdmin", [proxyAdmin!.address]);
  for (const [method, args] of usdcSetUp(issuer!.address)) await call("FiatTokenV2_2", method, args);
  const usdc = await ethers.getContractAt("IFiatToken", address);
  await usdc.configureMinter(issuer!, MaxUint256);
  return usdc;
}

/** WETH9, of the base chain or deployed first. */
export async function weth(connection: Connection): Promise<string> {
  return readBaseChain()?.weth ?? deployThirdParty(connection, "WETH9", []);
}
