import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { expect, test, vi } from "vitest";
import { startThrowAwayPostgres } from "./throw-away-postgres.js";

const built = fileURLToPath(new URL("../../dist/testing/index.js", import.meta.url));

function socketFolderOf(url: string): string {
  return decodeURIComponent(new URL(url).hostname);
}

test("it gives databases, and leaves nothing when it is stopped", async () => {
  const server = await startThrowAwayPostgres();
  const client = new Client({ connectionString: (await server.createDatabase()).url });
  await client.connect();
  const { rows } = await client.query<{ fsync: string }>("select current_setting('fsync') as fsync");
  await client.end();
  await server.stop();
  await server.stop();

  expect(rows).toEqual([{ fsync: "off" }]);
  expect(existsSync(dirname(socketFolderOf(server.url)))).toBe(false);
});

test("it comes back from a crash with what was committed, at the same address", async () => {
  const server = await startThrowAwayPostgres({ fsync: true });
  const { url } = await server.createDatabase();
  const ask = async (text: string) => {
    const client = new Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    const { rows } = await client.query<{ kept: string }>(text);
    await client.end();
    return rows;
  };
  await ask("create table things as select 'a thing' as kept");
  const before = server.pid;
  await server.crash();
  expect(server.pid).not.toBe(before);
  expect(await ask("select kept from things")).toEqual([{ kept: "a thing" }]);
  await server.stop();
});

test("it ends with the process that started it, even when that is killed", async () => {
  const script = `
    import { startThrowAwayPostgres } from ${JSON.stringify(built)};
    console.log((await startThrowAwayPostgres()).url);
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url] = (await once(child.stdout, "data")) as [Buffer];
  const socketFolder = socketFolderOf(url.toString("utf8").trim());
  expect(existsSync(socketFolder)).toBe(true);
  child.kill("SIGKILL");

  await vi.waitFor(() => expect(existsSync(dirname(socketFolder))).toBe(false), { timeout: 10_000, interval: 50 });
});
