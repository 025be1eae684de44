import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { loadConfiguration } from "@kilonova/config";
import { afterEach, beforeEach, expect, it } from "vitest";
import { uploadOptions } from "./options.js";
import { main } from "./script.js";

let folder: string;
let file: string;
let server: Server;
/** What came in, and how many of the first requests are refused. */
let received: { readonly url: string | undefined; readonly token: string | undefined; readonly body: string }[];
let refusals: number;
let lines: string[];

const run = async (...argv: readonly string[]) => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await main(["--config-file", file, "--upload.url", `http://127.0.0.1:${port}/in`, ...argv], (line) => {
    lines.push(line);
  });
};
const given = async (name: string, content: string) => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "kilonova-example-")));
  file = await given("kilonova.config.yaml", "upload: { token: a-long-secret }");
  [received, lines, refusals] = [[], [], 0];
  server = createServer(async (request: IncomingMessage, response) => {
    const { url, headers } = request;
    received.push({ url, token: headers.authorization, body: await text(request) });
    response.writeHead(received.length <= refusals ? 503 : 201).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  await rm(folder, { recursive: true });
});

it("uploads what its other arguments name, with the token of the file, and passes over what it skips", async () => {
  const [first, second] = [await given("one.txt", "1"), await given("two.txt", "2")];
  await run(first, "--upload.skip", "two.txt", second);
  expect(received).toEqual([{ url: "/in/one.txt", token: "Bearer a-long-secret", body: "1" }]);
  expect(lines).toEqual([`${first} is uploaded`]);
});

it("tries as often as the option says, by its old name too, and warns of that", async () => {
  refusals = 2;
  await writeFile(file, "upload: { retries: 2 }");
  await expect(run(await given("one.txt", "1"))).rejects.toThrow("the server answers 503");
  expect(received).toHaveLength(2);
  expect(lines).toEqual([
    expect.stringMatching(/^warning: upload\.retries .*yaml:1\) is deprecated; use upload\.atte/),
  ]);
});

it("shows its help though the configuration is broken", async () => {
  await writeFile(file, "upload: [");
  await run("--help");
  expect(lines.join("\n")).toMatch(/^Usage: example-upload \[options\] FILE…\n[\s\S]*--upload\.attempts/);
});

it("says everything that is wrong, in one message, and never a secret", async () => {
  await writeFile(file, "upload: { token: short, timeLimit: soon, atempts: 3 }");
  await expect(run("--upload.url=ftp://host")).rejects.toMatchObject({
    code: "config.invalid",
    message: expect.stringMatching(/upload\.url [\s\S]*upload\.token .*"\*\*\*"[\s\S]*upload\.timeLimit/),
  });
  await writeFile(file, "upload: { atempts: 3 }");
  await expect(run()).rejects.toThrow(/upload\.atempts .*did you mean upload\.attempts\?/);
});

it("is told of an option that changed while it runs", async () => {
  await writeFile(file, "upload: { url: http://host, attempts: 1 }");
  const configuration = await loadConfiguration({ program: "test", argv: ["--config-file", file], env: {} });
  const told: number[] = [];
  const tell = (attempts: number) => told.push(attempts);
  // #region change
  const stop = configuration.onChange(uploadOptions, (options, changed) => {
    if (changed.includes("attempts")) tell(options.attempts);
  });
  // #endregion
  await writeFile(file, (await readFile(file, "utf8")).replace("attempts: 1", "attempts: 5"));
  // #region reload
  const { changed, ignored } = await configuration.reload();
  // #endregion
  expect({ told, changed, ignored }).toEqual({ told: [5], changed: ["upload.attempts"], ignored: [] });
  stop();
});

it("goes through its options by name", async () => {
  const argv = ["--config-file", file, "--upload.url", "http://host"];
  const configuration = await loadConfiguration({ program: "test", argv, env: {}, groups: [uploadOptions] });
  // #region iterate
  const { value, origin } = configuration.lookUp("upload.timeLimit"); // 30000, { from: "default" }
  const names = [...configuration].map(({ group, option }) => `${group.name}.${option}`);
  const dump = configuration.dump(); // secrets masked: [{ option: "upload.token", value: '"***"', origin: "…yaml:1" }, …]
  // #endregion
  expect({ value, origin }).toEqual({ value: 30_000, origin: { from: "default" } });
  expect(names).toEqual(["upload.url", "upload.token", "upload.timeLimit", "upload.attempts", "upload.skip"]);
  expect(dump).toContainEqual({ option: "upload.token", value: '"***"', origin: `${file}:1` });
});
