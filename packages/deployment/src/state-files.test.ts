import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadSecrets, writeClouds } from "./state-files.js";
import { testFolder } from "./testing/folder.js";

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe("the secrets of a state folder", () => {
  it("are made at the first start, for their owner alone, and each is another", async () => {
    const folder = await testFolder();
    const { database, adminPassword, userPassword } = await loadSecrets(folder, ["identity", "image"]);
    const all = [...Object.values(database), adminPassword, userPassword];
    expect(Object.keys(database)).toEqual(["identity", "image"]);
    expect(new Set(all).size).toBe(4);
    for (const secret of all) expect(secret.length).toBeGreaterThanOrEqual(32);
    expect(await modeOf(join(folder, "secrets.json"))).toBe(0o600);
    expect(await readdir(folder)).toEqual(["secrets.json"]);
  });

  it("are kept by later starts, which add those of new owners", async () => {
    const folder = await testFolder();
    const first = await loadSecrets(folder, ["identity"]);
    expect(await loadSecrets(folder, ["identity"])).toEqual(first);
    const later = await loadSecrets(folder, ["identity", "volume"]);
    expect(later).toMatchObject(first);
    expect(later.database["volume"]).toBeTypeOf("string");
    expect(await loadSecrets(folder, ["volume"])).toEqual(later);
    expect(await modeOf(join(folder, "secrets.json"))).toBe(0o600);
  });

  it.each([
    ["is cut short", '{"database": {"identity": "correct-horse'],
    ["lacks a password", '{"database": {}, "adminPassword": "correct-horse-battery"}'],
    ["has a password that is too short", '{"database": {}, "adminPassword": "correct", "userPassword": "horse"}'],
    ["has something more", '{"database": {}, "adminPassword": "", "userPassword": "", "correct": 1}'],
  ])("are refused, not made anew and not shown, where their file %s", async (_, text) => {
    const folder = await testFolder({ "secrets.json": text });
    const path = join(folder, "secrets.json");
    const error = await loadSecrets(folder, ["identity"]).catch((thrown) => thrown);
    expect(error).toMatchObject({
      code: "state.unwritable",
      message: expect.stringContaining(`${path} cannot be used: it is damaged`),
    });
    expect(error.message).not.toContain("correct");
    expect(await readFile(path, "utf8")).toBe(text);
  });

  it("are refused in words where their file cannot be read", async () => {
    const folder = await testFolder({ "secrets.json/in-the-way": "" });
    await expect(loadSecrets(folder, [])).rejects.toMatchObject({
      code: "state.unwritable",
      message: expect.stringMatching(/secrets\.json cannot be used: EISDIR.*--state-dir/),
    });
  });
});

describe("clouds.yaml", () => {
  it("has the ordinary user's cloud and the administrator's, for its owner alone, whatever lay there", async () => {
    const folder = await testFolder();
    const secrets = await loadSecrets(folder, []);
    await writeFile(join(folder, "clouds.yaml"), "old", { mode: 0o644 });
    const authUrl = "http://127.0.0.1:8774/identity/v3";
    const path = await writeClouds(folder, { authUrl, region: "RegionOne", secrets });

    expect(await modeOf(path)).toBe(0o600);
    const cloud = (name: string, password: string) => ({
      region_name: "RegionOne",
      identity_api_version: 3,
      auth: expect.objectContaining({ auth_url: authUrl, username: name, project_name: name, password }),
    });
    expect(parse(await readFile(path, "utf8"))).toEqual({
      clouds: {
        kilonova: cloud("kilonova", secrets.userPassword),
        "kilonova-admin": cloud("admin", secrets.adminPassword),
      },
    });
  });
});
