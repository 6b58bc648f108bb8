import type { Check } from "../../src/l1/checkDeployment.ts";
import { isDifferent } from "../../src/l1/checkDeployment.ts";
import { PARAMETER_NAMES, PARAMETER_SPECS, type TenorParameters } from "../../src/l1/parameterSpecs.ts";
import type { Preflight } from "./preflight.ts";
import { ether, tableLines } from "./table.ts";

/** Says what happens: tables for people, or a line of JSON for each thing. */
export class Report {
  readonly #json: boolean;

  constructor(json: boolean) {
    this.#json = json;
  }

  /** Something in one line. */
  say(event: string, text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (this.#json) this.#line({ event, ...fields });
    else console.log(text);
  }

  /** What is going to be deployed. */
  summary(
    parameters: TenorParameters,
    { deployer, token, transactions, gas, gasPrice, cost, balance }: Preflight,
  ): void {
    const costs = { deployer, transactions: transactions.length, gas, gasPrice, cost, balance };
    if (this.#json) {
      this.#line({ event: "summary", parameters, ...costs, token });
      return;
    }
    const rows = PARAMETER_NAMES.map((name) => {
      const spec = PARAMETER_SPECS[name];
      return [name, text(parameters[name]), spec.kind === "integer" ? spec.unit : spec.kind, spec.meaning];
    });
    this.#table([["parameter", "value", "unit", "meaning"], ...rows]);
    const planned = transactions.map((one) => [one.contract, one.codeBytes.toString(), one.gas.toString()]);
    this.#table([["to be deployed", "bytes", "gas, at most"], ...planned]);
    console.log(`collateral:  ${token.symbol}, ${token.address ?? "to be deployed"}`);
    console.log(`deployer:    ${deployer}, has ${ether(balance)} and keeps no right`);
    console.log(`cost:        at most ${ether(cost)}: ${gas} gas at ${Number(gasPrice) / 1e9} gwei\n`);
  }

  /** One row for each check. */
  checks(checks: readonly Check[]): void {
    if (this.#json) {
      for (const one of checks) this.#line({ event: "check", ...one, ok: !isDifferent(one) });
      return;
    }
    const rows = checks.map((one) => [
      one.expected === undefined ? "shown" : isDifferent(one) ? "DIFFERS" : "ok",
      one.what,
      one.actual,
      isDifferent(one) ? one.expected! : "",
    ]);
    this.#table([["", "what", "found", "expected"], ...rows]);
  }

  #table(rows: readonly (readonly string[])[]): void {
    console.log(`${tableLines(rows).join("\n")}\n`);
  }

  #line(event: Readonly<Record<string, unknown>>): void {
    console.log(JSON.stringify(event, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value)));
  }
}

function text(value: TenorParameters[keyof TenorParameters]): string {
  return typeof value === "object" ? value.join(", ") : String(value);
}
