import { randomUUID } from "node:crypto";
import type { SchedulingDecision } from "@kilonova/contracts";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type DecisionQuery,
  findDecision,
  forgetDecisions,
  listDecisions,
  newestDecisionOf,
  recordDecisions,
} from "./index.js";
import { type ComputeDatabase, computeDatabase, sampleDecision } from "./testing/index.js";

const HOUR = 3_600_000;
const SERVER = "0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.database.execute(sql`truncate compute.scheduling_decisions cascade`));

/** Records decisions, each an hour older than the one before. */
async function recordOld(...decisions: readonly SchedulingDecision[]): Promise<void> {
  await recordDecisions(
    store.database,
    decisions.map((decision, hours) => ({ decision, age: hours * HOUR })),
  );
}

async function listed(query: Partial<DecisionQuery> = {}): Promise<readonly string[] | string> {
  const page = await listDecisions(store.database, { limit: 100, ...query });
  return page.ok ? page.value.map(({ message }) => String(message)) : page.refusal;
}

const named = (message: string, changes: Partial<SchedulingDecision> = {}) => sampleDecision({ message, ...changes });

async function databaseHoursAgo(hours: number): Promise<string> {
  const { rows } = await store.database.execute<{ at: string }>(
    sql`select to_char((now() - ${hours} * interval '1 hour') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`,
  );
  return rows[0]?.at ?? "";
}

describe("a decision that was recorded", () => {
  it("is found whole, at the instant that the database's clock gives it", async () => {
    const decision = sampleDecision({ at: "1999-01-01T00:00:00.000Z", trimmed: ["samples"] });
    await recordOld(decision);
    const found = await findDecision(store.database, decision.id);
    expect(found).toEqual({ ...decision, at: expect.any(String) });
    expect(found?.at.slice(0, 4)).not.toBe("1999");
    expect(await findDecision(store.database, randomUUID())).toBeUndefined();
    expect(await findDecision(store.database, "no id")).toBeUndefined();
  });

  it("stays as it is when it is recorded again, alone or with others", async () => {
    const [first, second] = [named("first"), named("second")];
    await recordOld(first);
    const before = await findDecision(store.database, first.id);
    await recordOld({ ...first, message: "changed" }, second);
    await recordOld(second, second);
    expect(await findDecision(store.database, first.id)).toEqual(before);
    expect(await listed()).toHaveLength(2);
  });

  it("keeps what users write, but for what PostgreSQL cannot hold", async () => {
    const hints = { "nul \0 key": "half \ud800 pair", fine: 'a "quoted" \\u0000 \\\\u0000 😀', list: ["\udc00"] };
    const decision = sampleDecision({ requestSpec: { ...sampleDecision().requestSpec, hints } });
    await recordOld(decision);
    expect((await findDecision(store.database, decision.id))?.requestSpec.hints).toEqual({
      "nul � key": "half � pair",
      fine: 'a "quoted" \\u0000 \\\\u0000 😀',
      list: ["�"],
    });
  });

  it("keeps scores that are no finite numbers as the nearest that are", async () => {
    const weights = [Number.NaN, Number.NEGATIVE_INFINITY].map((raw) => ({
      weigher: "Odd",
      raw,
      normalised: 0,
      multiplier: 1,
    }));
    const decision = sampleDecision({
      scores: [{ host: "h", node: "h", score: Number.POSITIVE_INFINITY, weights }],
    });
    await recordOld(decision);
    const found = await findDecision(store.database, decision.id);
    expect(found?.scores[0]?.score).toBe(Number.MAX_VALUE);
    expect(found?.scores[0]?.weights.map(({ raw }) => raw)).toEqual([0, -Number.MAX_VALUE]);
  });

  it("is written with all of its batch, or none is", async () => {
    const good = named("good");
    await expect(recordOld(good, sampleDecision({ id: "no uuid" }))).rejects.toThrow();
    expect(await listed()).toEqual([]);
    await recordDecisions(store.database, []);
  });
});

describe("the list of decisions", () => {
  it("has the newest first, without the large parts", async () => {
    await recordOld(named("new"), named("older"), named("oldest"));
    expect(await listed()).toEqual(["new", "older", "oldest"]);
    const page = await listDecisions(store.database, { limit: 1 });
    const [summary] = page.ok ? page.value : [];
    expect(summary).toMatchObject({ message: "new", hosts: 3, claims: { attempts: 1 } });
    for (const part of ["stages", "scores", "requestSpec"]) expect(summary).not.toHaveProperty(part);
  });

  it("has what fits all that is said", async () => {
    const other = randomUUID();
    await recordOld(
      named("a", { serverIds: [SERVER, other], projectId: "p1" }),
      named("b", { serverIds: [other], projectId: "p1", outcome: "no-valid-host" }),
      named("c", { serverIds: [SERVER], projectId: "p2", outcome: "no-valid-host" }),
    );
    const since = await databaseHoursAgo(1.5);
    const cases: readonly (readonly [Partial<DecisionQuery>, readonly string[]])[] = [
      [{ serverId: SERVER }, ["a", "c"]],
      [{ serverId: other }, ["a", "b"]],
      [{ serverId: "'; drop table" }, []],
      [{ outcome: "no-valid-host" }, ["b", "c"]],
      [{ projectId: "p1" }, ["a", "b"]],
      [{ projectId: "p1", outcome: "no-valid-host" }, ["b"]],
      [{ serverId: SERVER, outcome: "no-valid-host" }, ["c"]],
      [{ since }, ["a", "b"]],
      [{ serverId: SERVER, since }, ["a"]],
    ];
    for (const [query, expected] of cases) expect([query, await listed(query)]).toEqual([query, expected]);
  });

  it("comes in pages that leave nothing out, though many are of one instant", async () => {
    const decisions = Array.from({ length: 10 }, (_, index) => named(String(index), { serverIds: [SERVER] }));
    await recordDecisions(
      store.database,
      decisions.map((decision, index) => ({ decision, age: Math.floor(index / 4) * HOUR })),
    );
    for (const query of [{}, { serverId: SERVER }]) {
      const seen: string[] = [];
      for (let marker: string | undefined; ; ) {
        const page = await listDecisions(store.database, { ...query, limit: 3, marker });
        const ids = page.ok ? page.value.map(({ id }) => id) : [];
        seen.push(...ids);
        marker = ids.at(-1);
        if (marker === undefined) break;
      }
      expect(seen.toSorted()).toEqual(decisions.map(({ id }) => id).toSorted());
    }
  });

  it("refuses a marker that is no decision's", async () => {
    expect(await listed({ marker: randomUUID() })).toBe("markerNotFound");
    expect(await listed({ marker: "x" })).toBe("markerNotFound");
  });
});

describe("the newest decision about a server", () => {
  it("is the one that was made last, in whatever order they were written", async () => {
    const about = { serverIds: [randomUUID(), SERVER] };
    const [late, early] = [named("late", about), named("early", about)];
    await recordDecisions(store.database, [{ decision: late, age: 100 }]);
    await recordDecisions(store.database, [{ decision: early, age: HOUR }]);
    expect(await newestDecisionOf(store.database, SERVER)).toMatchObject({ id: late.id, stages: late.stages });
    expect(await newestDecisionOf(store.database, randomUUID())).toBeUndefined();
  });
});

describe("decisions are forgotten", () => {
  const forget = (hours: number, rows: number) => forgetDecisions(store.database, hours * HOUR, rows);

  it("when they are older than they are kept", async () => {
    await recordOld(named("a"), named("b"), named("c"));
    expect(await forget(1.5, 100)).toBe(1);
    expect(await listed()).toEqual(["a", "b"]);
    expect(await forget(1.5, 100)).toBe(0);
  });

  it("the oldest first when they are too many, with what they say of servers", async () => {
    await recordOld(...["a", "b", "c", "d"].map((message) => named(message, { serverIds: [SERVER] })));
    expect(await forget(1_000, 2)).toBe(2);
    expect(await listed({ serverId: SERVER })).toEqual(["a", "b"]);
    const { rows } = await store.database.execute(sql`select from compute.scheduling_decision_servers`);
    expect(rows).toHaveLength(2);
  });

  it("in portions, by several at once", async () => {
    await store.database.execute(sql`
      insert into compute.scheduling_decisions (id, at, scheduler, request_id, project_id, outcome, profile, document)
      select gen_random_uuid(), now() - interval '2 hours', 's', 'r', 'p', 'placed', 'default', '{}'
      from generate_series(1, 2500)`);
    await recordOld(named("kept"));
    const counts = await Promise.all([forget(1, 100), forget(1, 100)]);
    expect(counts.reduce((sum, count) => sum + count)).toBe(2500);
    expect(await listed()).toEqual(["kept"]);
  });
});
