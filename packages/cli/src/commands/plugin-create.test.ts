import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PLUGIN_KINDS } from "@kilonova/plugin-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runHere } from "../testing/run-here.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-plugin-command-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const create = (...argv: readonly string[]) => runHere("plugin", "create", ...argv);

describe("kilonova plugin create", () => {
  it("shows every kind in its help", async () => {
    const { exitCode, stdout } = await create("--help");
    expect(exitCode).toBe(0);
    expect(stdout.replace(/\s+/g, " ")).toContain(` ${PLUGIN_KINDS.join(", ")} `);
    expect(stdout).toContain("\nExample:\n  kilonova plugin create filter ./gpu-affinity-filter");
  });

  it("tells what it wrote, and what to do then", async () => {
    const path = join(folder, "gpu-affinity-filter");
    const { exitCode, stdout, stderr } = await create("filter", path, "--description", "Keeps GPUs for those who ask.");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain(`Written to ${path}:\n  package.json\n`);
    for (const step of ["npm install", "npm test", `npm install ${path}`]) expect(stdout).toContain(`\n  ${step}\n`);
    expect(stdout).toContain("\n  scheduler:\n    filters: [ComputeFilter, GpuAffinityFilter]\n");
    expect(await readdir(path)).toContain("README.md");
  });

  it.each([
    ["fliter", "gpu", 'kilonova: there is no kind of plugin "fliter". Did you mean filter? The kinds are '],
    ["filter", "Gpu", 'kilonova: "Gpu" cannot be the name of a package: expected '],
    // Groups of services and of plugins in the box.
    ["filter", "scheduler", "kilonova: there is a group of options scheduler already: "],
    ["filter", "qemu", "kilonova: there is a group of options qemu already: "],
  ])("answers %s %s with one line and exit code 2, and writes nothing", async (kind, name, words) => {
    const { exitCode, stdout, stderr } = await create(kind, join(folder, name));
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(words);
    expect(stderr.split("\n")).toHaveLength(1);
    expect(await readdir(folder)).toEqual([]);
  });
});
