#!/usr/bin/env node
// Installs oslo.messaging from the distribution's packages where it is missing: it is spoken with, and measured beside ours.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { canInstallSystemPackages, installSystemPackages } from "./lib/apt.mjs";
import { run } from "./lib/command.mjs";
import { report } from "./lib/progress.mjs";

const packages = ["python3-oslo.messaging"];

/** The distribution's own Python: one that was put in front of it on the PATH knows none of its packages. */
export const systemPython = "/usr/bin/python3";

/** Gives what stands in the way of oslo.messaging in one line, or nothing when it is there. */
export async function provideOsloMessaging() {
  if (await isInstalled()) return undefined;
  if (!canInstallSystemPackages()) return `oslo.messaging is not installed: install ${packages.join(" and ")}`;
  report(`installing ${packages.join(" and ")}`);
  const failure = await installSystemPackages(packages);
  if (failure !== undefined) return `oslo.messaging could not be installed: ${failure}`;
  return (await isInstalled()) ? undefined : `oslo.messaging was installed, but ${systemPython} does not find it`;
}

async function isInstalled() {
  return existsSync(systemPython) && (await run(systemPython, ["-c", "import oslo_messaging"])).code === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const problem = await provideOsloMessaging();
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
  }
}
