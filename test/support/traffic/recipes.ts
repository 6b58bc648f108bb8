import type { Recipe } from "./Recipe.ts";
import { VALID } from "./validRecipes.ts";
import { WRONG_ACCOUNTS } from "./wrongAccounts.ts";
import { WRONG_FILLS } from "./wrongFills.ts";
import { WRONG_SETTLEMENTS } from "./wrongSettlements.ts";

/** All recipes. */
export const RECIPES: readonly Recipe[] = [...VALID, ...WRONG_ACCOUNTS, ...WRONG_FILLS, ...WRONG_SETTLEMENTS];
