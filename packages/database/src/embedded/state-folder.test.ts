import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StateFolder } from "./state-folder.js";

const built = fileURLToPath(new URL("../../dist/embedded/index.js", import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-state-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function holdElsewhere(path: string): Promise<{ pid: number; kill(): Promise<void> }> {
  const script = `
    import { StateFolder } from ${JSON.stringify(built)};
    await StateFolder.hold(${JSON.stringify(path)});
    console.log("held");
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const kill = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { pid: child.pid ?? 0, kill };
}

test("a folder that another process holds is refused with its pid, and free once that process is killed", async () => {
  const holder = await holdElsewhere(folder);
  try {
    await expect(StateFolder.hold(folder)).rejects.toMatchObject({
      code: "state.locked",
      message: expect.stringContaining(`held by another process, pid ${holder.pid}: stop that one first`),
      details: { pid: holder.pid },
    });
  } finally {
    await holder.kill();
  }
  const held = await StateFolder.hold(folder);
  expect(await readdir(join(folder, "lock"))).toHaveLength(1);
  await held.release();
  expect(await readdir(join(folder, "lock"))).toEqual([]);
});

test("of many that want the folder at once, never two hold it", async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => StateFolder.hold(folder)));
  const held = outcomes.filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
  expect(held.length).toBeLessThanOrEqual(1);
  for (const one of held) await one.release();

  const after = await StateFolder.hold(folder);
  await after.release();
});

test("a missing folder is made, for its owner alone", async () => {
  const held = await StateFolder.hold(join(folder, "a", "b"));
  expect(held.path).toBe(join(folder, "a", "b"));
  expect((await stat(held.path)).mode & 0o777).toBe(0o700);
  await held.release();
});

test("a path far longer than a socket's may be is fine", async () => {
  const held = await StateFolder.hold(join(folder, "x".repeat(200), "y".repeat(200)));
  await expect(StateFolder.hold(held.path)).rejects.toMatchObject({ code: "state.locked" });
  await held.release();
});

test("a folder that cannot be written is refused with its path and what to do", async () => {
  await writeFile(join(folder, "file"), "");
  const path = join(folder, "file", "state");
  await expect(StateFolder.hold(path)).rejects.toMatchObject({
    code: "state.unwritable",
    message: expect.stringMatching(/file\/state cannot be written \(ENOTDIR.*make it writable for .*or name another/),
  });
});
