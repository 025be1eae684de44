import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FakeCloud } from "../testing/fake-cloud.js";
import { PLACED, REFUSED, SERVER } from "../testing/fixture-decision.js";
import { runHere } from "../testing/run-here.js";
import { signedIn } from "../testing/signed-in.js";

const ADMIN = "/compute/kilonova/scheduler";
let cloud: FakeCloud;
let end: () => Promise<void>;

beforeEach(async () => {
  ({ cloud, end } = await signedIn());
  const named = (query: string) => ({ servers: query === "web-1" ? [{ id: SERVER, name: "web-1" }] : [] });
  cloud.answers.set("GET /compute/servers", [200, named("web-1")]);
});
afterEach(() => end());

const scheduler = (...argv: readonly string[]) => runHere("scheduler", ...argv);
/** What was asked last: method, path with its query, and body. */
const lastAsked = () => {
  const { method, path, body } = cloud.seen.at(-1) ?? {};
  return { asked: `${method} ${decodeURIComponent(path ?? "")}`, body };
};

describe("kilonova scheduler explain", () => {
  it("finds a server by its exact name in all projects, and explains the newest decision about it", async () => {
    cloud.answers.set(`GET ${ADMIN}/servers/${SERVER}/decision`, [200, { decision: PLACED }]);
    const { exitCode, stdout } = await scheduler("explain", "web-1");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Server {5}web-1 \(0c7a1b3e/);
    expect(stdout).toContain("\nChosen     host1 (host1.rack2.example.org)\n");
    expect(decodeURIComponent(cloud.seen[1]?.path ?? "")).toBe("/compute/servers?name=^web-1$&all_tenants=1");
    expect(JSON.parse((await scheduler("explain", "web-1", "--json")).stdout)).toEqual(PLACED);
  });

  it("explains a server that is gone by its id", async () => {
    cloud.answers.set(`GET ${ADMIN}/servers/${SERVER}/decision`, [200, { decision: REFUSED }]);
    expect((await scheduler("explain", SERVER)).stdout).toMatch(new RegExp(`^Server {5}${SERVER}\n`));
  });

  it.each([
    [[], "web.1", /^There is no server named web\.1\. One that was deleted is found by its id alone\.$/],
    [[{ id: "a", name: "WEB" }], "web", /^There is no server named web\./],
    [
      [
        { id: "a", name: "web" },
        { id: "b", name: "web" },
      ],
      "web",
      /^2 servers are named web; say which by its id: a, b\.$/,
    ],
  ])("says so where the name leads to no one server: %j, %s", async (servers, name, message) => {
    cloud.answers.set("GET /compute/servers", [200, { servers }]);
    await expect(scheduler("explain", name)).rejects.toThrow(message);
  });

  it("says so where nothing was decided", async () => {
    await expect(scheduler("explain", SERVER)).rejects.toMatchObject({ code: "cloud.refused" });
  });
});

describe("kilonova scheduler decisions", () => {
  it("lists what is asked for, with what users were told", async () => {
    cloud.answers.set(`GET ${ADMIN}/decisions`, [200, { decisions: [PLACED, REFUSED] }]);
    const { stdout } = await scheduler("decisions", "--outcome", "placed", "--since", "2026-01-01", "--limit", "2");
    expect(stdout.split("\n")).toEqual([
      "AT (UTC)             OUTCOME        SERVER                                     MS  HOST",
      `2026-03-01 12:34:56  placed         ${SERVER} +1  3.46  host1, host2`,
      `2026-03-01 12:34:56  no-valid-host  ${SERVER}     3.46`,
      expect.stringMatching(/^ {2}No valid host was found: .*…$/),
    ]);
    expect(lastAsked().asked).toBe(`GET ${ADMIN}/decisions?outcome=placed&since=2026-01-01&limit=2`);
    await scheduler("decisions", "--server", "web-1", "--since", "1h");
    expect(lastAsked().asked).toMatch(new RegExp(`server_id=${SERVER}&since=20\\d\\d-[^&]*Z&limit=20$`));
  });

  it("says so where there are none", async () => {
    cloud.answers.set(`GET ${ADMIN}/decisions`, [200, { decisions: [] }]);
    expect((await scheduler("decisions")).stdout).toBe("There is no such decision.");
    expect((await scheduler("decisions", "--json")).stdout).toBe("[]");
  });

  it("takes a limit that is a number", async () => {
    const { exitCode, stderr } = await scheduler("decisions", "--limit", "0");
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("whole number") });
  });
});

describe("kilonova scheduler dry-run", () => {
  it("asks by ids for what is named, and prints the decision", async () => {
    cloud.answers.set("GET /compute/flavors", [200, { flavors: [{ id: "2", name: "m1.small" }] }]);
    cloud.answers.set("GET /image/v2/images", [200, { images: [{ id: "image-1", name: "cirros" }] }]);
    cloud.answers.set(`POST ${ADMIN}/dry-run`, [200, { decision: { ...PLACED, outcome: "dry-run" } }]);
    const flags = ["--count", "2", "--availability-zone", "az1", "--host", "h1", "--profile", "gpu"];
    const hints = ["--hint", "group=a=b", "--hint", "same_host=x", "--hint", "same_host=y"];
    const { stdout } = await scheduler("dry-run", "--flavor", "m1.small", "--image", "cirros", ...flags, ...hints);
    expect(stdout).toContain("dry run: it would be placed");
    expect(lastAsked()).toEqual({
      asked: `POST ${ADMIN}/dry-run`,
      body: {
        server: {
          name: "dry-run",
          flavorRef: "2",
          imageRef: "image-1",
          min_count: 2,
          max_count: 2,
          availability_zone: "az1",
          host: "h1",
          networks: "none",
        },
        "os:scheduler_hints": { group: "a=b", same_host: ["x", "y"], scheduler_profile: "gpu" },
      },
    });
  });

  it.each([
    ["no", "cirros", "There is no flavor no. There is m1.small."],
    ["2", "no", "There is no image no."],
  ])("says so where there is no flavor or image: %s, %s", async (flavor, image, message) => {
    cloud.answers.set("GET /compute/flavors", [200, { flavors: [{ id: "2", name: "m1.small" }] }]);
    cloud.answers.set("GET /image/v2/images", [200, { images: [] }]);
    await expect(scheduler("dry-run", "--flavor", flavor, "--image", image)).rejects.toThrow(message);
  });

  it("takes hints as pairs", async () => {
    const { exitCode, stderr } = await scheduler("dry-run", "--flavor", "1", "--image", "1", "--hint", "group");
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("key=value") });
  });
});

describe("kilonova scheduler chain show", () => {
  const chain = { scheduler: "c1", digest: "d", loadedAt: "2026-03-01T12:00:00.000Z", profiles: [] };
  it.each([
    [{ chains: [chain], silent: [], agree: true }, 0],
    [{ chains: [chain, { ...chain, digest: "e" }], silent: [], agree: false }, 1],
    [{ chains: [chain], silent: ["c2"], agree: true }, 1],
    [{ chains: [], silent: [], agree: true }, 1],
  ])("%j ends with %d", async (answer, exitCode) => {
    cloud.answers.set(`GET ${ADMIN}/chains`, [200, answer]);
    expect((await scheduler("chain", "show")).exitCode).toBe(exitCode);
    const json = await scheduler("chain", "show", "--json");
    expect({ exitCode: json.exitCode, answer: JSON.parse(json.stdout) }).toEqual({ exitCode, answer });
  });
});

it.each([["scheduler"], ["scheduler", "explain"], ["scheduler", "dry-run"], ["scheduler", "chain"]])(
  "shows an example in the help of %s %s",
  async (...command) => {
    const { exitCode, stdout } = await runHere(...command.filter(Boolean), "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\nExample:\n {2}kilonova scheduler /);
  },
);
