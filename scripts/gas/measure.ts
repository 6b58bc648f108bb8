import { measureDisputes } from "./disputes.ts";
import { measureOperations } from "./operations.ts";
import { measureProofs } from "./proofs.ts";
import { SimulatedL1, type Rules } from "./SimulatedL1.ts";
import { exchangeState } from "./state.ts";
import type { Measurement } from "./table.ts";

/** Measures every operation, on a simulated L1 of its own. */
export async function measureAll(rules: Rules = "today"): Promise<Measurement[]> {
  const state = exchangeState();
  const l1 = await SimulatedL1.start(rules);
  try {
    const operations = await measureOperations(l1, state);
    const proofs = await measureProofs(l1, state);
    return [...operations, ...proofs, ...(await measureDisputes(rules, Number(l1.parameters.sectionBits)))];
  } finally {
    await l1.stop();
  }
}
