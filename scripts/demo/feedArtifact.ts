import { readFileSync } from "node:fs";

/** The feed that local chains move: the one of the contract tests, with the interface of Chainlink's proxies. */
export function feedArtifact(): { abi: never; bytecode: string } {
  const file = new URL("../../artifacts/contracts/test/PhasedFeed.sol/PhasedFeed.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as { abi: never; bytecode: string };
}
