#!/usr/bin/env node
// Brings a bare checkout to where the programs run: pnpm, the dependencies of the lockfile, the build. What is done
// already is skipped. Needs Node and npm, nothing else.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "./lib/command.mjs";
import { providePnpm } from "./lib/pnpm.mjs";
import { report, reportFailure, SetupError } from "./lib/progress.mjs";
import { cacheFolder, localBinary, repositoryRoot } from "./lib/repository.mjs";
import { readWorkspace } from "./lib/workspace.mjs";

const installStamp = join(cacheFolder, "installed");

/** Throws a `SetupError` that says which command failed and what to do. */
export async function setUp() {
  checkNode();
  await installDependencies();
  await build();
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8"));
  const wanted = engines.node.replace(">=", "");
  if (isAtLeast(process.versions.node, wanted)) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old: Kilonova needs ${wanted} or newer (https://nodejs.org).`,
  );
}

function isAtLeast(version, wanted) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major === wantedMajor ? minor >= wantedMinor : major > wantedMajor;
}

async function installDependencies() {
  const fingerprint = dependencyFingerprint();
  const installed = existsSync(installStamp) ? readFileSync(installStamp, "utf8") : undefined;
  if (installed === fingerprint && existsSync(join(repositoryRoot, "node_modules", ".modules.yaml"))) return;

  const pnpm = await providePnpm();
  report("installing dependencies from the lockfile");
  // CI=true: pnpm asks no questions that nobody would answer.
  const env = { ...process.env, CI: "true" };
  const { code, output } = await run(process.execPath, [pnpm, "install", "--frozen-lockfile"], { env });
  if (code !== 0) throw new SetupError(`${output}\n${adviceOnInstall(code, output)}`);
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(installStamp, fingerprint);
}

function adviceOnInstall(code, output) {
  const failed = `"pnpm install --frozen-lockfile" failed (exit code ${code}).`;
  if (output.includes("OUTDATED_LOCKFILE")) {
    return `${failed} A package.json changed after pnpm-lock.yaml: run "node scripts/pnpm.mjs install" and keep both.`;
  }
  return `${failed} If the registry could not be reached, check the network and ~/.npmrc; then run the same command again.`;
}

/** Changes with everything that decides what is installed. */
function dependencyFingerprint() {
  const manifests = readWorkspace().map((member) => join(member.path, "package.json"));
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${process.versions.modules}\n`);
  for (const file of ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml", ...manifests]) {
    hash.update(`${file}\n`).update(readFileSync(join(repositoryRoot, file)));
  }
  return hash.digest("hex");
}

/** The compiler itself skips what is built and not changed. */
async function build() {
  const first = readWorkspace().some((member) => member.tsconfig && !existsSync(join(member.directory, "dist")));
  if (first) report("building");
  const { code, output } = await run(localBinary("tsc"), ["--build"]);
  if (code !== 0) throw new SetupError(`${output}\n"tsc --build" failed (exit code ${code}).`);
  if (first) report("built");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    await setUp();
    report("ready");
  } catch (error) {
    reportFailure(error);
    process.exitCode = 1;
  }
}
