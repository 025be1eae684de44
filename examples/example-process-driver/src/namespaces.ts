import { execFile } from "node:child_process";
import { release } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Milliseconds */
const PROBE_TIME = 10_000;

/**
 * What makes a process a guest: users, processes, mounts, host name, System V IPC and network of its own. Root within,
 * nobody without; so no right on the host is needed. When `unshare` is killed, all that runs within is.
 */
export const NAMESPACES: readonly string[] = [
  "--user",
  "--map-root-user",
  "--pid",
  "--fork",
  "--kill-child=SIGKILL",
  "--mount-proc",
  "--uts",
  "--ipc",
  "--net",
];

/** What keeps guests from running here and what to do about it; undefined where nothing does. */
export async function namespaceProblem(unshare: string): Promise<string | undefined> {
  if (process.platform !== "linux")
    return `Guests are processes in namespaces, which Linux has and ${process.platform} has not.`;
  try {
    await run(unshare, [...NAMESPACES, "--", "true"], { timeout: PROBE_TIME });
    return undefined;
  } catch (error) {
    const { code, stderr = "" } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === "ENOENT") return `There is no ${unshare}: install util-linux, or set option processDriver.unshare.`;
    return (
      `A process may have no namespaces of its own here: ${stderr.trim() || String(error)}. Allow it to ordinary users ` +
      "(sysctl user.max_user_namespaces=10000; kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu; in a " +
      "container, a security profile that lets unshare pass)."
    );
  }
}

/** The version of the kernel as OpenStack writes those of hypervisors: 6.8.12 is 6008012. */
export function kernelVersion(): number {
  const [major = 0, minor = 0, micro = 0] = (/^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release()) ?? []).slice(1).map(Number);
  return major * 1_000_000 + minor * 1_000 + (micro || 0);
}
