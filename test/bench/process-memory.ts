import { readdir, readFile } from "node:fs/promises";
import type { MeasuredCloud, Part } from "./measured-cloud.js";

const KIB_PER_MIB = 1_024;

/**
 * The memory of a cloud's processes and all their children in MiB, by part: proportional set sizes, in which a page
 * that several share counts once in all.
 */
export async function memoryOf(cloud: MeasuredCloud): Promise<ReadonlyMap<Part, number>> {
  const parts = await cloud.processes();
  const childrenOf = await readChildren();
  const counted = new Set<number>();
  const memory = new Map<Part, number>();
  // The embedded PostgreSQL is a child of the cloud's process: whoever comes first has it.
  for (const part of ["postgresql", "rabbitmq", "node"] as const) {
    const roots = parts[part];
    if (!roots) continue;
    const pids = withDescendants(roots, childrenOf).filter((pid) => !counted.has(pid));
    for (const pid of pids) counted.add(pid);
    const sizes = await Promise.all(pids.map(proportionalSetSize));
    memory.set(part, sizes.reduce((sum, size) => sum + size, 0) / KIB_PER_MIB);
  }
  return memory;
}

function withDescendants(
  roots: readonly number[],
  childrenOf: ReadonlyMap<number, readonly number[]>,
): readonly number[] {
  return roots.flatMap((pid) => [pid, ...withDescendants(childrenOf.get(pid) ?? [], childrenOf)]);
}

async function readChildren(): Promise<ReadonlyMap<number, readonly number[]>> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const children = new Map<number, number[]>();
  for (const pid of pids) {
    const parent = await parentOf(pid);
    if (parent === undefined) continue;
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  return children;
}

async function parentOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(ignoreGone);
  const parent = /^PPid:\s+(\d+)/m.exec(status ?? "")?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** In KiB; none for a process that has just ended. */
async function proportionalSetSize(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(ignoreGone);
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup ?? "")?.[1] ?? 0);
}

function ignoreGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ESRCH") throw error;
  return undefined;
}
