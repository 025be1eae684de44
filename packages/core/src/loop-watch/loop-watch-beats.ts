import type { LogFields } from "@kilonova/plugin-api";

/** Nanoseconds, on the clock that all threads read. */
const LAST_BEAT = 0;
/** 1 while somebody may stop the loop by a debugger. */
const DEBUGGER_IS_OPEN = 1;
/** 1 while the process starts. */
const IS_STARTING = 2;

/** What the watched loop tells the thread that watches it, by memory that both see. */
export class LoopBeats {
  readonly #cells: BigInt64Array;

  /** @param memory the other side's */
  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.#cells = new BigInt64Array(memory);
  }

  beat(isDebuggerOpen: boolean): void {
    Atomics.store(this.#cells, DEBUGGER_IS_OPEN, isDebuggerOpen ? 1n : 0n);
    Atomics.store(this.#cells, LAST_BEAT, process.hrtime.bigint());
  }

  /** Milliseconds, on the clock of {@link now}. */
  get last(): number {
    return millisecondsOf(Atomics.load(this.#cells, LAST_BEAT));
  }

  get isDebuggerOpen(): boolean {
    return Atomics.load(this.#cells, DEBUGGER_IS_OPEN) === 1n;
  }

  /** While it starts, somebody waits at the terminal. */
  get isStarting(): boolean {
    return Atomics.load(this.#cells, IS_STARTING) === 1n;
  }

  set isStarting(value: boolean) {
    Atomics.store(this.#cells, IS_STARTING, value ? 1n : 0n);
  }

  now(): number {
    return millisecondsOf(process.hrtime.bigint());
  }
}

/** What the thread is given. */
export interface LoopWatchThreadData {
  readonly beats: SharedArrayBuffer;
  /** Milliseconds of silence that are too many. */
  readonly limit: number;
  /** Milliseconds between two beats, and between two looks. */
  readonly interval: number;
  /** Without it, lines go to the terminal alone, while the process starts. */
  readonly log?: { readonly level: LogLevel; readonly file?: string | undefined };
  /** What lines on the terminal begin with. */
  readonly program: string;
  readonly fields: LogFields;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

function millisecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1_000_000;
}
