import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { COMPILER } from "../../deploy/compiler.ts";
import type { Hex } from "../../src/crypto/bytes.ts";
import { PROVER_CONTRACTS } from "../../src/l1/codeHashes.ts";
import { DeployError } from "../deploy/DeployError.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const require = createRequire(import.meta.url);

/** The compiler's interface, as much as is used. */
interface Compiler {
  compile(input: string, callbacks: { import: (file: string) => { contents: string } }): string;
}

/** Of the compiler's answer. */
interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<
    Record<string, Readonly<Record<string, { evm: { deployedBytecode: { object: string } } }>>>
  >;
}

/**
 * Compiles the fault proof from its sources alone, without Hardhat, its cache, or any file of an earlier build: the compiler of npm,
 * with the settings of `deploy/compiler.ts`. Takes minutes.
 *
 * @returns The runtime codes by contract, with zeros for the immutables.
 */
export function compileProver(): Readonly<Record<string, Hex>> {
  const solc = require("solc") as Compiler;
  const files = PROVER_CONTRACTS.map((name) => `contracts/prover/${name}.sol`);
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(files.map((file) => [file, { content: read(file) }])),
    settings: { ...COMPILER.settings, outputSelection: { "*": { "*": ["evm.deployedBytecode.object"] } } },
  };
  const answer = solc.compile(JSON.stringify(input), { import: (file) => ({ contents: read(file) }) });
  const { errors = [], contracts } = JSON.parse(answer) as Output;
  const failures = errors.filter(({ severity }) => severity === "error");
  if (failures.length > 0) {
    throw new DeployError("CODE_CHANGED", failures.map((failure) => failure.formattedMessage).join("\n"));
  }
  const codeOf = (name: string): Hex =>
    `0x${contracts[`contracts/prover/${name}.sol`]![name]!.evm.deployedBytecode.object}`;
  return Object.fromEntries(PROVER_CONTRACTS.map((name) => [name, codeOf(name)]));
}

function read(file: string): string {
  const inPackage = file.startsWith("@");
  return readFileSync(path.join(ROOT, inPackage ? "node_modules" : "", file), "utf8");
}
