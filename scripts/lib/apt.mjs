import { existsSync } from "node:fs";
import { run } from "./command.mjs";
import { report } from "./progress.mjs";

/** Whether this user may install system packages here: root on a machine with apt (Debian, Ubuntu). */
export function canInstallSystemPackages() {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

/** Installs Debian packages, none that are only recommended. Waits five minutes for another apt. Gives what went wrong, or nothing. */
export async function installSystemPackages(packages) {
  const steps = [["update"], ["install", "--yes", "--no-install-recommends", ...packages]];
  for (const step of steps) {
    report(`apt-get ${step.join(" ")}`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const { code, output } = await run("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=300", ...step], { env });
    if (code !== 0) return `apt-get ${step.join(" ")} ended with code ${code}:\n${output}`;
  }
  return undefined;
}
