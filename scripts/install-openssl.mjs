#!/usr/bin/env node
// Installs OpenSSL's command where it is missing and can be installed: tests of TLS make their certificates by it.
import { pathToFileURL } from "node:url";
import { canInstallSystemPackages, installSystemPackages } from "./lib/apt.mjs";
import { findExecutable } from "./lib/executables.mjs";
import { report } from "./lib/progress.mjs";

/** Gives what stands in the way of OpenSSL in one line, or nothing when it is there. */
export async function provideOpenssl() {
  if (findExecutable("openssl") !== undefined) return undefined;
  if (!canInstallSystemPackages()) return "the command openssl is not installed: install openssl";
  report("installing openssl");
  const failure = await installSystemPackages(["openssl"]);
  if (failure !== undefined) return `openssl could not be installed: ${failure}`;
  return findExecutable("openssl") === undefined ? "openssl was installed, but is not on the PATH" : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const problem = await provideOpenssl();
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
  }
}
