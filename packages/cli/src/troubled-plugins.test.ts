import { spawn } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PLUGIN_API_VERSION } from "@kilonova/core";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";

const COMMAND = fileURLToPath(new URL("../dist/bins/kilonova.js", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "kilonova-cli-")));
  await write("kilonova.config.yaml", "log: { file: ./kilonova.log }\n");
});
afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
}

/** Installs a plugin whose module has to be loaded for its options. */
async function install(index: string): Promise<void> {
  await write("package.json", JSON.stringify({ dependencies: { acme: "*" } }));
  const kilonova = { api: `^${PLUGIN_API_VERSION}`, optionGroups: ["acmeOptions"] };
  const own = { name: "acme", version: "1.0.0", type: "module", exports: "./index.js", kilonova };
  await write("node_modules/acme/package.json", JSON.stringify(own));
  await write("node_modules/acme/index.js", index);
}

/** The command as a process of its own. */
function kilonova(...args: readonly string[]) {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  let look = () => {};
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    look();
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const complained = new Promise<string>((resolve) => {
    look = () => {
      if (stderr.includes("\n")) resolve(stderr);
    };
  });
  return { child, ended, complained };
}

describe("a plugin that blocks the process while it is loaded", { timeout: 60_000 }, () => {
  it.each([[["serve", "scheduler"]], [["--help"]], [["plugins", "check"]], [["config", "check"]]])(
    "is named on the terminal, with what there is to do: %j",
    async (args) => {
      await install("export const acmeOptions = 1;\nfor (;;) {}");
      const { child, complained } = kilonova(...args);
      expect(await complained).toMatch(
        new RegExp(`^kilonova: the event loop has been blocked .* of acme \\(index\\.js:2\\); .*kill -9 ${child.pid} `),
      );
    },
  );
});

describe("a plugin that ends the process while it is loaded", { timeout: 60_000 }, () => {
  it.each([
    [3, 3],
    [0, 1],
  ])("is named, and what was asked for has not been done: process.exit(%i)", async (given, code) => {
    await install(`process.exit(${given});`);
    const end = await kilonova("plugins", "check").ended;
    expect(end.code).toBe(code);
    expect(end.stderr).toMatch(/^the manifest of acme: acme#acmeOptions of acme 1\.0\.0 .* ended the process/);
    expect(end.stderr).toContain(`process.exit(${given})`);
    expect(end.stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("a plugin that never settles", { timeout: 60_000 }, () => {
  it.each([[["--help"]], [["config", "sample"]], [["plugins", "check"]]])(
    "is given the time that the operator says: %j",
    async (args) => {
      await install("await new Promise(() => setInterval(() => {}, 1000));");
      const { stdout, stderr } = await kilonova(...args, "--plugins.startTimeLimit", "300ms").ended;
      expect(stdout + stderr).toMatch(/acme#acmeOptions of acme .* could not be loaded: it took more than 300 ms/);
    },
  );
});

describe("a process that connects to somebody who is silent", { timeout: 60_000 }, () => {
  it.each([
    ["compute", "amqp", ["--transport.driver", "RabbitmqTransport", "--compute.driver", "FakeDriver"], "rabbitmq"],
    ["identity", "postgres", [], "database"],
  ])("gives its start up at SIGTERM: %s by %s", async (service, scheme, args, group) => {
    const sockets: Socket[] = [];
    let arrived = () => {};
    const connected = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const silent = createServer((socket) => {
      sockets.push(socket.on("error", () => {}));
      arrived();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const url = `${scheme}://kilonova:secret@127.0.0.1:${port}/kilonova`;
    const limits = [`--${group}.url`, url, `--${group}.connectTimeout`, "1h", "--http.port", "0"];
    const { child, ended } = kilonova("serve", service, ...args, ...limits);
    await Promise.race([connected, ended]);
    child.kill("SIGTERM");
    const { code, stderr } = await ended;
    expect(stderr).toContain("The start was interrupted");
    expect(code).toBe(1);
  });
});
