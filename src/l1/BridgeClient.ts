import type { Bridge } from "../../typechain/index.ts";
import { toHex, type Hex } from "../crypto/bytes.ts";
import type { MachineState } from "../machine/MachineState.ts";
import { bridgeAt, tokenAt } from "./Contracts.ts";
import { decodeLog } from "./ContractClient.ts";
import type { L1Client } from "./L1Client.ts";
import { L1Error } from "./L1Error.ts";
import type { BridgeSource, FinalizedWithdrawal, L1Receipt } from "./L1Source.ts";

/** A confirmed assertion, by its content. */
export interface ConfirmedState {
  readonly parent: Uint8Array;
  readonly historyRoot: Uint8Array;
  readonly end: MachineState;
}

/** The Bridge and its collateral, typed. */
export class BridgeClient implements BridgeSource {
  readonly contract: Bridge;
  readonly #client: L1Client;
  readonly #address: Hex;

  constructor(client: L1Client, address: Hex) {
    this.#client = client;
    this.#address = address;
    this.contract = bridgeAt(address, client.runner);
  }

  accounted(blockNumber: number): Promise<bigint> {
    return this.#client.read("read the bridge", () => this.contract.accounted({ blockTag: blockNumber }));
  }

  async finalizedWithdrawals(from: number, to: number): Promise<readonly FinalizedWithdrawal[]> {
    const { interface: abi } = this.contract;
    const logs = await this.#client.logs(this.#address, [abi.getEvent("WithdrawalFinalized").topicHash], from, to);
    return logs.map((log) => {
      const { args } = decodeLog(abi, log);
      return {
        number: args.getValue("number") as bigint,
        amount: args.getValue("amount") as bigint,
        recipient: args.getValue("recipient") as Hex,
      };
    });
  }

  /** Allows the bridge to take collateral from the signing account. */
  async approve(amount: bigint): Promise<L1Receipt> {
    const token = tokenAt(
      (await this.#client.read("read the token", () => this.contract.token())) as Hex,
      this.#client.runner,
    );
    return this.#client.send("approve the bridge", token.approve.populateTransaction(this.#address, amount));
  }

  /** Numbers a new account of `owner` and deposits to it, from the allowance of the signing account. */
  async open(owner: Hex, amount: bigint): Promise<{ readonly account: number; readonly receipt: L1Receipt }> {
    const receipt = await this.#client.send("open an account", this.contract.open.populateTransaction(owner, amount));
    const { interface: abi } = this.contract;
    const { blockNumber, transactionHash } = receipt;
    const topics = [abi.getEvent("AccountOpened").topicHash];
    const logs = await this.#client.logs(this.#address, topics, blockNumber, blockNumber);
    const log = logs.find((candidate) => candidate.transactionHash === transactionHash);
    if (log === undefined) {
      throw new L1Error("INCONSISTENT", "an opened account left no log", { fields: { transactionHash, blockNumber } });
    }
    return { account: Number(decodeLog(abi, log).args.getValue("account")), receipt };
  }

  /** Deposits to an account that exists, whose owner the caller knows. */
  deposit(account: number, owner: Hex, amount: bigint): Promise<L1Receipt> {
    return this.#client.send("deposit", this.contract.deposit.populateTransaction(account, owner, amount));
  }

  /** Pays a withdrawal that a confirmed state holds. */
  finalizeWithdrawal(number: bigint, state: ConfirmedState, witness: Uint8Array): Promise<L1Receipt> {
    const proof = {
      parent: toHex(state.parent),
      historyRoot: toHex(state.historyRoot),
      end: { ...state.end, stateRoot: toHex(state.end.stateRoot) },
    };
    return this.#client.send(
      "finalize a withdrawal",
      this.contract.finalizeWithdrawal.populateTransaction(number, proof, witness),
    );
  }
}
