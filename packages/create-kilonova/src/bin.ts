#!/usr/bin/env node
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { CreateError, createFolder } from "./create-folder.js";
import { shellWord } from "./shell-word.js";

const USAGE = `Usage: npm init kilonova [FOLDER] [-- --no-install]

Makes a folder in which a cloud of Kilonova runs: its configuration, its plugins, its state.

  FOLDER          the folder; this one where none is named
  --no-install    write the files, run no npm install
  -h, --help      show this help

Example:
  npm init kilonova my-cloud && cd my-cloud && npm start`;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CreateError)) throw error;
  console.error(`create-kilonova: ${error.message}`);
  process.exitCode = 1;
}

async function main(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv);
  if (typeof read === "string") {
    console.error(`create-kilonova: ${read}\n\n${USAGE}`);
    return 2;
  }
  if (read.help) {
    console.log(USAGE);
    return 0;
  }
  const path = await createFolder(read.folder, version());
  console.log(`${path}: a cloud's folder, with its configuration`);
  const isInstalled = read.install && (await npmInstall(path));
  const place = relative(process.cwd(), path);
  const steps = [...(place ? [`cd ${shellWord(place)}`] : []), ...(isInstalled ? [] : ["npm install"]), "npm start"];
  console.log(`\nNext:\n${steps.map((step) => `  ${step}`).join("\n")}`);
  return read.install && !isInstalled ? 1 : 0;
}

/** What was asked for, or what is wrong with it. */
function readArguments(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h" }, "no-install": { type: "boolean" } },
    });
    if (positionals.length > 1) return `one folder, not ${positionals.length}: ${positionals.join(", ")}`;
    const install = !values["no-install"];
    return { folder: positionals[0] ?? ".", help: values.help ?? false, install };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** True when it came to a good end; npm has said what is wrong otherwise. */
function npmInstall(path: string): Promise<boolean> {
  console.log("npm install");
  const child = spawn("npm", ["install", "--no-audit", "--no-fund"], {
    cwd: path,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  return new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(`create-kilonova: npm cannot be run: ${error.message}`);
      resolve(false);
    });
    child.once("exit", (code) => resolve(code === 0));
  });
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest) return String(manifest.version);
  throw new Error("package.json names no version");
}
