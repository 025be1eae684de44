import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CredentialsSearch, findCredentials } from "./credentials.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-cli-"));
  await mkdir(join(folder, "state"));
});
afterEach(() => rm(folder, { recursive: true }));

const cloud = (name: string) =>
  `  ${name}:\n    auth: { auth_url: "http://${name}:5000", username: u, password: 12345678, project_name: p }\n`;
const clouds = (...names: readonly string[]) => `clouds:\n${names.map(cloud).join("")}`;

async function found(
  environment: CredentialsSearch["environment"] = {},
  named: string | undefined = undefined,
): Promise<string> {
  const search = { cloud: named, caFile: undefined, stateDirectory: "state", environment, workingDirectory: folder };
  const { authUrl, source } = await findCredentials(search);
  return `${authUrl} from ${source.replaceAll(`${folder}/`, "")}`;
}

const write = (path: string, content: string) => writeFile(join(folder, path), content);

describe("credentials", () => {
  it("are the administrator's of the state folder, where nothing else is said", async () => {
    await write("state/clouds.yaml", clouds("kilonova", "kilonova-admin"));
    expect(await found()).toBe("http://kilonova-admin:5000/v3 from cloud kilonova-admin in state/clouds.yaml");
  });

  it("are of the nearest file and the cloud that is named", async () => {
    await write("state/clouds.yaml", clouds("kilonova-admin"));
    await write("clouds.yaml", clouds("a", "b"));
    await write("own.yaml", clouds("only"));
    expect(await found({ OS_CLOUD: "b" })).toBe("http://b:5000/v3 from cloud b in clouds.yaml");
    expect(await found({ OS_CLOUD: "b" }, "a")).toBe("http://a:5000/v3 from cloud a in clouds.yaml");
    expect(await found({ OS_CLIENT_CONFIG_FILE: "own.yaml" })).toBe("http://only:5000/v3 from cloud only in own.yaml");
  });

  it("are the environment's where no cloud is named", async () => {
    await write("clouds.yaml", clouds("a"));
    const environment = {
      OS_AUTH_URL: "http://env/identity/v3/",
      OS_USERNAME: "admin",
      OS_PASSWORD: "p",
      OS_PROJECT_NAME: "admin",
    };
    expect(await found(environment)).toBe("http://env/identity/v3 from the environment (OS_AUTH_URL)");
    expect(await found(environment, "a")).toBe("http://a:5000/v3 from cloud a in clouds.yaml");
    const search = { cloud: undefined, caFile: undefined, stateDirectory: ".", environment, workingDirectory: folder };
    expect((await findCredentials(search)).auth).toMatchObject({ username: "admin", project_name: "admin" });
  });

  it.each([
    ["a clouds.yaml", {}, undefined, "from-file.crt"],
    ["the environment, before it", { OS_CACERT: "from-environment.crt" }, undefined, "from-environment.crt"],
    ["the command line, before both", { OS_CACERT: "from-environment.crt" }, "/from-flag.crt", "/from-flag.crt"],
  ])("have their authorities from %s", async (_, environment, caFile, expected) => {
    await write("clouds.yaml", `${clouds("a")}    cacert: from-file.crt\n`);
    const search = { cloud: "a", caFile, stateDirectory: ".", environment, workingDirectory: folder };
    expect((await findCredentials(search)).caFile).toBe(resolve(folder, expected));
  });

  it("may have their password in the environment alone", async () => {
    await write("clouds.yaml", "clouds: { a: { auth: { auth_url: 'http://a', username: u, project_id: p } } }");
    await expect(found()).rejects.toThrow(/There is no password in cloud a in /);
    expect(await found({ OS_PASSWORD: "secret" })).toContain("http://a/v3");
  });

  it.each([
    [undefined, {}, /No cloud is known: there is no .*clouds\.yaml and no .*state\/clouds\.yaml; `kilonova up`/],
    [undefined, { OS_CLIENT_CONFIG_FILE: "x.yaml" }, /there is no .*x\.yaml; OS_CLIENT_CONFIG_FILE names it/],
    [clouds("a", "b"), {}, /There is no cloud kilonova-admin in .*; it has a, b: name one by --os-cloud/],
    [clouds("a"), { OS_CLOUD: "constructor" }, /There is no cloud constructor in/],
    ["clouds: {}", {}, /it has none/],
    ["- nothing", {}, /has no `clouds:`/],
    ["clouds: {\n password: correct-horse", {}, /is no YAML \(line \d\)\.$/],
    ["clouds: { a: { auth: [] } }", {}, /is not what a cloud looks like/],
    ["clouds: { a: { auth_type: token } }", {}, /auth_type token; this command logs in by password alone/],
    ["clouds: { a: {} }", {}, /There is no auth_url, no username, no password, no project_name in cloud a/],
    [
      "clouds: { a: { auth: { auth_url: x, username: u, password: p, project_id: p } } }",
      {},
      /The auth_url of cloud a in .* is no URL: x/,
    ],
  ])("that cannot be had are refused in words: %j, %j", async (content, environment, message) => {
    if (content !== undefined) await write("clouds.yaml", content);
    await expect(found(environment)).rejects.toMatchObject({
      code: "cloud.unknown",
      message: expect.stringMatching(message),
    });
    await expect(found(environment)).rejects.not.toThrow(/correct-horse/);
  });
});
