import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { KilonovaError, RequestContext } from "@kilonova/messaging";
import { Authenticator, type RequestHeaders, silentLogger } from "@kilonova/plugin-api";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  ApiFault,
  admin,
  adminOrOwner,
  byVersion,
  computeDiscovery,
  computeFaults,
  declareRoute,
  fault,
  type Reply,
  type RouteRequest,
  route,
  WebListener,
  type WebService,
} from "./index.js";

/** Takes `X-Auth-Token: USER/PROJECT[/ROLE]`. */
class PlainAuthenticator extends Authenticator {
  override async authenticate(headers: RequestHeaders, base: RequestContext) {
    const token = headers["x-auth-token"];
    if (typeof token !== "string") return undefined;
    const [userId, projectId, role] = token.split("/");
    if (!userId || !projectId) return "invalid" as const;
    return new RequestContext({
      ...base.fields(),
      userId,
      projectId,
      roles: role ? [role] : [],
      isAdmin: role === "admin",
    });
  }
}

const thing = z.object({ id: z.string(), name: z.string() });
const page = z.object({ limit: z.int().min(0).optional(), tag: z.array(z.string()).optional() });

const listThings = declareRoute({
  method: "GET",
  path: "/things",
  policy: "things:list",
  query: byVersion({ "2.1": page, "2.75": z.strictObject(page.shape) }),
  replies: { 200: z.object({ things: z.array(thing), query: z.looseObject({}), next: z.string() }) },
});
const createThing = declareRoute({
  method: "POST",
  path: "/things",
  policy: "things:create",
  body: byVersion({
    "2.1": z.object({ thing: z.object({ name: z.string().min(1).max(255) }) }),
    "2.19": z.object({ thing: z.object({ name: z.string().min(1).max(255), description: z.string().optional() }) }),
  }),
  replies: { 202: z.object({ thing: z.looseObject({ name: z.string() }) }) },
});
const showOld = declareRoute({
  method: "GET",
  path: "/things/{thing_id}",
  versions: { to: "2.9" },
  policy: "things:show",
  replies: { 200: z.object({ old: z.string() }) },
});
const showNew = declareRoute({
  method: "GET",
  path: "/things/{thing_id}",
  versions: { from: "2.10", to: "2.50" },
  policy: "things:show",
  replies: { 200: z.object({ new: z.string() }) },
});
const startThing = declareRoute({
  method: "POST",
  path: "/things/{thing_id}/action",
  action: "os-start",
  policy: "things:start",
  body: z.object({ "os-start": z.null() }),
  replies: { 202: null },
});
const lockThing = declareRoute({
  method: "POST",
  path: "/things/{thing_id}/action",
  action: "lock",
  policy: "things:lock",
  body: z.object({ lock: z.object({ reason: z.string() }).nullable() }),
  replies: { 202: null },
});
const upload = declareRoute({
  method: "PUT",
  path: "/things/{thing_id}/file",
  policy: "things:create",
  bodyStream: true,
  replies: { 200: z.object({ read: z.string() }) },
});
const download = declareRoute({
  method: "GET",
  path: "/things/{thing_id}/file",
  policy: "public",
  replies: { 200: "bytes" },
});
const fail = declareRoute({
  method: "GET",
  path: "/failures/{kind}",
  policy: "authenticated",
  replies: { 200: z.object({}) },
});

class Things {
  @route(listThings)
  async list(request: RouteRequest<typeof listThings>): Promise<Reply<typeof listThings>> {
    return {
      status: 200,
      body: { things: [], query: request.query, next: request.links.to(`/things?${request.queryText}`) },
    };
  }

  @route(createThing)
  async create({ body }: RouteRequest<typeof createThing>): Promise<Reply<typeof createThing>> {
    return { status: 202, body, headers: { location: "elsewhere" } };
  }

  @route(showOld)
  async showOld({ params }: RouteRequest<typeof showOld>): Promise<Reply<typeof showOld>> {
    if (params.thing_id === "none") return fault(404, "Thing none could not be found.");
    return { status: 200, body: { old: params.thing_id } };
  }

  @route(showNew)
  async showNew({ params, policy }: RouteRequest<typeof showNew>): Promise<Reply<typeof showNew>> {
    policy.authorize("things:show", { projectId: params.thing_id });
    return { status: 200, body: { new: params.thing_id } };
  }

  @route(startThing)
  async start(): Promise<Reply<typeof startThing>> {
    return { status: 202 };
  }

  @route(lockThing)
  async lock(): Promise<Reply<typeof lockThing>> {
    return { status: 202 };
  }

  @route(upload)
  async upload({ body }: RouteRequest<typeof upload>): Promise<Reply<typeof upload>> {
    return { status: 200, body: { read: await text(body) } };
  }

  @route(download)
  async download(): Promise<Reply<typeof download>> {
    return { status: 200, body: Readable.from(["one ", "two"]), headers: { "content-md5": "abc" } };
  }

  @route(fail)
  async fail({ params }: RouteRequest<typeof fail>): Promise<Reply<typeof fail>> {
    if (params.kind === "veto") throw new KilonovaError("hook.vetoed", "Not on Sundays.");
    if (params.kind === "silence") throw new KilonovaError("rpc.noListener", "Nobody listens on secret.");
    if (params.kind === "fault") throw new ApiFault(409, "It is busy.");
    throw new Error("the password is swordfish");
  }
}

const allowed = () => true;

function service(changes: Partial<WebService> = {}): WebService {
  return {
    name: "things",
    root: "/thing/v2.1",
    controllers: [new Things()],
    faultStyle: computeFaults,
    microversions: { serviceType: "compute", min: "2.1", max: "2.96", legacyHeader: "X-OpenStack-Nova-API-Version" },
    authenticators: [new PlainAuthenticator()],
    policies: {
      "things:list": allowed,
      "things:create": allowed,
      "things:show": adminOrOwner,
      "things:start": adminOrOwner,
      "things:lock": admin,
    },
    discovery: computeDiscovery({ id: "v2.1", min: "2.1", max: "2.96", updated: "2030-01-01T00:00:00Z" }),
    projectInPath: true,
    requestIdHeader: "x-compute-request-id",
    ...changes,
  };
}

function listener(changes: Partial<WebService> = {}): WebListener {
  const options = {
    host: "127.0.0.1",
    port: 0,
    publicEndpoint: "https://cloud.example.org/",
    authenticateUri: "https://cloud.example.org/identity/v3",
    logger: silentLogger,
    checkReplies: true,
  };
  return new WebListener(options, [service(changes)]);
}

const web = listener();
const user = { "x-auth-token": "ann/abc" };

async function call(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
) {
  const answer = await web.inject({
    method,
    url: `/thing${path}`,
    headers: { ...user, ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: answer.body === "" ? undefined : JSON.parse(answer.body),
  };
}

test("the query becomes what its schema says, unknown names go unseen or are refused as the version has it", async () => {
  const old = await call("GET", "/v2.1/things?limit=7&tag=a&other=1");
  expect(old.body.query).toEqual({ limit: 7, tag: ["a"] });
  expect((await call("GET", "/v2.1/things?tag=a&tag=b")).body.query).toEqual({ tag: ["a", "b"] });

  const latest = await call("GET", "/v2.1/things?other=1", { "openstack-api-version": "compute latest" });
  expect(latest.status).toBe(400);
  expect(latest.body.badRequest.message).toContain('"other"');
  for (const limit of ["x", "-1", "1.5", ""])
    expect((await call("GET", `/v2.1/things?limit=${limit}`)).status).toBe(400);
});

test("links come from the public endpoint, whatever the request says of its host", async () => {
  const { body } = await call("GET", "/v2.1/things?limit=1", { host: "evil.example.org" });
  expect(body.next).toBe("https://cloud.example.org/thing/v2.1/things?limit=1");
});

test("the body is checked against the schema of the version", async () => {
  const withDescription = { thing: { name: "a", description: "b" } };
  expect((await call("POST", "/v2.1/things", {}, { thing: { name: "a" } })).status).toBe(202);
  const refused = await call("POST", "/v2.1/things", {}, withDescription);
  expect(refused.status).toBe(400);
  expect(refused.body).toEqual({
    badRequest: { code: 400, message: 'Invalid input: thing has the unknown property "description".' },
  });
  const taken = await call("POST", "/v2.1/things", { "openstack-api-version": "compute 2.19" }, withDescription);
  expect(taken.status).toBe(202);
  expect(taken.headers["location"]).toBe("elsewhere");
  expect((await call("POST", "/v2.1/things")).status).toBe(400);
});

test("a body that is no JSON, too long or of another type has its own status", async () => {
  const json = { "content-type": "application/json" };
  expect((await call("POST", "/v2.1/things", json, "{oops")).status).toBe(400);
  expect((await call("POST", "/v2.1/things", json, '{"__proto__": {}}')).status).toBe(400);
  expect((await call("POST", "/v2.1/things", json, '{"\\u005f_proto__": {}}')).status).toBe(400);
  expect((await call("POST", "/v2.1/things", { "content-type": "text/xml" }, "<a/>")).status).toBe(415);
  const long = await call("POST", "/v2.1/things", json, JSON.stringify({ thing: { name: "x".repeat(120_000) } }));
  expect(long.status).toBe(413);
  expect(long.body.overLimit.code).toBe(413);
});

test("a NUL is refused wherever it stands, before any database sees it", async () => {
  const json = { "content-type": "application/json" };
  expect((await call("POST", "/v2.1/things", json, '{"thing": {"name": "a\\u0000b"}}')).status).toBe(400);
  expect((await call("POST", "/v2.1/things", json, '{"thing": {"name": "a\\\\u0000b"}}')).status).toBe(202);
  expect((await call("GET", "/v2.1/things?tag=%00")).status).toBe(400);
  expect((await call("GET", "/v2.1/things/a%00")).status).toBe(400);
});

test("half of a character is refused, a whole one in two halves is not", async () => {
  const named = (name: string) =>
    call("POST", "/v2.1/things", { "content-type": "application/json" }, `{"thing": {"name": "${name}"}}`);
  for (const name of ["a\\ud83d", "\\uDE00a", "\\ude00\\ud83d"]) expect((await named(name)).status).toBe(400);
  const whole = await named("\\ud83d\\ude00");
  expect([whole.status, whole.body.thing.name]).toEqual([202, "\u{1f600}"]);
});

test("a body that is nested without end is refused in words", async () => {
  const deep = (levels: number) => `{"thing": {"name": "a", "more": ${"[".repeat(levels)}${"]".repeat(levels)}}}`;
  const json = { "content-type": "application/json" };
  expect((await call("POST", "/v2.1/things", json, deep(62))).body.badRequest.message).toContain("unknown property");
  for (const levels of [63, 50_000]) {
    const refused = await call("POST", "/v2.1/things", json, deep(levels));
    const message = "Malformed request body: it is nested more than 64 deep.";
    expect(refused.body).toEqual({ badRequest: { code: 400, message } });
  }
});

test("a request without a body may say anything of its type", async () => {
  expect((await call("GET", "/v2.1/things", { "content-type": "text/xml" })).status).toBe(200);
});

test("the version is agreed on and told, by the new header and the old one", async () => {
  const headers = async (sent: Record<string, string>) => (await call("GET", "/v2.1/things", sent)).headers;
  expect(await headers({})).toMatchObject({
    "openstack-api-version": "compute 2.1",
    "x-openstack-nova-api-version": "2.1",
    vary: "OpenStack-API-Version, X-OpenStack-Nova-API-Version",
  });
  expect(await headers({ "x-openstack-nova-api-version": "2.30" })).toMatchObject({
    "openstack-api-version": "compute 2.30",
  });
  expect(await headers({ "openstack-api-version": "volume 3.1, compute 2.40" })).toMatchObject({
    "openstack-api-version": "compute 2.40",
  });
  expect(await headers({ "openstack-api-version": "compute latest" })).toMatchObject({
    "openstack-api-version": "compute 2.96",
  });
  for (const bad of ["2", "2.01", "two", "02.1"]) {
    expect((await call("GET", "/v2.1/things", { "openstack-api-version": `compute ${bad}` })).status).toBe(400);
  }
  for (const other of ["2.97", "3.1", "1.9"]) {
    expect((await call("GET", "/v2.1/things", { "openstack-api-version": `compute ${other}` })).status).toBe(406);
  }
});

test("routes share a path by version, and are not there outside their versions", async () => {
  const show = (version: string) => call("GET", "/v2.1/things/abc", { "openstack-api-version": `compute ${version}` });
  expect((await show("2.9")).body).toEqual({ old: "abc" });
  expect((await show("2.10")).body).toEqual({ new: "abc" });
  expect((await show("2.51")).status).toBe(404);
});

test("an action is found by the key of the body", async () => {
  const act = (body: unknown, token = "ann/abc") =>
    call("POST", "/v2.1/things/7/action", { "x-auth-token": token }, body);
  expect((await act({ "os-start": null })).status).toBe(202);
  expect((await act({ "os-start": {} })).status).toBe(400);
  expect((await act({ lock: null })).status).toBe(403);
  expect((await act({ lock: { reason: "r" } }, "root/abc/admin")).status).toBe(202);
  expect((await act({ explode: null })).body.badRequest.message).toContain("explode");
  expect((await act({ "os-start": null, lock: null }, "root/abc/admin")).status).toBe(400);
  expect((await act([])).status).toBe(400);
});

test("who is nobody gets a 401, before the body is looked at; a public route asks nobody", async () => {
  const answer = await call("POST", "/v2.1/things", { "x-auth-token": "bad" }, {});
  expect(answer.status).toBe(401);
  expect(answer.headers["www-authenticate"]).toBe('Keystone uri="https://cloud.example.org/identity/v3"');
  expect(answer.body.unauthorized.code).toBe(401);

  const file = await web.inject({ method: "GET", url: "/thing/v2.1/things/7/file" });
  expect([file.statusCode, file.body, file.headers["content-md5"]]).toEqual([200, "one two", "abc"]);
});

test("a rule is asked again by the handler, with what it has loaded", async () => {
  const show = (id: string) => call("GET", `/v2.1/things/${id}`, { "openstack-api-version": "compute 2.10" });
  expect((await show("abc")).status).toBe(200);
  const refused = await show("def");
  expect(refused.status).toBe(403);
  expect(refused.body.forbidden.message).toContain("things:show");
});

test("a path may begin with the token's project, no other", async () => {
  expect((await call("GET", "/v2.1/abc/things/7")).body).toEqual({ old: "7" });
  expect((await call("GET", "/v2.1/def/things/7")).status).toBe(400);
});

test("a returned refusal, an unknown path and another method are told in the web service's words", async () => {
  expect((await call("GET", "/v2.1/things/none")).body).toEqual({
    itemNotFound: { code: 404, message: "Thing none could not be found." },
  });
  expect((await call("GET", "/v2.1/nothing/here")).body.itemNotFound.code).toBe(404);
  expect((await call("GET", "/nothing")).body.itemNotFound.code).toBe(404);
  const other = await call("DELETE", "/v2.1/things");
  expect([other.status, other.headers["allow"], other.body.badMethod.code]).toEqual([405, "GET, POST", 405]);
  expect((await call("GET", "/v2.1/things/%zz")).status).toBe(400);
  expect((await call("GET", `/v2.1/things/${"x".repeat(2_000)}`)).body.computeFault.code).toBe(414);
});

test("every answer tells the request's id, failures too", async () => {
  for (const path of ["/v2.1/things", "/v2.1/nothing", "/v2.1/failures/other", "/v2.1/"]) {
    const { headers } = await call("GET", path, { "x-openstack-request-id": "req-mine" });
    expect(headers["x-openstack-request-id"]).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(headers["x-compute-request-id"]).toBe(headers["x-openstack-request-id"]);
  }
});

test("a veto is a 403, a silent peer a 503, a bug a 500 that tells nothing", async () => {
  const failure = (kind: string) => call("GET", `/v2.1/failures/${kind}`);
  expect((await failure("veto")).body).toEqual({ forbidden: { code: 403, message: "Not on Sundays." } });
  expect((await failure("fault")).status).toBe(409);
  expect((await failure("silence")).status).toBe(503);
  const bug = await failure("bug");
  expect(bug.status).toBe(500);
  expect(JSON.stringify(bug.body)).not.toContain("swordfish");
  expect(bug.body.computeFault.message).toContain(bug.headers["x-openstack-request-id"]);
});

test("a streamed body has no limit but its handler's", async () => {
  const bytes = "y".repeat(500_000);
  const answer = await call("PUT", "/v2.1/things/7/file", { "content-type": "application/octet-stream" }, bytes);
  expect(answer.body.read).toHaveLength(bytes.length);
  expect((await call("PUT", "/v2.1/things/7/file", { "content-type": "application/json" }, "{}")).status).toBe(415);
});

test("the versions are told to anyone", async () => {
  const versions = await web.inject("/thing");
  expect(versions.json().versions[0]).toMatchObject({
    id: "v2.1",
    version: "2.96",
    min_version: "2.1",
    status: "CURRENT",
  });
  const one = await web.inject("/thing/v2.1/");
  expect(one.json().version.links).toEqual([{ rel: "self", href: "https://cloud.example.org/thing/v2.1/" }]);
});

test("a catch-all answers what no route does, to who is somebody", async () => {
  const catching = listener({
    catchAll: async ({ method, path, context }) => ({ status: 418, body: { method, path, user: context.userId } }),
  });
  const answer = await catching.inject({ method: "GET", url: "/thing/v2.1/old/proxy?x=1", headers: user });
  expect([answer.statusCode, answer.json()]).toEqual([418, { method: "GET", path: "/old/proxy", user: "ann" }]);
  expect((await catching.inject("/thing/v2.1/old/proxy")).statusCode).toBe(401);
});

test("a declaration that is wrong is refused when it is mounted", () => {
  class Twice {
    @route({ ...showOld, versions: { to: "2.20" } })
    async one(): Promise<never> {
      throw new Error("never called");
    }
    @route(showNew)
    async two(): Promise<never> {
      throw new Error("never called");
    }
  }
  class Ruleless {
    @route({ ...showOld, policy: "things:forgotten" })
    async one(): Promise<never> {
      throw new Error("never called");
    }
  }
  class Changing {
    @route({ ...startThing, body: z.object({ "os-start": z.string().transform(Number) }) })
    async one(): Promise<never> {
      throw new Error("never called");
    }
  }
  expect(() => listener({ controllers: [new Twice()] })).toThrow("declared twice");
  expect(() => listener({ controllers: [new Ruleless()] })).toThrow('no policy "things:forgotten"');
  expect(() => listener({ controllers: [new Changing()] })).toThrow("no wire schema");
  expect(() => listener({ controllers: [{}] })).toThrow("has no routes");
});

test("a handler that answers what is not declared does not compile", () => {
  class Wrong {
    // @ts-expect-error 201 is not among the replies
    @route(startThing)
    async one(): Promise<{ status: 201 }> {
      return { status: 201 };
    }
    // @ts-expect-error the path has no such parameter
    @route(startThing)
    async two(_request: { params: { other: string } }): Promise<Reply<typeof startThing>> {
      return { status: 202 };
    }
  }
  expect(new Wrong()).toBeDefined();
});
