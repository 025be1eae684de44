import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** What a running server says of itself in `postmaster.pid`, line by line. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  readonly socketFolder: string;
  readonly ready: boolean;
}

/** Undefined where there is none, or one that is not written to its end. */
export async function readPostmasterFile(dataFolder: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(pathIn(dataFolder), "utf8").catch(() => "");
  const [pid, , , port, socketFolder, , , status] = text.split("\n");
  if (!isNumber(pid)) return undefined;
  return {
    pid: Number(pid),
    port: isNumber(port) ? Number(port) : 0,
    socketFolder: socketFolder ?? "",
    ready: status?.trim() === "ready",
  };
}

/** For a file that a dead server left: PostgreSQL would take a process that got its number for itself. */
export async function removePostmasterFile(dataFolder: string): Promise<void> {
  await rm(pathIn(dataFolder), { force: true });
}

function pathIn(dataFolder: string): string {
  return join(dataFolder, "postmaster.pid");
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d+$/.test(text.trim());
}
