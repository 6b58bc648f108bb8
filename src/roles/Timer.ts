/** Waiting as services do it; tests supply their own. What the protocol does depends on L1's time alone, never on this. */
export interface Timer {
  /** Waits, or ends early when `signal` is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The timer of the operating system. */
export const SYSTEM_TIMER: Timer = {
  sleep(milliseconds, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, milliseconds);
      signal?.addEventListener("abort", finish);
    });
  },
};
