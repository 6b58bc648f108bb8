import { MultiBar, Presets, type SingleBar } from "cli-progress";

/** What the living summary shows. */
export interface Summary {
  readonly fills: number;
  readonly rejected: number;
  readonly batches: number;
  /** Seconds. */
  readonly time: bigint;
}

/** Lines in a log show progress in steps of this share. */
const LOG_STEP = 0.1;

/** The demo's progress: bars with a living summary on a terminal, lines elsewhere. */
export class Progress {
  readonly #bars: MultiBar | undefined;
  #bar: SingleBar | undefined;
  #title = "";
  #total = 1;
  #logged = 0;

  constructor() {
    if (process.stdout.isTTY) {
      const format = "{title} {bar} {percentage}%  {summary}";
      this.#bars = new MultiBar({ format, hideCursor: true, clearOnComplete: false, barsize: 24 }, Presets.shades_grey);
    }
  }

  /** Begins a phase of `total` units. */
  begin(title: string, total: number): void {
    this.end();
    this.#title = title.padEnd(24);
    this.#total = Math.max(1, total);
    this.#logged = 0;
    if (this.#bars === undefined) console.log(title);
    else this.#bar = this.#bars.create(this.#total, 0, { title: this.#title, summary: "" });
  }

  /** Shows that `done` units of the phase are done. */
  update(done: number, summary: string): void {
    this.#bar?.update(Math.min(done, this.#total), { summary });
    if (this.#bars === undefined && done / this.#total >= this.#logged + LOG_STEP) {
      this.#logged = Math.floor(done / this.#total / LOG_STEP) * LOG_STEP;
      console.log(`  ${String(Math.round(this.#logged * 100)).padStart(3)} %  ${summary}`);
    }
  }

  /** Ends the phase. */
  end(): void {
    this.#bar?.update(this.#total);
    this.#bar?.stop();
    this.#bar = undefined;
  }

  /** Gives the terminal back. */
  stop(): void {
    this.end();
    this.#bars?.stop();
  }
}

/** One line of the living summary. */
export function summaryLine({ fills, rejected, batches, time }: Summary): string {
  const when = new Date(Number(time) * 1000).toISOString().slice(0, 16).replace("T", " ");
  return `${when}  ${fills} fills  ${batches} batches  ${rejected} rejected`;
}
