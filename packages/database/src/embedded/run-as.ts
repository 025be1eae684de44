import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * As whom PostgreSQL's programs run. They refuse root, and users without an entry in /etc/passwd:
 * - `self`: as ourselves, the ordinary case.
 * - `user namespace`: as ourselves, under another number that is seen inside only. Files stay ours.
 * - `other uid`: as nobody, who owns the data; for root where user namespaces are not allowed, as in most containers.
 */
export type RunAsName = "self" | "user namespace" | "other uid";

export interface RunAs {
  readonly name: RunAsName;
  /** Who owns the data on the disk. */
  readonly uid: number;
  readonly gid: number;
  /** Whether it may enter a folder that we alone may enter. */
  readonly entersOurFolders: boolean;
  /** The command that runs the program so. The process that runs in the end is the one that was started. */
  command(program: string, args: readonly string[]): { readonly file: string; readonly args: readonly string[] };
  /**
   * How a program started inside the data folder is told of it. Nobody may not walk down to a folder beneath root's
   * home, but a working folder that was inherited stays open to it, and a way there without a walk is this link.
   */
  dataArgument(dataFolder: string): string;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The ways that work on this machine, best first; empty for root where there is neither namespace nor `setpriv`. */
export async function possibleRunAs(): Promise<readonly RunAs[]> {
  const ourselves: Account = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (ourselves.uid !== 0 && isInPasswd()) return [self(ourselves)];
  if (process.platform !== "linux") return [];
  const nobody = findNobody(readFileSync("/etc/passwd", "utf8"));
  const candidates = [userNamespace(ourselves, nobody)];
  if (ourselves.uid === 0) candidates.push(otherUid(nobody));
  const allowed = await Promise.all(candidates.map(isAllowed));
  return candidates.filter((_, index) => allowed[index]);
}

export function self(account: Account): RunAs {
  return {
    name: "self",
    ...account,
    entersOurFolders: true,
    command: (file, args) => ({ file, args }),
    dataArgument: (dataFolder) => dataFolder,
  };
}

export function userNamespace(ourselves: Account, inside: Account): RunAs {
  const map = ["--user", `--map-user=${inside.uid}`, `--map-group=${inside.gid}`, "--"];
  return {
    name: "user namespace",
    ...ourselves,
    entersOurFolders: true,
    command: (program, args) => ({ file: "unshare", args: [...map, program, ...args] }),
    dataArgument: () => "/proc/self/cwd",
  };
}

export function otherUid(other: Account): RunAs {
  const change = [`--reuid=${other.uid}`, `--regid=${other.gid}`, "--clear-groups", "--"];
  return {
    name: "other uid",
    ...other,
    entersOurFolders: false,
    command: (program, args) => ({ file: "setpriv", args: [...change, program, ...args] }),
    dataArgument: () => "/proc/self/cwd",
  };
}

/** The account of nobody, or of anybody but root: a uid without an entry would be refused by `initdb`. */
export function findNobody(passwd: string): Account {
  const accounts = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => Number.isInteger(uid) && Number.isInteger(gid) && uid > 0);
  const { uid, gid } = accounts.find(({ name }) => name === "nobody") ?? accounts[0] ?? { uid: 65534, gid: 65534 };
  return { uid, gid };
}

function isInPasswd(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}

async function isAllowed(runAs: RunAs): Promise<boolean> {
  const { file, args } = runAs.command("true", []);
  try {
    await execute(file, args, { timeout: 10_000, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}
