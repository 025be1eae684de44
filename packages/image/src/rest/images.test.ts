import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiClient } from "../testing/api-client.js";
import { type LiveImage, liveImage } from "../testing/live-image.js";

let image: LiveImage;
let ann: ApiClient;
let bob: ApiClient;
let reader: ApiClient;
let admin: ApiClient;

beforeAll(async () => {
  image = await liveImage();
  ann = new ApiClient(image, "ann/alpha/member");
  bob = new ApiClient(image, "bob/beta/member");
  reader = new ApiClient(image, "eve/alpha/reader");
  admin = new ApiClient(image, "root/admins/admin");
});
afterAll(() => image.stop());

describe("creating an image", () => {
  test("answers with all that is known of it, properties beside attributes", async () => {
    const { status, headers, body } = await ann.ask("POST", "/images", {
      name: "cirros ☁",
      disk_format: "qcow2",
      container_format: "bare",
      min_ram: 64,
      tags: ["small", "small"],
      "owner_specified.openstack.md5": "",
      hw_rng_model: "virtio",
    });
    const { id, created_at, updated_at, ...rest } = body as Record<string, unknown>;
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`/v2/images/${id}`);
    expect(String(created_at)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(updated_at).toBe(created_at);
    expect(rest).toEqual({
      name: "cirros ☁",
      status: "queued",
      visibility: "shared",
      owner: "alpha",
      protected: false,
      os_hidden: false,
      disk_format: "qcow2",
      container_format: "bare",
      size: null,
      virtual_size: null,
      checksum: null,
      os_hash_algo: null,
      os_hash_value: null,
      min_disk: 0,
      min_ram: 64,
      tags: ["small"],
      file: `/v2/images/${id}/file`,
      self: `/v2/images/${id}`,
      schema: "/v2/schemas/image",
      "owner_specified.openstack.md5": "",
      hw_rng_model: "virtio",
    });
    expect((await ann.ask("GET", `/images/${id}`)).body).toEqual(body);
  });

  test("takes the id that it is given, once", async () => {
    const id = randomUUID();
    expect(await ann.create({ id })).toBe(id);
    expect((await bob.ask("POST", "/images", { id, name: "another" })).status).toBe(409);
  });

  test.each([
    ["a number for a name", { name: 7 }, 400],
    ["a name too long", { name: "x".repeat(256) }, 400],
    ["a zero byte in a name", { name: "a\u0000b" }, 400],
    ["a format that there is not", { disk_format: "floppy" }, 400],
    ["a negative amount", { min_disk: -1 }, 400],
    ["an amount beyond all bounds", { min_ram: 2 ** 31 }, 400],
    ["a property that is no text", { answer: 42 }, 400],
    ["a zero byte in a property", { answer: "\u0000" }, 400],
    ["half a character in a property", { answer: "\ud800" }, 400],
    ["half a character in a property's name", { "\ud800": "x" }, 400],
    ["an id that is none", { id: "../../etc/passwd" }, 400],
    ["what only the service says", { status: "active" }, 403],
    ["a size", { size: 7 }, 403],
    ["another project's image", { owner: "beta" }, 403],
    ["a public image by an ordinary user", { visibility: "public" }, 403],
    ["too many properties", Object.fromEntries(Array.from({ length: 129 }, (_, index) => [`p${index}`, "x"])), 413],
  ])("refuses %s", async (_what, values, status) => {
    const name = `refused-${randomUUID()}`;
    const answer = await ann.ask("POST", "/images", { name, ...values });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ message: expect.any(String), code: expect.stringMatching(`^${status} `) });
    expect((await admin.ask("GET", `/images?name=${name}`)).body).toMatchObject({ images: [] });
  });

  test("is for members and administrators", async () => {
    expect((await reader.ask("POST", "/images", { name: "x" })).status).toBe(403);
    expect((await admin.ask("POST", "/images", { visibility: "public", owner: "beta" })).body).toMatchObject({
      owner: "beta",
      visibility: "public",
    });
  });
});

describe("who sees an image", () => {
  test("its project and administrators, others only where it is public, or of the community by its id", async () => {
    const mine = await ann.create({ name: "mine" });
    const everybody = await admin.create({ name: "everybody", visibility: "public" });
    const community = await ann.create({ name: "community", visibility: "community" });
    const seen = async (client: ApiClient, query = "") => {
      const { body } = await client.ask("GET", `/images?limit=1000&${query}`);
      return new Set((body as { images: { id: string }[] }).images.map(({ id }) => id));
    };
    expect(await seen(ann)).toContain(mine);
    expect(await seen(admin)).toContain(mine);
    expect(await seen(bob)).not.toContain(mine);
    expect(await seen(bob)).toContain(everybody);
    expect(await seen(bob)).not.toContain(community);
    expect(await seen(bob, "visibility=community")).toContain(community);
    expect(await seen(bob, `id=${community}`)).toContain(community);
    expect((await bob.ask("GET", `/images/${community}`)).status).toBe(200);

    expect((await bob.ask("GET", `/images/${mine}`)).status).toBe(404);
    expect((await bob.ask("DELETE", `/images/${mine}`)).status).toBe(404);
    expect((await bob.patch(mine, { op: "replace", path: "/name", value: "bob's" })).status).toBe(404);
    expect((await bob.ask("PUT", `/images/${mine}/file`, "x")).status).toBe(404);
    expect((await bob.ask("DELETE", `/images/${everybody}`)).status).toBe(403);
    expect((await bob.patch(everybody, { op: "replace", path: "/name", value: "bob's" })).status).toBe(403);
    expect((await reader.ask("GET", `/images/${mine}`)).status).toBe(200);
    expect((await reader.ask("DELETE", `/images/${mine}`)).status).toBe(403);
  });

  test("nobody without a good token", async () => {
    expect((await new ApiClient(image, "forged").ask("GET", "/images")).status).toBe(401);
  });
});

describe("a list", () => {
  const carl = () => new ApiClient(image, "carl/gamma/member");
  const namesIn = ({ body }: { body: unknown }) =>
    (body as { images: { name: string | null }[] }).images.map(({ name }) => name);

  beforeAll(async () => {
    for (const [name, values] of [
      ["delta", { min_disk: 1, tags: ["old", "linux"] }],
      ["alpha", { disk_format: "qcow2", os_distro: "debian" }],
      [null, {}],
      ["charlie", { min_disk: 1, protected: true, tags: ["linux"] }],
      ["bravo", { os_hidden: true }],
    ] as const) {
      await carl().create({ visibility: "private", ...values, name });
    }
  });

  test("goes on page by page, each image once, in whatever order", async () => {
    for (const sort of [
      "sort=name:asc",
      "sort_key=disk_format&sort_key=name&sort_dir=desc",
      "sort=min_disk,size:asc",
      "",
    ]) {
      const whole = namesIn(await carl().ask("GET", `/images?visibility=private&${sort}`));
      expect(whole).toHaveLength(4);
      const found: (string | null)[] = [];
      let path: string | undefined = `/images?visibility=private&limit=1&${sort}`;
      while (path !== undefined) {
        const answer = await carl().ask("GET", path);
        found.push(...namesIn(answer));
        const { next, first } = answer.body as { next?: string; first: string };
        expect(first).not.toContain("marker");
        path = next?.replace(/^\/v2/, "");
      }
      expect(found, sort).toEqual(whole);
    }
    expect(namesIn(await carl().ask("GET", "/images?visibility=private&sort=name:asc"))).toEqual([
      null,
      "alpha",
      "charlie",
      "delta",
    ]);
  });

  test.each([
    ["name=alpha", ["alpha"]],
    ["name=in:alpha,%22delta%22", ["alpha", "delta"]],
    ["disk_format=qcow2", ["alpha"]],
    ["os_distro=debian", ["alpha"]],
    ["os_hidden=True", ["bravo"]],
    ["protected=true", ["charlie"]],
    ["tag=linux", ["charlie", "delta"]],
    ["tag=linux&tag=old", ["delta"]],
    ["status=active", []],
    ["status=queued&min_disk=1", ["charlie", "delta"]],
    ["size_max=10", []],
    ["owner=alpha", []],
    ["created_at=gte:2020-01-01T00:00:00Z&name=alpha", ["alpha"]],
    ["created_at=lt:2020-01-01", []],
    ["limit=0", []],
  ])("with %s", async (query, names) => {
    expect(namesIn(await carl().ask("GET", `/images?visibility=private&sort=name:asc&${query}`))).toEqual(names);
  });

  test.each([
    "limit=-1",
    "limit=x",
    `marker=${randomUUID()}`,
    "marker=%00",
    "sort=colour",
    "sort=name:up",
    "sort=name&sort_key=id",
    "visibility=secret",
    "os_hidden=maybe",
    "size_min=1.5",
    "name=%00",
    "a%00b=c",
    "created_at=yesterday",
    "created_at=near:2020-01-01T00:00:00Z",
  ])("refuses %s", async (query) => {
    expect((await carl().ask("GET", `/images?${query}`)).status).toBe(400);
  });
});

describe("a patch", () => {
  test("adds, replaces and removes, all or nothing", async () => {
    const id = await ann.create({ os_distro: "debian" });
    const { status, body } = await ann.patch(
      id,
      { op: "replace", path: "/name", value: "renamed" },
      { op: "add", path: "/a~1b~0c", value: "new" },
      { op: "replace", path: "/tags", value: ["x"] },
      { op: "remove", path: "/os_distro" },
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: "renamed", "a/b~c": "new", tags: ["x"] });
    expect(body).not.toHaveProperty("os_distro");

    const half = await ann.patch(
      id,
      { op: "replace", path: "/name", value: "again" },
      { op: "replace", path: "/nothing", value: "x" },
    );
    expect(half.status).toBe(409);
    expect((await ann.ask("GET", `/images/${id}`)).body).toMatchObject({ name: "renamed" });
  });

  test.each([
    [{ op: "remove", path: "/nothing" }, 409],
    [{ op: "remove", path: "/name" }, 403],
    [{ op: "replace", path: "/status", value: "active" }, 403],
    [{ op: "replace", path: "/owner", value: "beta" }, 403],
    [{ op: "replace", path: "/visibility", value: "public" }, 403],
    [{ op: "replace", path: "/visibility", value: "secret" }, 400],
    [{ op: "replace", path: "/min_disk", value: "1" }, 400],
    [{ op: "add", path: "/p" }, 400],
    [{ op: "add", path: "/p", value: 1 }, 400],
    [{ op: "add", path: "/tags/0", value: "x" }, 400],
    [{ op: "add", path: "name", value: "x" }, 400],
    [{ op: "move", path: "/name", from: "/p" }, 400],
  ])("refuses %j with %d", async (operation, status) => {
    expect((await ann.patch(await ann.create(), operation)).status).toBe(status);
  });

  test("needs the media type of image patches", async () => {
    const id = await ann.create();
    expect((await ann.ask("PATCH", `/images/${id}`, [{ op: "add", path: "/name", value: "x" }])).status).toBe(415);
  });

  test("leaves the formats of an image with data alone", async () => {
    const id = await ann.create();
    expect((await ann.patch(id, { op: "replace", path: "/disk_format", value: "qcow2" })).status).toBe(200);
    await ann.ask("PUT", `/images/${id}/file`, "bytes");
    expect((await ann.patch(id, { op: "replace", path: "/disk_format", value: "raw" })).status).toBe(403);
  });

  test("of an administrator may make an image public, or another project's", async () => {
    const id = await ann.create();
    const { body } = await admin.patch(
      id,
      { op: "replace", path: "/visibility", value: "public" },
      { op: "replace", path: "/owner", value: "beta" },
    );
    expect(body).toMatchObject({ visibility: "public", owner: "beta" });
  });
});

describe("deleting an image", () => {
  test("removes it with its bytes", async () => {
    const id = await ann.create();
    await ann.ask("PUT", `/images/${id}/file`, "bytes");
    const before = await image.files();
    expect((await ann.ask("DELETE", `/images/${id}`)).status).toBe(204);
    expect(await image.files()).toHaveLength(before.length - 1);
    expect((await ann.ask("GET", `/images/${id}`)).status).toBe(404);
    expect((await ann.ask("DELETE", `/images/${id}`)).status).toBe(404);
  });

  test("is refused while it is protected", async () => {
    const id = await ann.create({ protected: true });
    expect((await ann.ask("DELETE", `/images/${id}`)).status).toBe(403);
    await ann.patch(id, { op: "replace", path: "/protected", value: false });
    expect((await ann.ask("DELETE", `/images/${id}`)).status).toBe(204);
  });
});

test("tags come and go one by one", async () => {
  const id = await ann.create({ tags: ["a"] });
  expect((await ann.ask("PUT", `/images/${id}/tags/b%20c`)).status).toBe(204);
  expect((await ann.ask("PUT", `/images/${id}/tags/a`)).status).toBe(204);
  expect((await ann.ask("GET", `/images/${id}`)).body).toMatchObject({ tags: ["a", "b c"] });
  expect((await ann.ask("DELETE", `/images/${id}/tags/a`)).status).toBe(204);
  expect((await ann.ask("DELETE", `/images/${id}/tags/a`)).status).toBe(404);
  expect((await ann.ask("GET", `/images/${id}`)).body).toMatchObject({ tags: ["b c"] });
});

test("an administrator takes an image out of use, and back into it", async () => {
  const id = await ann.create();
  expect((await admin.ask("POST", `/images/${id}/actions/deactivate`)).status).toBe(403);
  await ann.ask("PUT", `/images/${id}/file`, "bytes");
  expect((await ann.ask("POST", `/images/${id}/actions/deactivate`)).status).toBe(403);
  expect((await admin.ask("POST", `/images/${id}/actions/deactivate`)).status).toBe(204);
  expect((await ann.ask("GET", `/images/${id}/file`)).status).toBe(403);
  expect(await ann.statusOf(id)).toBe("deactivated");
  expect((await admin.ask("POST", `/images/${id}/actions/reactivate`)).status).toBe(204);
  expect((await ann.ask("GET", `/images/${id}/file`)).body).toBe("bytes");
});

test("schemas name every attribute, and say which are read only", async () => {
  const { body } = await ann.ask("GET", "/schemas/image");
  expect(body).toMatchObject({
    name: "image",
    properties: {
      id: { readOnly: true },
      name: { type: ["string", "null"], maxLength: 255 },
      os_hash_value: { readOnly: true },
    },
    additionalProperties: { type: "string" },
  });
  const shown = (await ann.ask("GET", `/images/${await ann.create()}`)).body as object;
  expect(Object.keys((body as { properties: object }).properties).sort()).toEqual(Object.keys(shown).sort());
  expect((await ann.ask("GET", "/schemas/images")).body).toMatchObject({ name: "images" });
});

test("versions are told to anybody", async () => {
  const response = await image.listener.inject("/image");
  expect(response.statusCode).toBe(300);
  expect(response.json()).toMatchObject({
    versions: expect.arrayContaining([
      { id: "v2.9", status: "CURRENT", links: [{ rel: "self", href: `${image.url}/` }] },
      { id: "v2.0", status: "SUPPORTED", links: [{ rel: "self", href: `${image.url}/` }] },
    ]),
  });
});

test("clients learn that there is one store and no import", async () => {
  expect((await ann.ask("GET", "/info/import")).body).toMatchObject({ "import-methods": { value: [] } });
  expect((await ann.ask("GET", "/info/stores")).body).toEqual({ stores: [{ id: "default", default: "true" }] });
});
