import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createServers, finishOperation, renewLease, takeForConductor } from "./index.js";
import { type ComputeDatabase, computeDatabase, createRequest } from "./testing/index.js";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());

const OWNERS = ["a", "b", "c"] as const;

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
      let ended = false;

      for (const round of rounds) {
        const results = await Promise.all(
          round.map(async ({ kind, owner }) => {
            const step = { operationId, fence: fences.get(owner) ?? -1, host: null };
            if (kind === "renew")
              return { kind, fence: step.fence, done: await renewLease(store.database, step, 60_000, 3_600_000) };
            if (kind === "finish") {
              const done = await finishOperation(store.database, step, { changes: {}, fault: null, events: [] });
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
        expect(finished.length).toBeLessThanOrEqual(ended ? 0 : 1);
        for (const { fence } of finished) expect(fence).toBe(before);
        for (const { kind, fence, done } of results) if (kind === "renew" && done) expect(fence).toBe(before);
        ended ||= finished.length > 0;
      }
    }),
    { numRuns: 60 },
  );
});
