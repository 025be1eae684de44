#!/usr/bin/env node
// Installs the OpenStack client from the distribution's packages where it is missing: the end-to-end tests use it as it is.
import { pathToFileURL } from "node:url";
import { canInstallSystemPackages, installSystemPackages } from "./lib/apt.mjs";
import { findExecutable } from "./lib/executables.mjs";
import { report } from "./lib/progress.mjs";

const packages = ["python3-openstackclient"];

/** Gives what stands in the way of the client in one line, or nothing when it is there. */
export async function provideOpenstackClient() {
  if (findExecutable("openstack") !== undefined) return undefined;
  if (!canInstallSystemPackages()) return `the OpenStack client is not installed: install ${packages.join(" and ")}`;
  report(`installing ${packages.join(" and ")}`);
  const failure = await installSystemPackages(packages);
  if (failure !== undefined) return `the OpenStack client could not be installed: ${failure}`;
  return findExecutable("openstack") === undefined
    ? "the OpenStack client was installed, but openstack is not on the PATH"
    : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const problem = await provideOpenstackClient();
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
  }
}
