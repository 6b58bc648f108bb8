import { getAddress, Interface, type Provider, type TransactionReceipt, type TransactionResponse } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { loadArtifact } from "./Artifacts.ts";
import { check, type Check } from "./checkDeployment.ts";
import { DEPLOYED_AS, type DeployedName, type Deployment } from "./deployment.ts";
import { readWord } from "./deploymentFacts.ts";
import { takeApart } from "./RuntimeCode.ts";

/** Gas that the chain takes for each byte of a new contract's code, at least (EIP-2's 200). */
const GAS_PER_CODE_BYTE = 200n;

/**
 * By what code the contracts were created. The code that stands there says what happens from now on, and the immutables what a constructor has put
 * into it; what a creation has put into storage neither shows: a confirmed assertion, a proven node, a right in the timelock without an event.
 * So each creation has to be that of the source's constructor. Its arguments are all in what is compared elsewhere.
 */
export async function creationChecks(provider: Provider, { addresses, creations = {} }: Deployment): Promise<Check[]> {
  const checks: Check[] = [];
  for (const name of Object.keys(DEPLOYED_AS) as DeployedName[]) {
    checks.push(await creationCheck(provider, name, addresses[name], creations[name]));
  }
  return checks;
}

/** By what code one contract was created. @param hash Of the transaction; undefined if nobody has named it. */
export async function creationCheck(
  provider: Provider,
  name: DeployedName,
  address: Hex,
  hash: Hex | undefined,
): Promise<Check> {
  const said = (actual: string): Check => check(`creation of ${name}`, actual, "by the source's constructor");
  if (hash === undefined) return said("no transaction is named in the file");
  const transaction = await provider.getTransaction(hash);
  const receipt = await provider.getTransactionReceipt(hash);
  if (transaction === null || receipt === null) return said("by a transaction that is not mined");
  if (receipt.status !== 1) return said("by a transaction that failed");
  const code = await creationCode(provider, name, address, { transaction, receipt });
  if (code === undefined) return said("by another transaction");
  const { bytecode } = loadArtifact(DEPLOYED_AS[name]);
  // Behind the code are the arguments.
  return said(code.toLowerCase().startsWith(bytecode.toLowerCase()) ? "by the source's constructor" : "by other code");
}

/** The code, with arguments behind it, by which a transaction has created the contract at `address`; undefined if it has not. */
async function creationCode(
  provider: Provider,
  name: DeployedName,
  address: Hex,
  { transaction, receipt }: { readonly transaction: TransactionResponse; readonly receipt: TransactionReceipt },
): Promise<string | undefined> {
  const { to, data, type, accessList } = transaction;
  if (to === null) return receipt.contractAddress === getAddress(address) ? data : undefined;
  if (name !== "game") return undefined;
  // The game may come from a GameDeployer, of which only the code counts: it creates nothing but at `GAME`, by what it is told.
  const artifact = loadArtifact("GameDeployer");
  const { masked, immutables } = takeApart(artifact, (await provider.getCode(to)) as Hex);
  const places = (immutables.get("GAME") ?? []).map((word) => getAddress(readWord("address", word)));
  const isItsGame = masked === artifact.deployedBytecode.toLowerCase() && places.join() === getAddress(address);
  // SAFETY: if the game is there already, the call succeeds and does nothing. Only one that creates pays for the code, which is far more than all
  // else that this call can cost; access lists and authorizations could be made to cost as much, so there may be none.
  const isPlain = (type === 0 || type === 2) && (accessList ?? []).length === 0;
  const { deployedBytecode } = loadArtifact("BisectionGame");
  const creates = receipt.gasUsed >= (GAS_PER_CODE_BYTE * BigInt(deployedBytecode.length - 2)) / 2n;
  const call = new Interface(artifact.abi).parseTransaction({ data });
  return isItsGame && isPlain && creates && call?.name === "deploy" ? (call.args[0] as string) : undefined;
}
