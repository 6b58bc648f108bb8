import { id, ZeroAddress, ZeroHash } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { interfaceOf } from "./Artifacts.ts";
import { timelockAt } from "./Contracts.ts";
import type { Deployment } from "./deployment.ts";
import type { L1Client } from "./L1Client.ts";
import type { TenorParameters } from "./parameters.ts";

/** The timelock's roles by their names in OpenZeppelin's contract. */
const ROLES = {
  DEFAULT_ADMIN_ROLE: ZeroHash,
  PROPOSER_ROLE: id("PROPOSER_ROLE"),
  CANCELLER_ROLE: id("CANCELLER_ROLE"),
  EXECUTOR_ROLE: id("EXECUTOR_ROLE"),
} as const;

/** A role of the timelock. */
export type TimelockRole = keyof typeof ROLES;

/** All roles. */
export const TIMELOCK_ROLES = Object.keys(ROLES) as readonly TimelockRole[];

/** Who has which right in the timelock. */
export interface TimelockRights {
  /** Holders of each role, sorted. */
  readonly holders: Readonly<Record<TimelockRole, readonly Hex[]>>;
  /** Roles that none of the four is, which nobody may have been given. */
  readonly otherRoles: readonly Hex[];
  /** Who has deployed it: the sender of the first grant, which is the constructor's. */
  readonly deployer: Hex | undefined;
  /** Seconds. */
  readonly delay: bigint;
}

/**
 * Reads the rights in the timelock. The events say who may have a role, the contract itself who has it now; the zero address as
 * executor stands for anybody.
 *
 * @param candidates Also asked for, whatever the events say.
 */
export async function readTimelockRights(
  client: L1Client,
  { addresses, startBlock }: Deployment,
  candidates: readonly Hex[],
): Promise<TimelockRights> {
  const { timelock: address } = addresses;
  const timelock = timelockAt(address, client.runner);
  const abi = interfaceOf("TimelockController");
  const granted = abi.getEvent("RoleGranted")!;
  const { number: head } = await client.head();
  const logs = await client.logs(address, [granted.topicHash], startBlock, head);
  const grants = logs.map((log) => {
    const { role, account, sender } = abi.decodeEventLog(granted, log.data, log.topics) as unknown as {
      role: Hex;
      account: Hex;
      sender: Hex;
    };
    return { role, account, sender };
  });
  const accounts = new Map<string, Hex>();
  for (const account of [...candidates, ...grants.map((grant) => grant.account), address, ZeroAddress as Hex]) {
    accounts.set(account.toLowerCase(), account);
  }
  const deployer = grants[0]?.sender;
  if (deployer !== undefined) accounts.set(deployer.toLowerCase(), deployer);
  const read = async (role: TimelockRole): Promise<readonly Hex[]> => {
    const holders: Hex[] = [];
    for (const account of accounts.values()) {
      if (await timelock.hasRole(ROLES[role], account)) holders.push(account);
    }
    return sorted(holders);
  };
  const known: ReadonlySet<string> = new Set(Object.values(ROLES));
  return {
    holders: {
      DEFAULT_ADMIN_ROLE: await read("DEFAULT_ADMIN_ROLE"),
      PROPOSER_ROLE: await read("PROPOSER_ROLE"),
      CANCELLER_ROLE: await read("CANCELLER_ROLE"),
      EXECUTOR_ROLE: await read("EXECUTOR_ROLE"),
    },
    otherRoles: sorted([...new Set(grants.map(({ role }) => role))].filter((role) => !known.has(role))),
    deployer,
    delay: await timelock.getMinDelay(),
  };
}

/** Who must have the roles by the parameters; the timelock itself may always change them, after its delay. */
export function expectedHolders(
  { addresses }: Deployment,
  { timelockProposers, timelockExecutors, timelockAdmin }: TenorParameters,
): Readonly<Record<TimelockRole, readonly Hex[]>> {
  const admins = timelockAdmin === ZeroAddress ? [addresses.timelock] : [addresses.timelock, timelockAdmin];
  return {
    DEFAULT_ADMIN_ROLE: sorted(admins),
    PROPOSER_ROLE: sorted(timelockProposers),
    CANCELLER_ROLE: sorted(timelockProposers),
    EXECUTOR_ROLE: sorted(timelockExecutors),
  };
}

/** In the order of their numbers, in small letters: one form for a set of addresses. */
function sorted(addresses: readonly Hex[]): readonly Hex[] {
  return addresses.map((address) => address.toLowerCase() as Hex).sort();
}
