import type { DecisionEntry } from "@kilonova/compute-store";
import { sampleDecision } from "@kilonova/compute-store/testing";
import { type LogFields, type Logger, silentLogger } from "@kilonova/plugin-api";
import { FakeClock } from "@kilonova/plugin-testing";
import { beforeEach, describe, expect, it } from "vitest";
import { DecisionJournal } from "./decision-journal.js";

/** A database whose writes end when the test says so, or at once. */
class FakeStore {
  readonly batches: (readonly DecisionEntry[])[] = [];
  /** What writes end with; held back while it is a promise that is open. */
  answer: () => Promise<void> = async () => {};

  write = async (entries: readonly DecisionEntry[]): Promise<void> => {
    await this.answer();
    this.batches.push(entries);
  };

  get written(): readonly string[] {
    return this.batches.flatMap((batch) => batch.map(({ decision }) => decision.requestId));
  }
}

let clock: FakeClock;
let store: FakeStore;
let warnings: { readonly fields: LogFields; readonly message: string }[];
let journal: DecisionJournal;

beforeEach(() => {
  clock = new FakeClock();
  store = new FakeStore();
  warnings = [];
  const logger: Logger = { ...silentLogger, warn: (fields, message) => warnings.push({ fields, message }) };
  const settings = { decisionWriteInterval: 1_000, decisionMaxBytes: 262_144 };
  journal = new DecisionJournal(store.write, clock, logger, settings);
});

function record(from: number, to = from): void {
  for (let number = from; number <= to; number++) journal.record(sampleDecision({ requestId: String(number) }));
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
const fail = async () => {
  throw new Error("the database is away");
};

/** Writes that wait until they are let go. */
function held() {
  let letGo = () => {};
  const open = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  store.answer = () => open;
  return letGo;
}

describe("the journal of decisions", () => {
  it("writes what came within an interval in one batch, with the age of each", async () => {
    record(1);
    await clock.advance(400);
    record(2, 3);
    expect(store.batches).toEqual([]);
    await clock.advance(600);
    expect(store.batches.map((batch) => batch.map(({ age }) => age))).toEqual([[1_000, 600, 600]]);
    record(4);
    await clock.advance(1_000);
    expect(store.batches.map(({ length }) => length)).toEqual([3, 1]);
    expect(clock.sleeping).toBe(0);
  });

  it("does not wait where there is a whole batch, and never writes more in one", async () => {
    record(1, 250);
    await clock.advance(0);
    expect(store.batches.map(({ length }) => length)).toEqual([100, 100]);
    await clock.advance(1_000);
    expect(store.written).toEqual(numbers(1, 250));
  });

  it("writes one batch at a time", async () => {
    const letGo = held();
    let running = 0;
    const answer = store.answer;
    store.answer = async () => {
      expect(++running).toBe(1);
      await answer();
      running--;
    };
    record(1, 300);
    const flushed = Promise.all([journal.flush(), journal.flush()]);
    await clock.advance(5_000);
    expect(running).toBe(1);
    letGo();
    await flushed;
    expect(store.written).toEqual(numbers(1, 300));
  });

  it("tries what could not be written again, with the next, in order", async () => {
    store.answer = fail;
    record(1, 2);
    await clock.advance(1_000);
    record(3);
    store.answer = async () => {};
    await clock.advance(1_000);
    expect(store.written).toEqual(["1", "2", "3"]);
    expect(store.batches[0]?.map(({ age }) => age)).toEqual([2_000, 2_000, 1_000]);
    expect(warnings).toEqual([
      {
        fields: { error: "the database is away" },
        message: "scheduling decisions cannot be written; they are tried again",
      },
    ]);
  });

  it("waits an interval after a failure, however many there are", async () => {
    let tries = 0;
    store.answer = () => {
      tries++;
      return fail();
    };
    record(1, 500);
    await clock.advance(500);
    record(501, 600);
    await clock.advance(400);
    expect(tries).toBe(1);
    await clock.advance(100);
    expect(tries).toBe(2);
  });

  it("gives up what is a minute old, and says how many once a minute", async () => {
    store.answer = fail;
    record(1, 2);
    await clock.advance(60_000);
    record(3);
    await clock.advance(60_000);
    expect(warnings.slice(1)).toEqual([
      { fields: { decisions: 2, reason: "the database is away" }, message: "scheduling decisions were lost" },
      { fields: { decisions: 1, reason: "the database is away" }, message: "scheduling decisions were lost" },
    ]);
    store.answer = async () => {};
    record(4);
    await clock.advance(1_000);
    expect(store.written).toEqual(["4"]);
  });

  it("loses the oldest where too many wait", async () => {
    const letGo = held();
    record(1, 100);
    await clock.advance(0);
    record(101, 2_200);
    expect(warnings).toEqual([
      {
        fields: { decisions: 1, reason: "too many wait to be written" },
        message: "scheduling decisions were lost",
      },
    ]);
    letGo();
    await journal.flush();
    expect(store.written).toEqual([...numbers(1, 100), ...numbers(201, 2_200)]);
  });

  it("bounds what it writes", async () => {
    const sample = sampleDecision();
    journal.record({ ...sample, requestSpec: { ...sample.requestSpec, hints: { query: "x".repeat(20_000) } } });
    await journal.flush();
    expect(store.batches[0]?.[0]?.decision).toMatchObject({ trimmed: ["hints"], requestSpec: { hints: {} } });
  });

  it("flushes at once, and comes back where the database takes nothing", async () => {
    record(1);
    await journal.flush();
    expect(store.written).toEqual(["1"]);
    store.answer = fail;
    record(2);
    await journal.flush();
    store.answer = async () => {};
    await clock.advance(1_000);
    expect(store.written).toEqual(["1", "2"]);
  });

  it("writes what is left when it closes, and takes no more", async () => {
    record(1, 150);
    await journal.close();
    expect(store.written).toEqual(numbers(1, 150));
    record(151);
    expect(warnings).toMatchObject([{ fields: { decisions: 1, reason: "the journal is closed" } }]);
    await clock.advance(10_000);
    expect(clock.sleeping).toBe(0);
    expect(store.written).toEqual(numbers(1, 150));
  });

  it("closes within five seconds though the database never answers", async () => {
    held();
    record(1, 150);
    const closed = journal.close();
    await clock.advance(5_000);
    await closed;
    expect(warnings).toMatchObject([{ fields: { decisions: 50 } }]);
  });
});
