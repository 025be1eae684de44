import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type FakeAnswer, FakeCloud, PASSWORD } from "../testing/fake-cloud.js";
import { CloudClient } from "./cloud-client.js";
import type { Credentials } from "./credentials.js";

let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await FakeCloud.start();
});
afterEach(() => cloud.stop());

const reply = z.object({ things: z.array(z.string()) });

function credentials(changes: Partial<Credentials> = {}): Credentials {
  const auth = { username: "admin", password: PASSWORD, project_name: "admin" };
  return {
    authUrl: `${cloud.url}/identity/v3`,
    auth,
    region: undefined,
    caFile: undefined,
    source: "cloud test",
    ...changes,
  };
}

const logIn = (changes?: Partial<Credentials>, patience?: number) => CloudClient.logIn(credentials(changes), patience);

describe("a client of a cloud", () => {
  it("logs in by password, and asks the public address of the catalog with its token", async () => {
    cloud.answers.set("GET /compute/things", [200, { things: ["a"] }]);
    const client = await logIn();
    expect(await client.get(reply, "/things", { limit: 2, name: "^a+$", none: undefined })).toEqual({ things: ["a"] });
    expect(cloud.seen[0]?.body).toEqual({
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name: "admin", domain: { name: "Default" }, password: PASSWORD } },
        },
        scope: { project: { name: "admin", domain: { name: "Default" } } },
      },
    });
    expect(cloud.seen[1]).toEqual({
      method: "GET",
      path: "/compute/things?limit=2&name=%5Ea%2B%24",
      token: "the-token",
      version: "compute 2.74",
      body: undefined,
    });
  });

  it("goes by ids where those are given, and to the region that is named", async () => {
    cloud.answers.set("POST /two/things", [202, { things: [] }]);
    const auth = { user_id: "u", password: PASSWORD, project_id: "p" };
    await (await logIn({ auth, region: "RegionTwo" })).post(reply, "/things", { a: 1 });
    expect(cloud.seen[0]?.body).toMatchObject({
      auth: { identity: { password: { user: { id: "u" } } }, scope: { project: { id: "p" } } },
    });
    expect(cloud.seen[1]?.body).toEqual({ a: 1 });
  });

  it("finds, or does not", async () => {
    cloud.answers.set("GET /compute/things/1", [200, { things: [] }]);
    const client = await logIn();
    expect(await client.find(reply, "/things/1")).toEqual({ things: [] });
    expect(await client.find(reply, "/things/2")).toBeUndefined();
  });

  const refusals: readonly (readonly [string, FakeAnswer, RegExp])[] = [
    ["a fault", [400, { badRequest: { message: "Bad marker." } }], /refuses \/things: Bad marker \(400\)\.$/],
    ["a fault that steers terminals", [400, { badRequest: { message: "\u001b[2J" } }], /: \ufffd\[2J \(400\)/],
    ["no right", [403, { forbidden: { message: "Policy says no." } }], /^Policy says no \(403\)\. .* by --os-cloud\.$/],
    ["a broken proxy", [502, "<html>"], /it says no more \(502\)/],
    ["something else", [200, { thing: 1 }], /something else than this release knows/],
    ["no JSON", [200, "<html>"], /something else than this release knows/],
  ];
  it.each(refusals)("says in words what is wrong: %s", async (_, answer, message) => {
    cloud.answers.set("GET /compute/things", answer);
    const client = await logIn();
    await expect(client.get(reply, "/things")).rejects.toMatchObject({
      code: "cloud.refused",
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ["/identity/v3", "wrong", /does not take the user name and password of cloud test/],
    ["/nowhere/v3", PASSWORD, /does not answer as an identity service \(The resource could not be found \(404\)\.\)/],
  ])("says so where it cannot log in: at %s with %s", async (path, password, message) => {
    const auth = { username: "admin", password, project_name: "admin" };
    await expect(logIn({ authUrl: `${cloud.url}${path}`, auth })).rejects.toMatchObject({
      code: "cloud.refused",
      message: expect.stringMatching(message),
    });
  });

  it("says where the catalog has nothing", async () => {
    const client = await logIn({ region: "RegionNone" });
    await expect(client.get(reply, "/things")).rejects.toThrow(
      "The catalog of cloud test has no compute service in region RegionNone.",
    );
  });

  it("gives up where nobody answers in time, or listens", async () => {
    cloud.answers.set("POST /identity/v3/auth/tokens", "silence");
    await expect(logIn({}, 20)).rejects.toMatchObject({
      code: "cloud.unreachable",
      message: expect.stringMatching(/cannot be reached: no answer within 0\.02 s\. The address is that of cloud test/),
    });
    const gone = await FakeCloud.start();
    await gone.stop();
    await expect(logIn({ authUrl: gone.url })).rejects.toThrow(`${gone.url} cannot be reached: ECONNREFUSED.`);
  });
});
