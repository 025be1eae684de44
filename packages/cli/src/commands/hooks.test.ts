import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runHere } from "../testing/run-here.js";

let folder: string;
let file: string;
const write = async (name: string, text: string) => {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
};
const hooks = (...argv: readonly string[]) => runHere("hooks", "list", ...argv, "--config-file", file);

beforeAll(() => import("@kilonova/deployment"));
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "kilonova-cli-")));
  await write("own.js", "export class Own { pre() {} }; export class Nothing {}");
  await write("package.json", JSON.stringify({ dependencies: { "acme-audit": "*" } }));
  const audit = { point: "server.create", export: "Audit", order: 7, failure: "open", timeLimit: "2s" };
  const kilonova = { api: "^0.1.0", hooks: [audit, { point: "server.craete", export: "Audit" }] };
  const manifest = { name: "acme-audit", version: "1.2.0", type: "module", exports: "./index.js", kilonova };
  await write("node_modules/acme-audit/package.json", JSON.stringify(manifest));
  await write("node_modules/acme-audit/index.js", "export class Audit { post() {} }");
  const use = [
    { point: "server.create", hook: "./own.js#Own" },
    { point: "compute.buildServer", hook: "./own.js#Own" },
    { point: "server.delete", hook: "./own.js#Nothing" },
  ];
  file = await write("kilonova.config.json", JSON.stringify({ hooks: { use } }));
});
afterEach(() => rm(folder, { recursive: true }));

describe("kilonova hooks list", () => {
  it("shows points with who is on them, in the order they run, and what is wrong", async () => {
    const { exitCode, stdout } = await hooks();
    expect(exitCode).toBe(0);
    const create = stdout
      .split("\n\n")
      .find((part) => part.startsWith("server.create"))
      ?.split("\n");
    expect(create).toEqual([
      "server.create 1.0, stable",
      expect.stringContaining("A user asks for new servers."),
      "  May be amended: name, description, metadata, networks, hints.",
      "      7  acme-audit#Audit  by acme-audit 1.2.0 (beside the configuration)  failure open, 2000 ms",
      "    100  ./own.js#Own  by option hooks.use  failure default, 5000 ms",
    ]);
    expect(stdout).toContain(
      "! no hook point server.craete is known here, so that it never runs; did you mean server.create?",
    );
    expect(stdout).toMatch(/\.\/own\.js#Nothing.*\n {4}! .*expected a hook, with a method pre, post or error/);
    expect(stdout).toContain("compute.buildServer 1.0, internal");
    expect(stdout).not.toContain("compute.stopServer");
  });

  it("shows internal points that nobody is on when all are asked for, and a hook that is disabled", async () => {
    const { stdout } = await hooks("--all", "--hooks.disabled", '["Own"]');
    expect(stdout).toContain("compute.stopServer 1.0, internal");
    expect(stdout).toContain("./own.js#Own  by option hooks.use  DISABLED");
  });

  it("prints JSON with the schemas of payloads", async () => {
    const { stdout } = await hooks("--json");
    const rows = JSON.parse(stdout) as { point: string; payload: unknown; hooks: unknown[] }[];
    expect(rows.find(({ point }) => point === "server.create")).toMatchObject({
      stability: "stable",
      payload: { properties: { flavor: { type: "object" } } },
      hooks: [
        { name: "Audit", order: 7 },
        { name: "Own", order: 100 },
      ],
    });
  });
});
