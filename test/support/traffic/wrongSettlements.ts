import { MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import { TX_SETTLE } from "../../../src/machine/Wire.ts";
import { item, type Recipe } from "./Recipe.ts";
import { COLLECT_FEES } from "./Traffic.ts";
import { signerAddress, START_DAY, WAITING_ACCOUNT } from "./world.ts";

/** Settlements, and what belongs to nobody, wrong in one way each. */
export const WRONG_SETTLEMENTS: readonly Recipe[] = [
  {
    name: "unfixed settlement",
    weight: 1,
    make: () => item({ type: TX_SETTLE, market: 2, day: START_DAY + 350, accounts: [1] }),
  },
  {
    name: "settlement of nothing",
    weight: 1,
    make: () => item({ type: TX_SETTLE, market: 1, day: START_DAY, accounts: [1, 2, 70_000] }),
  },
  {
    name: "claim too early",
    weight: 2,
    make: () => item({ type: TX_SETTLE, market: 1, day: START_DAY - 1, accounts: [WAITING_ACCOUNT] }),
  },
  { name: "fees collected twice", weight: 1, make: () => item(COLLECT_FEES, COLLECT_FEES) },
  {
    name: "forced message of a strange shape",
    weight: 1,
    make: (t) => ({
      messages: [{ ...t.sent(signerAddress(1)), kind: MESSAGE_FORCED, payload: new Uint8Array(t.random.uint(300)) }],
    }),
  },
];
