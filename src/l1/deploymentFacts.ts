import { fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import { genesisAssertionId } from "../history/Assertion.ts";
import { rootHash } from "../machine/StateTree.ts";
import { domainSeparator } from "../machine/TypedData.ts";
import { deploymentGenesis, type DeployedName, type Deployment } from "./deployment.ts";
import type { TenorParameters } from "./parameters.ts";

/** One thing that a contract has been constructed with: an immutable, which its code shows, and most getters too. */
export interface Fact {
  readonly contract: DeployedName;
  /** Name of the immutable in the source. */
  readonly immutable: string;
  /** What people call it. */
  readonly what: string;
  readonly kind: "address" | "number" | "word";
  /** What it must be by the files; undefined if only a file of parameters could say it and there is none. */
  readonly expected: (deployment: Deployment, parameters: TenorParameters | undefined) => string | undefined;
}

type Expected = Fact["expected"];

const at =
  (name: keyof Deployment["addresses"]): Expected =>
  ({ addresses }) =>
    addresses[name];

const parameter =
  (name: keyof TenorParameters): Expected =>
  (_, parameters) =>
    parameters === undefined ? undefined : String(parameters[name]);

const genesisRoot: Expected = (deployment) => toHex(rootHash(deploymentGenesis(deployment)));

const genesis: Expected = (deployment) => toHex(genesisAssertionId(rootHash(deploymentGenesis(deployment))));

const domain: Expected = ({ chainId, addresses }) => toHex(domainSeparator(chainId, fromHex(addresses.inbox, 20)));

function fact(contract: DeployedName, immutable: string, kind: Fact["kind"], what: string, expected: Expected): Fact {
  return { contract, immutable, kind, what, expected };
}

const SIGNING = ["accountExecutor", "fillExecutor", "oracleExecutor", "liquidationExecutor"] as const;
const MARGIN = ["accountExecutor", "fillExecutor", "liquidationExecutor"] as const;

/** Everything that is fixed by constructors. The bytes of the contracts hold nothing else that a deployment could choose. */
export const FACTS: readonly Fact[] = [
  fact("inbox", "_OWNER", "address", "owner of the inbox", at("timelock")),
  fact("chain", "_INBOX", "address", "inbox of the chain", at("inbox")),
  fact("chain", "_GAME", "address", "game of the chain", at("game")),
  fact("game", "_CHAIN", "address", "chain of the game", at("chain")),
  fact("game", "_INBOX", "address", "inbox of the game", at("inbox")),
  fact("game", "_PROVER", "address", "prover of the game", at("prover")),
  fact("prover", "ACCOUNT_EXECUTOR", "address", "accounts' executor of the prover", at("accountExecutor")),
  fact("prover", "FILL_EXECUTOR", "address", "fills' executor of the prover", at("fillExecutor")),
  fact("prover", "SETTLEMENT_EXECUTOR", "address", "settlements' executor of the prover", at("settlementExecutor")),
  fact("prover", "ORACLE_EXECUTOR", "address", "oracle's executor of the prover", at("oracleExecutor")),
  fact("prover", "LIQUIDATION_EXECUTOR", "address", "auctions' executor of the prover", at("liquidationExecutor")),
  ...MARGIN.map((name) => fact(name, "MARGIN_ENGINE", "address", `margin engine of ${name}`, at("marginEngine"))),
  ...SIGNING.map((name) => fact(name, "DOMAIN_SEPARATOR", "word", `domain of ${name}`, domain)),
  fact("accountExecutor", "BRIDGE", "address", "bridge of accountExecutor", at("bridge")),
  fact("settlementExecutor", "SETTLEMENT", "address", "settlement of settlementExecutor", at("settlement")),
  fact("oracleExecutor", "SETTLEMENT", "address", "settlement of oracleExecutor", at("settlement")),
  fact("bridge", "_INBOX", "address", "inbox of the bridge", at("inbox")),
  fact("bridge", "_CHAIN", "address", "chain of the bridge", at("chain")),
  fact("bridge", "_TOKEN", "address", "token of the bridge", at("token")),
  fact("settlement", "_INBOX", "address", "inbox of the settlement", at("inbox")),
  fact("settlement", "_OWNER", "address", "owner of the settlement", at("timelock")),
  fact("chain", "_GENESIS_STATE_ROOT", "word", "genesis state", genesisRoot),
  fact("chain", "_GENESIS", "word", "genesis assertion", genesis),
  fact("inbox", "_FORCE_DELAY", "number", "force delay", parameter("forceDelaySeconds")),
  fact("inbox", "_MAX_PAST", "number", "most time back", parameter("maxPastSeconds")),
  fact("inbox", "_MAX_FUTURE", "number", "most time ahead", parameter("maxFutureSeconds")),
  fact("inbox", "_RATE", "number", "rate", parameter("rateBytesPerSecond")),
  fact("inbox", "_BURST", "number", "burst", parameter("burstBytes")),
  fact("game", "_SECTION_BITS", "number", "section bits", parameter("sectionBits")),
  fact("game", "_HEIGHT", "number", "history height of the game", parameter("historyHeight")),
  fact("game", "_REFUND_PRICE_CAP", "number", "cap on refunds", parameter("refundPriceCapWei")),
  fact("game", "_PRICE_CAP", "number", "cap on refunds, of the claims", parameter("refundPriceCapWei")),
  fact("chain", "_TREASURY", "address", "treasury", parameter("treasury")),
  fact("chain", "_CHALLENGE_PERIOD", "number", "challenge period", parameter("challengePeriodSeconds")),
  fact("chain", "_MIN_PARENT_AGE", "number", "age of a parent", parameter("minParentAgeSeconds")),
  fact("chain", "_HISTORY_HEIGHT", "number", "history height", parameter("historyHeight")),
  fact("chain", "_STAKE", "number", "stake", parameter("stakeWei")),
];

/** An immutable's 32 bytes in the form of its kind. */
export function readWord(kind: Fact["kind"], word: Hex): string {
  if (kind === "word") return word;
  return kind === "number" ? BigInt(word).toString() : `0x${word.slice(-40)}`;
}
