#!/usr/bin/env node
// Writes the `references` of every tsconfig.json from the workspace dependencies in package.json, and the root's from
// the packages that exist. With --check it writes nothing and fails where a file is stale.
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { repositoryRoot } from "./lib/repository.mjs";
import { readWorkspace } from "./lib/workspace.mjs";

const check = process.argv.includes("--check");
const workspace = readWorkspace();
const projects = new Map(
  workspace.filter((member) => member.tsconfig !== undefined).map((member) => [member.name, member]),
);
const stale = [];

for (const member of projects.values()) {
  const references = member.workspaceDependencies
    .filter((name) => projects.has(name))
    .map((name) => relative(member.directory, projects.get(name).directory));
  write(member.tsconfig, references);
}
write(
  join(repositoryRoot, "tsconfig.json"),
  [...projects.values()].map((member) => member.path),
);

if (stale.length > 0) {
  console.error(`stale references in ${stale.join(", ")}: run "npm run references"`);
  process.exit(1);
}

/** Replaces the `references` of one tsconfig.json, keeping everything else of it. */
function write(file, paths) {
  const text = readFileSync(file, "utf8");
  const references = [...paths].sort().map((path) => ({ path }));
  const config = JSON.parse(text);
  if (JSON.stringify(config.references ?? []) === JSON.stringify(references)) return;
  if (check) {
    stale.push(relative(repositoryRoot, file));
    return;
  }
  const lines = references.map((reference) => `    { "path": ${JSON.stringify(reference.path)} }`);
  // As text, so that the rest stays as the formatter left it.
  const head = text.replace(/,?\s*("references":\s*\[[^\]]*\]\s*)?\}\s*$/, "");
  if (head.includes('"references"')) throw new Error(`${file}: "references" must come last`);
  const array = oneLineOrMany(lines);
  writeFileSync(file, `${head},\n  "references": ${array}\n}\n`);
}

/** The array as the formatter writes it: on one line where it fits. */
function oneLineOrMany(lines) {
  if (lines.length === 0) return "[]";
  const single = `[${lines.map((line) => line.trim()).join(", ")}]`;
  return `  "references": ${single}`.length <= 120 ? single : `[\n${lines.join(",\n")}\n  ]`;
}
