#!/usr/bin/env node
// Installs QEMU where it is missing and can be installed. Guests run in it; without it only the fake driver works.
import { pathToFileURL } from "node:url";
import { canInstallSystemPackages, installSystemPackages } from "./lib/apt.mjs";
import { findExecutable } from "./lib/executables.mjs";
import { report } from "./lib/progress.mjs";

const packages = ["qemu-system-x86", "qemu-utils"];

/** Gives what stands in the way of QEMU in one line, or nothing when it is there. */
export async function provideQemu() {
  if (isInstalled()) return undefined;
  if (!canInstallSystemPackages()) return `QEMU is not installed: install ${packages.join(" and ")}`;
  report(`installing ${packages.join(" and ")} (44 MB)`);
  const failure = await installSystemPackages(packages);
  if (failure !== undefined) return `QEMU could not be installed: ${failure}`;
  return isInstalled() ? undefined : "QEMU was installed, but qemu-system-x86_64 and qemu-img are not on the PATH";
}

function isInstalled() {
  return findExecutable("qemu-system-x86_64") !== undefined && findExecutable("qemu-img") !== undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const problem = await provideQemu();
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
  }
}
