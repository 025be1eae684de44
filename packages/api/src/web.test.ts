import { loadConfiguration } from "@kilonova/config";
import { Container, ObjectLoader, SERVICE_RECORDS, servicegroupOptions } from "@kilonova/core";
import { DatabaseServiceRecords, databaseOf } from "@kilonova/database";
import { MemoryTransport, Rpc } from "@kilonova/messaging";
import { CLOCK, LOGGER, RPC, silentLogger, systemClock } from "@kilonova/plugin-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_AVAILABILITY_ZONE } from "./hosts/availability-zones.js";
import { apiOptions } from "./options.js";
import { at, IMAGE, LiveApi, OTHER_PROJECT, PROJECT } from "./testing/live-api.js";
import { ApiWeb } from "./web.js";

let api: LiveApi;
beforeAll(async () => {
  api = await LiveApi.start();
});
afterAll(() => api.stop());

test("a container builds it out of options and tokens", async () => {
  const configuration = await loadConfiguration({ program: "test", argv: [], env: {}, searchFolders: [] });
  configuration.get(servicegroupOptions);
  const made: string[] = [];
  const container = new Container(configuration, new ObjectLoader(import.meta.dirname), (one) =>
    made.push(one.constructor.name),
  );
  const transport = new MemoryTransport();
  container.register(databaseOf("compute"), api.database);
  container.register(DEFAULT_AVAILABILITY_ZONE, "nova");
  container.register(RPC, new Rpc(transport));
  container.register(LOGGER, silentLogger);
  container.register(CLOCK, systemClock);
  container.register(SERVICE_RECORDS, new DatabaseServiceRecords(api.database));

  const service = (await container.build(ApiWeb)).webService();
  expect(service.root).toBe("/compute/v2.1");
  // Whoever is made by the container can have hooks woven round it.
  expect(made).toEqual(["ServerManager", "RecordServiceGroup", "TokenAuthenticator", "ApiWeb"]);
  expect(configuration.get(apiOptions).maxLimit).toBe(1000);
  await transport.close();
});

test("the versions are told to anyone", async () => {
  const unversioned = await api.listener.inject("/compute/");
  expect(unversioned.statusCode).toBe(200);
  const version = {
    id: "v2.1",
    status: "CURRENT",
    version: "2.96",
    min_version: "2.1",
    updated: "2013-07-23T11:33:21Z",
    links: [{ rel: "self", href: "http://cloud.test/compute/v2.1/" }],
  };
  expect(unversioned.json()).toEqual({ versions: [version] });
  expect((await api.get("/", { as: "nobody" })).body).toMatchObject({ version });
});

test("every microversion from the first to the last is answered in the headers, others are a 406", async () => {
  for (let minor = 1; minor <= 96; minor++) {
    const answer = await api.get("/flavors", { version: `2.${minor}` });
    expect(answer.headers["openstack-api-version"]).toBe(`compute 2.${minor}`);
    expect(answer.headers["x-openstack-nova-api-version"]).toBe(`2.${minor}`);
  }
  expect((await api.get("/flavors", { version: "2.97" })).status).toBe(406);
  expect((await api.get("/flavors", { version: "2.x" })).status).toBe(400);
  expect((await api.get("/flavors", { version: "latest" })).headers["openstack-api-version"]).toBe("compute 2.96");
});

test("paths may begin with the token's project, and with no other", async () => {
  expect((await api.get(`/${PROJECT}/flavors`)).status).toBe(200);
  expect((await api.get(`/${OTHER_PROJECT}/flavors`)).status).toBe(400);
});

test("old clients learn what extensions there are", async () => {
  expect((at(await api.get("/extensions"), "extensions") as unknown[]).length).toBeGreaterThan(10);
  expect(at(await api.get("/extensions/os-keypairs"), "extension", "alias")).toBe("os-keypairs");
  expect((await api.get("/extensions/constructor")).status).toBe(404);
});

describe("what is wrong gets OpenStack's own status and body", () => {
  test.each([
    ["no token", "nobody", undefined],
    ["a token that is no good", "nobody", "expired"],
  ] as const)("%s is a 401", async (_, as, token) => {
    const answer = await api.get("/servers", { as, ...(token ? { headers: { "x-auth-token": token } } : {}) });
    expect([answer.status, at(answer, "unauthorized", "code")]).toEqual([401, 401]);
    expect(answer.headers["www-authenticate"]).toMatch(/^Keystone/);
  });

  test.each([
    ["/no-such-thing"],
    ["/servers/x/y/z"],
    ["/os-simple-tenant-usage"],
    ["/os-migrations"],
    ["/servers/1badcafe-0000-4000-8000-000000000001/os-interface"],
  ])("%s, which is not served, is a 404", async (path) => {
    const answer = await api.get(path);
    expect([answer.status, at(answer, "itemNotFound", "code")]).toEqual([404, 404]);
  });

  test("malformed JSON is a 400", async () => {
    const answer = await api.post("/servers", '{"server": ');
    expect([answer.status, at(answer, "badRequest", "code")]).toEqual([400, 400]);
  });

  test("a body that is too large is a 413", async () => {
    const server = { name: "web", imageRef: IMAGE, flavorRef: "1", user_data: "A".repeat(200_000) };
    const answer = await api.post("/servers", { server });
    expect([answer.status, at(answer, "overLimit", "code")]).toEqual([413, 413]);
  });

  test("another media type is a 415", async () => {
    const answer = await api.post("/servers", "<server/>", { headers: { "content-type": "application/xml" } });
    expect([answer.status, at(answer, "badMediaType", "code")]).toEqual([415, 415]);
  });

  test("all of it carries the request's id", async () => {
    const answer = await api.get("/servers/nope");
    expect(answer.headers["x-openstack-request-id"]).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(answer.headers["x-compute-request-id"]).toBe(answer.headers["x-openstack-request-id"]);
  });

  test("a service that does not answer is a 503", async () => {
    const lonely = await LiveApi.start();
    try {
      await lonely.peers.leave("image");
      const answer = await lonely.post("/servers", { server: { name: "web", imageRef: IMAGE, flavorRef: "1" } });
      expect([answer.status, at(answer, "serviceUnavailable", "code")]).toEqual([503, 503]);
    } finally {
      await lonely.stop();
    }
  });
});
