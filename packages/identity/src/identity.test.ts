import { connectDatabase, type Database, frameworkMigrations, Migrator } from "@kilonova/database";
import { type TestDatabase, testDatabase } from "@kilonova/database/testing";
import { WebListener } from "@kilonova/http";
import { RequestContext } from "@kilonova/messaging";
import { injectionsOf, silentLogger } from "@kilonova/plugin-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootstrapIdentity, IdentityManager, IdentityWeb, identityMigrations, identityOptions } from "./index.js";

let now = Date.UTC(2030, 0, 1);
const clock = { now: () => now, sleep: () => Promise.reject(new Error("unused")) };
const settings = identityOptions.schema.parse({ tokenLifetime: "1h" });

let store: TestDatabase;
let database: Database;
let web: WebListener;
let manager: IdentityManager;

beforeAll(async () => {
  store = await testDatabase();
  await new Migrator(store.url, [frameworkMigrations, identityMigrations]).migrate();
  database = await connectDatabase({
    url: store.url,
    applicationName: "test",
    poolSize: 5,
    connectTimeout: 10_000,
    statementTimeout: 10_000,
  });
  await bootstrapIdentity(database, {
    users: [
      { name: "admin", password: "admin-secret", projectName: "admin", roles: ["admin"] },
      { name: "ann", password: "ann-secret", projectName: "demo", roles: ["member", "reader"] },
    ],
    region: "RegionOne",
    endpoints: [{ type: "identity", name: "keystone", url: "http://cloud.example.org/identity/v3" }],
  });
  web = new WebListener(
    {
      host: "127.0.0.1",
      port: 0,
      publicEndpoint: "http://cloud.example.org",
      logger: silentLogger,
      checkReplies: true,
    },
    [new IdentityWeb(database, clock, settings).webService()],
  );
  manager = new IdentityManager(database, clock, settings);
});

afterAll(async () => {
  await web.stop(1_000);
  await database.$client.end();
  await store.drop();
});

type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

async function call(
  method: Method,
  path: string,
  token?: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const answer = await web.inject({
    method,
    url: `/identity/v3${path}`,
    headers: { ...(token === undefined ? {} : { "x-auth-token": token }), ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  return {
    status: answer.statusCode,
    token: answer.headers["x-subject-token"] as string,
    body: answer.body === "" ? undefined : JSON.parse(answer.body),
  };
}

const inDefault = { id: "default" };
const byPassword = (name: string, password: string) => ({
  methods: ["password"],
  password: { user: { name, domain: inDefault, password } },
});

function logIn(name: string, password: string, project?: string) {
  const scope = project === undefined ? {} : { scope: { project: { name: project, domain: { name: "Default" } } } };
  return call("POST", "/auth/tokens", undefined, { auth: { identity: byPassword(name, password), ...scope } });
}

async function adminToken(): Promise<string> {
  return (await logIn("admin", "admin-secret", "admin")).token;
}

test("a password gets a token for a project, with roles and the catalog, which every process knows", async () => {
  const { status, token, body } = await logIn("ann", "ann-secret", "demo");
  expect(status).toBe(201);
  expect(body.token).toMatchObject({
    methods: ["password"],
    user: { name: "ann", domain: { id: "default", name: "Default" } },
    project: { name: "demo", domain: { id: "default", name: "Default" } },
    expires_at: "2030-01-01T01:00:00.000000Z",
  });
  expect(body.token.roles.map((role: { name: string }) => role.name)).toEqual(["member", "reader"]);
  expect(body.token.catalog[0]).toMatchObject({ type: "identity", name: "keystone" });
  expect(body.token.catalog[0].endpoints).toHaveLength(3);

  expect(await manager.validateToken(new RequestContext(), { token })).toMatchObject({
    ok: true,
    value: { userName: "ann", projectName: "demo", roles: ["member", "reader"], expiresAt: "2030-01-01T01:00:00.000Z" },
  });
  const shown = await call("GET", "/auth/tokens?nocatalog", token, undefined, { "x-subject-token": token });
  expect([shown.status, shown.body.token.catalog]).toEqual([200, undefined]);
});

test("who is wrong in anything is told the same", async () => {
  const wrong = [
    await logIn("ann", "wrong", "demo"),
    await logIn("nobody", "ann-secret", "demo"),
    await logIn("ann", "ann-secret", "admin"),
    await logIn("ann", "ann-secret", "nowhere"),
  ];
  for (const { status, token } of wrong) expect([status, token]).toEqual([401, undefined]);
  expect(new Set(wrong.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(wrong[0]?.body.error).toMatchObject({ code: 401, title: "Unauthorized" });
});

test("a body that makes no sense is a 400", async () => {
  for (const body of [
    {},
    { auth: {} },
    { auth: { identity: { methods: ["password"] } } },
    { auth: { identity: { methods: [] } } },
  ]) {
    expect((await call("POST", "/auth/tokens", undefined, body)).status).toBe(400);
  }
});

test("a token makes another, for another project or none, which ends with the first", async () => {
  const first = await logIn("ann", "ann-secret", "demo");
  now += 60_000;
  const identity = { methods: ["token"], token: { id: first.token } };
  const unscoped = await call("POST", "/auth/tokens", undefined, { auth: { identity, scope: "unscoped" } });
  expect(unscoped.status).toBe(201);
  expect(unscoped.body.token.project).toBeUndefined();
  expect(unscoped.body.token.expires_at).toBe(first.body.token.expires_at);
  expect(unscoped.body.token.audit_ids[1]).toBe(first.body.token.audit_ids[0]);
  expect(unscoped.body.token.methods.sort()).toEqual(["password", "token"]);

  const projects = await call("GET", "/auth/projects", unscoped.token);
  expect(projects.body.projects.map((project: { name: string }) => project.name)).toEqual(["demo"]);
});

test("a token ends with its time, by being revoked, with its user's password and with its role", async () => {
  const token = async () => (await logIn("ann", "ann-secret", "demo")).token;
  const isGood = async (text: string) => (await manager.validateToken(new RequestContext(), { token: text })).ok;

  const old = await token();
  now += 3_599_999;
  expect(await isGood(old)).toBe(true);
  now += 1;
  expect(await isGood(old)).toBe(false);

  const revoked = await token();
  const other = await token();
  expect((await call("DELETE", "/auth/tokens", revoked, undefined, { "x-subject-token": revoked })).status).toBe(204);
  expect([await isGood(revoked), await isGood(other)]).toEqual([false, true]);
  expect((await call("GET", "/auth/projects", revoked)).status).toBe(401);
  await manager.forgetExpiredRevocations();
  expect(await isGood(revoked)).toBe(false);

  now += 1;
  const { body } = await call("GET", "/auth/tokens", other, undefined, { "x-subject-token": other });
  const password = { user: { original_password: "ann-secret", password: "ann-secret-2" } };
  expect((await call("POST", `/users/${body.token.user.id}/password`, other, password)).status).toBe(204);
  expect(await isGood(other)).toBe(false);
  expect((await logIn("ann", "ann-secret", "demo")).status).toBe(401);
  const admin = await adminToken();
  await call("PATCH", `/users/${body.token.user.id}`, admin, { user: { password: "ann-secret" } });

  now += 1;
  const fresh = await token();
  const roles = (await call("GET", "/roles", admin)).body.roles as { id: string; name: string }[];
  const grants = `/projects/${body.token.project.id}/users/${body.token.user.id}/roles`;
  for (const { id } of roles) await call("DELETE", `${grants}/${id}`, admin);
  expect(await isGood(fresh)).toBe(false);
  for (const { id, name } of roles)
    if (name === "member" || name === "reader") await call("PUT", `${grants}/${id}`, admin);
  expect(await isGood(fresh)).toBe(true);
});

test("text that is no token is refused like any other", async () => {
  for (const token of ["x", "a".repeat(300), "gAAAAA"]) {
    expect(await manager.validateToken(new RequestContext(), { token })).toMatchObject({
      ok: false,
      refusal: "invalidToken",
    });
  }
});

test("an administrator keeps users, projects, roles and who has which", async () => {
  const admin = await adminToken();
  const project = (await call("POST", "/projects", admin, { project: { name: "lab", description: "d" } })).body.project;
  expect(project).toMatchObject({ name: "lab", domain_id: "default", enabled: true });
  expect((await call("POST", "/projects", admin, { project: { name: "lab" } })).status).toBe(409);
  const user = (
    await call("POST", "/users", admin, { user: { name: "bob", password: "bob-secret", email: "b@example.org" } })
  ).body.user;
  expect(JSON.stringify(user)).not.toContain("secret");
  expect((await call("POST", "/users", admin, { user: { name: "bob" } })).status).toBe(409);
  const role = (await call("POST", "/roles", admin, { role: { name: "keeper" } })).body.role;

  const grant = `/projects/${project.id}/users/${user.id}/roles/${role.id}`;
  expect((await call("HEAD", grant, admin)).status).toBe(404);
  expect((await call("PUT", grant, admin)).status).toBe(204);
  expect((await call("PUT", grant, admin)).status).toBe(204);
  expect((await call("HEAD", grant, admin)).status).toBe(204);
  expect((await call("GET", grant, admin)).status).toBe(204);
  const assignments = await call("GET", `/role_assignments?user.id=${user.id}&include_names=True&effective`, admin);
  expect(assignments.body.role_assignments).toMatchObject([
    {
      role: { name: "keeper" },
      user: { name: "bob", domain: { name: "Default" } },
      scope: { project: { name: "lab" } },
    },
  ]);
  expect((await logIn("bob", "bob-secret", "lab")).status).toBe(201);

  const update = { project: { name: "laboratory", enabled: false } };
  expect((await call("PATCH", `/projects/${project.id}`, admin, update)).body.project).toMatchObject({
    ...update.project,
    description: "d",
  });
  expect((await call("PATCH", `/projects/${project.id}`, admin, { project: { name: "demo" } })).status).toBe(409);
  expect((await logIn("bob", "bob-secret", "laboratory")).status).toBe(401);
  expect((await call("GET", "/users?name=bob", admin)).body.users).toHaveLength(1);
  expect((await call("DELETE", `/users/${user.id}`, admin)).status).toBe(204);
  expect((await call("DELETE", `/users/${user.id}`, admin)).status).toBe(404);
  expect((await call("DELETE", `/projects/${project.id}`, admin)).status).toBe(204);
  expect(
    (await call("GET", "/role_assignments", admin)).body.role_assignments.map(
      (one: { role: { id: string } }) => one.role.id,
    ),
  ).not.toContain(role.id);
});

test("an ordinary user sees himself and nobody else", async () => {
  const { token, body } = await logIn("ann", "ann-secret", "demo");
  expect((await call("GET", `/users/${body.token.user.id}`, token)).status).toBe(200);
  expect((await call("GET", `/projects/${body.token.project.id}`, token)).status).toBe(200);
  expect((await call("GET", `/users/${body.token.user.id}/projects`, token)).body.projects).toHaveLength(1);
  for (const path of ["/users", "/projects", "/users/other", "/projects/other", "/role_assignments", "/endpoints"]) {
    expect((await call("GET", path, token)).status).toBe(403);
  }
  expect((await call("POST", "/users", token, { user: { name: "x" } })).status).toBe(403);
  const foreign = await adminToken();
  expect((await call("GET", "/auth/tokens", token, undefined, { "x-subject-token": foreign })).status).toBe(403);
  expect((await call("GET", "/auth/tokens", foreign, undefined, { "x-subject-token": token })).status).toBe(200);
  expect((await call("GET", "/auth/tokens", foreign, undefined, { "x-subject-token": "none" })).status).toBe(404);
});

test("the catalog can be read by service, endpoint and region", async () => {
  const admin = await adminToken();
  const [service] = (await call("GET", "/services?type=identity", admin)).body.services;
  expect(service).toMatchObject({ name: "keystone", enabled: true });
  expect((await call("GET", `/services/${service.id}`, admin)).status).toBe(200);
  const endpoints = (await call("GET", `/endpoints?service_id=${service.id}&interface=public`, admin)).body.endpoints;
  expect(endpoints).toMatchObject([{ region: "RegionOne", url: "http://cloud.example.org/identity/v3" }]);
  expect((await call("GET", "/regions/RegionOne", admin)).status).toBe(200);
  expect((await call("GET", "/domains?name=Default", admin)).body.domains).toMatchObject([{ id: "default" }]);
});

test("bootstrapping again changes addresses, not passwords or ids; two at the same time do no harm", async () => {
  const before = (await logIn("ann", "ann-secret", "demo")).body.token;
  const again = () =>
    bootstrapIdentity(database, {
      users: [{ name: "ann", password: "other", projectName: "demo", roles: ["member"] }],
      region: "RegionOne",
      endpoints: [
        { type: "identity", name: "keystone", url: "http://elsewhere.example.org/identity/v3" },
        { type: "image", name: "glance", url: "http://elsewhere.example.org/image" },
      ],
    });
  await Promise.all([again(), again()]);
  const after = (await logIn("ann", "ann-secret", "demo")).body.token;
  expect([after.user.id, after.project.id]).toEqual([before.user.id, before.project.id]);
  expect(after.catalog.map((entry: { type: string }) => entry.type)).toEqual(["identity", "image"]);
  expect(after.catalog[0].endpoints[0].url).toBe("http://elsewhere.example.org/identity/v3");
});

test("the container can build both classes: each constructor parameter says what it wants, and the defaults name them", () => {
  for (const type of [IdentityManager, IdentityWeb]) expect(injectionsOf(type)).toHaveLength(type.length);
  expect(identityOptions.schema.parse({})).toMatchObject({
    manager: `@kilonova/identity#${IdentityManager.name}`,
    web: `@kilonova/identity#${IdentityWeb.name}`,
    tokenLifetime: 3_600_000,
  });
});

test("the manager makes at its start what the options name; the password of a user who is there stays", async () => {
  const started = (changes: object) =>
    new IdentityManager(database, clock, identityOptions.schema.parse(changes)).initHost();
  const address = "http://later.example.org/compute/v2.1";
  await started({ userPassword: "kilonova-secret", endpoints: { compute: address } });
  await started({ userPassword: "another-secret" });
  const { status, body } = await logIn("kilonova", "kilonova-secret", "kilonova");
  expect(status).toBe(201);
  expect(body.token.roles.map((role: { name: string }) => role.name)).toEqual(["member", "reader"]);
  const compute = body.token.catalog.find((entry: { type: string }) => entry.type === "compute");
  expect(compute).toMatchObject({ name: "nova", endpoints: [{ url: address }, { url: address }, { url: address }] });
  expect((await logIn("kilonova", "another-secret", "kilonova")).status).toBe(401);
});

test("a NUL in a name is refused before the database sees it", async () => {
  const admin = await adminToken();
  expect((await call("POST", "/users", admin, { user: { name: "a\0b" } })).status).toBe(400);
  expect((await call("GET", "/users?name=a%00b", admin)).status).toBe(400);
  expect((await call("GET", "/users/%00", admin)).status).toBe(400);
});

test("the versions are told to anyone", async () => {
  const versions = await web.inject("/identity/");
  expect([versions.statusCode, versions.json().versions.values[0].id]).toEqual([300, "v3.14"]);
  expect((await call("GET", "/")).body.version.links[0].href).toBe("http://cloud.example.org/identity/v3/");
});
