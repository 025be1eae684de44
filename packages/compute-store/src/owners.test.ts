import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createServers, eventsOfOperation, finishOperation, renewLease, takeForConductor } from "./index.js";
import { type ComputeDatabase, computeDatabase, createRequest } from "./testing/index.js";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());

const OWNERS = ["a", "b", "c"] as const;

const EVENT = {
  event: "conductor_schedule",
  host: null,
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:01.000Z",
  result: "Success" as const,
  details: null,
};

const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("take" as const), owner: fc.constantFrom(...OWNERS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("renew" as const), owner: fc.constantFrom(...OWNERS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("finish" as const), owner: fc.constantFrom(...OWNERS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("leaseOver" as const), owner: fc.constant("a" as const) }) },
);

test("whatever the order, at the same time or not, an operation never has two owners, and ends once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(command, { minLength: 1, maxLength: 4 }), { maxLength: 8 }), async (rounds) => {
      const created = await createServers(store.database, createRequest());
      const operationId = created.ok ? (created.value.operations[0]?.id ?? "") : "";
      /** The fence that each believes to be its own. */
      const fences = new Map<string, number>();
      let newest = 0;
      /** The fence under which it ended. */
      let ended: number | undefined;

      for (const round of rounds) {
        const results = await Promise.all(
          round.map(async ({ kind, owner }) => {
            const step = { operationId, fence: fences.get(owner) ?? -1, host: null };
            if (kind === "renew")
              return { kind, fence: step.fence, done: await renewLease(store.database, step, 60_000, 3_600_000) };
            if (kind === "finish") {
              const done = await finishOperation(store.database, step, { changes: {}, fault: null, events: [EVENT] });
              return { kind, fence: step.fence, done };
            }
            if (kind === "leaseOver") {
              await store.database.execute(
                sql`update compute.operations set lease_until = now() where id = ${operationId} and state = 'running'`,
              );
              return { kind, fence: 0, done: true };
            }
            const [taken] = await takeForConductor(store.database, { owner, lease: 60_000 }, [operationId]);
            return { kind, owner, fence: taken?.operation.fence ?? 0, done: taken !== undefined };
          }),
        );

        const before = newest;
        for (const result of results) {
          if (result.kind !== "take" || !result.done) continue;
          expect(result.fence).toBeGreaterThan(before);
          fences.set(result.owner, result.fence);
          newest = Math.max(newest, result.fence);
        }
        const takes = results.filter((result) => result.kind === "take" && result.done).map(({ fence }) => fence);
        expect(new Set(takes).size).toBe(takes.length);
        const finished = results.filter((result) => result.kind === "finish" && result.done);
        // Whoever ended it is told so as often as it asks.
        for (const { fence } of finished) expect(fence).toBe(ended ?? before);
        for (const { kind, fence, done } of results) if (kind === "renew" && done) expect(fence).toBe(before);
        ended ??= finished[0]?.fence;
      }
      const closed = await eventsOfOperation(store.database, operationId);
      expect(closed).toHaveLength(ended === undefined ? 0 : 1);
    }),
    { numRuns: 60 },
  );
});
