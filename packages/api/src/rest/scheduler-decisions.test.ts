import { randomUUID } from "node:crypto";
import { recordDecisions } from "@kilonova/compute-store";
import { sampleDecision } from "@kilonova/compute-store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at, LiveApi, PROJECT } from "../testing/live-api.js";

const SERVER = randomUUID();
const PATH = "/kilonova/scheduler/decisions";
const as = "admin" as const;
const placed = sampleDecision({ serverIds: [SERVER], projectId: PROJECT });
const refused = sampleDecision({
  serverIds: [SERVER, randomUUID()],
  outcome: "no-valid-host",
  message: "No valid host was found.",
  selections: [],
});
const older = sampleDecision();
let api: LiveApi;

beforeAll(async () => {
  api = await LiveApi.start();
  await recordDecisions(api.database, [
    { decision: refused, age: 1_000 },
    { decision: placed, age: 2_000 },
    { decision: older, age: 7_200_000 },
  ]);
});
afterAll(() => api.stop());

async function idsOf(query: string): Promise<readonly unknown[] | number> {
  const answer = await api.get(`${PATH}?${query}`, { as });
  const decisions = at(answer, "decisions");
  return Array.isArray(decisions) ? decisions.map(({ id }) => id) : answer.status;
}

test("decisions are listed, the newest first, without their large parts", async () => {
  const { status, body } = await api.get(PATH, { as });
  expect(status).toBe(200);
  const { stages: _stages, scores: _scores, requestSpec: _spec, ...summary } = refused;
  expect(body).toEqual({
    decisions: [
      { ...summary, at: expect.any(String) },
      expect.objectContaining({ id: placed.id }),
      expect.objectContaining({ id: older.id }),
    ],
  });
});

test("they are asked for by server, outcome, project and time, in pages", async () => {
  const since = encodeURIComponent(new Date(Date.now() - 3_600_000).toISOString());
  const cases: readonly (readonly [string, readonly string[] | number])[] = [
    [`server_id=${SERVER}`, [refused.id, placed.id]],
    [`server_id=${randomUUID()}`, []],
    ["outcome=no-valid-host", [refused.id]],
    [`project_id=${PROJECT}`, [placed.id]],
    [`since=${since}`, [refused.id, placed.id]],
    ["limit=2", [refused.id, placed.id]],
    [`limit=2&marker=${placed.id}`, [older.id]],
    [`server_id=${SERVER}&outcome=placed`, [placed.id]],
    ["server_id=web-1", 400],
    ["outcome=bad", 400],
    ["since=yesterday", 400],
    ["limit=-1", 400],
    ["limit=many", 400],
    [`marker=${randomUUID()}`, 400],
    ["marker=x", 400],
    ["colour=red", 400],
  ];
  for (const [query, expected] of cases) expect([query, await idsOf(query)]).toEqual([query, expected]);
  expect(at(await api.get(`${PATH}?limit=1`, { as }), "decisions_links")).toEqual([
    { rel: "next", href: expect.stringContaining(`${PATH}?limit=1&marker=${refused.id}`) },
  ]);
});

test("one is shown whole, by its id or as the newest about a server", async () => {
  const whole = { decision: { ...refused, at: expect.any(String) } };
  expect((await api.get(`${PATH}/${refused.id}`, { as })).body).toEqual(whole);
  expect((await api.get(`/kilonova/scheduler/servers/${SERVER}/decision`, { as })).body).toEqual(whole);
});

test.each([`${PATH}/${randomUUID()}`, `${PATH}/x`, `/kilonova/scheduler/servers/${randomUUID()}/decision`])(
  "what there is not is not found: %s",
  async (path) => {
    expect((await api.get(path, { as })).status).toBe(404);
  },
);

test.each([PATH, `${PATH}/${placed.id}`, `/kilonova/scheduler/servers/${SERVER}/decision`])(
  "administrators alone are told: %s",
  async (path) => {
    expect((await api.get(path, { as: "member" })).status).toBe(403);
    expect((await api.get(path, { as: "nobody" })).status).toBe(401);
  },
);
