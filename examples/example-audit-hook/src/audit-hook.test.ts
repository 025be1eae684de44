import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type HookEvent,
  type Logger,
  type PayloadAt,
  RequestContext,
  serverCreate,
  silentLogger,
} from "@kilonova/plugin-api";
import { hookSuite, sampleRequestSpec } from "@kilonova/plugin-testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditHook } from "./audit-hook.js";
import { auditOptions } from "./options.js";

const QUOTA_EXCEEDED = { status: 403, message: "Quota exceeded." };
const IMAGE = "11111111-1111-4111-8111-111111111111";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-audit-"));
});
afterAll(() => rm(folder, { recursive: true }));

function makeHook(written: object = { file: "audit.jsonl", names: "^web-" }, logger: Logger = silentLogger) {
  return new AuditHook(auditOptions.schema.parse(written), folder, logger);
}

function creation(name: string): PayloadAt<typeof serverCreate> {
  const { flavor } = sampleRequestSpec();
  const counts = { minCount: 1, maxCount: 1 };
  const asked = { description: null, networks: "auto" as const, availabilityZone: null, metadata: {}, hints: {} };
  return { name, imageId: IMAGE, flavor, ...asked, ...counts };
}

function eventOf(name: string): HookEvent<PayloadAt<typeof serverCreate>> {
  const context = new RequestContext({ projectId: "project", userId: "ada" });
  return { point: serverCreate.name, version: "1.0", context, payload: creation(name) };
}

async function linesIn(file: string): Promise<readonly unknown[]> {
  const text = await readFile(join(folder, file), "utf8");
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

// #region suite
describe("AuditHook does what every hook promises:", () => {
  const operations = [
    { point: serverCreate.name, payload: creation("web-1"), result: { servers: [] } },
    { point: serverCreate.name, payload: creation("mail-1"), result: QUOTA_EXCEEDED },
  ];
  for (const { name, run } of hookSuite(makeHook, operations)) it(name, run);
});
// #endregion

describe("AuditHook", () => {
  it("lets pass what is allowed, and everything where nothing is written", async () => {
    expect(await makeHook().pre(eventOf("web-1"))).toBeUndefined();
    expect(await makeHook({}).pre(eventOf("mail-1"))).toBeUndefined();
  });

  it("refuses names and images that are not allowed, in words for the user", async () => {
    expect(await makeHook().pre(eventOf("mail-1"))).toEqual({
      veto: 'Servers have to be named like ^web-, and "mail-1" is not.',
    });
    expect(await makeHook({ deniedImages: [IMAGE] }).pre(eventOf("web-1"))).toEqual({
      veto: `No servers are made from image ${IMAGE}.`,
    });
  });

  it("writes a line for each step: who, what, and what came of it", async () => {
    const hook = makeHook({ file: "steps.jsonl", names: "^web-" });
    const event = eventOf("web-1");
    await hook.pre(event);
    await hook.post(event, { servers: [] });
    await hook.post(event, QUOTA_EXCEEDED);
    await hook.error(event, new Error("the database is gone"));
    await hook.pre(eventOf("mail-1"));
    const { requestId } = event.context;
    const who = { projectId: "project", userId: "ada", point: "server.create" };
    expect(await linesIn("steps.jsonl")).toMatchObject([
      { ...who, requestId, outcome: "asked", name: "web-1", at: expect.stringMatching(/^\d{4}-.*Z$/) },
      { ...who, requestId, outcome: "accepted" },
      { ...who, requestId, outcome: "refused", reason: "Quota exceeded." },
      { ...who, requestId, outcome: "failed", reason: "the database is gone" },
      { ...who, outcome: "vetoed", name: "mail-1" },
    ]);
    expect((await stat(join(folder, "steps.jsonl"))).mode & 0o777).toBe(0o600);
  });

  it("writes to the log where no file is named", async () => {
    const logged: unknown[] = [];
    await makeHook({}, { ...silentLogger, info: (facts) => logged.push(facts) }).pre(eventOf("web-1"));
    expect(logged).toMatchObject([{ outcome: "asked", name: "web-1", userId: "ada" }]);
  });

  it("fails where what is asked cannot be written down, so that it is not done", async () => {
    await expect(makeHook({ file: "no/such/folder.jsonl" }).pre(eventOf("web-1"))).rejects.toThrow("ENOENT");
  });

  it("takes no expression that is none", () => {
    expect(auditOptions.schema.safeParse({ names: "(" }).error?.issues[0]?.message).toBe(
      "expected a regular expression",
    );
  });
});
