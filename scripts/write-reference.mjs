#!/usr/bin/env node
// Writes the reference pages, docs/reference/*.md, from the declarations of options, hook points and notifications: build
// first. With --check it writes nothing and fails where a page is stale.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { methodComments } from "./lib/method-comments.mjs";
import { hookPointsPage, notificationsPage, optionsPage } from "./lib/reference-pages.mjs";
import { repositoryRoot } from "./lib/repository.mjs";

const folder = join(repositoryRoot, "docs", "reference");
const check = process.argv.includes("--check");

const pages = {
  "options.md": await options(),
  "hook-points.md": await hookPoints(),
  "notifications.md": await notifications(),
};
const stale = Object.entries(pages).filter(([name, text]) => write(join(folder, name), text));
if (check && stale.length > 0) {
  const names = stale.map(([name]) => relative(repositoryRoot, join(folder, name)));
  console.error(`stale: ${names.join(", ")}: run "node scripts/write-reference.mjs"`);
  process.exitCode = 1;
}

/** Every option in the box and of the plugins in the box. */
async function options() {
  const { describeOptions, variableOf } = await built("config");
  const { IN_BOX_GROUPS, knownGroups } = await built("deployment");
  const { groups: plugins, failures } = await knownGroups();
  if (failures.length > 0) throw failures[0];
  return optionsPage(
    [
      { title: "In the box", groups: IN_BOX_GROUPS },
      { title: "Plugins in the box", groups: [...plugins].sort((one, other) => (one.name < other.name ? -1 : 1)) },
    ].map(({ title, groups }) => ({
      title,
      options: describeOptions(groups).map((option) => ({
        ...option,
        variable: variableOf(option.group, option.option),
      })),
    })),
  );
}

/** The points that are declared, and every RPC method. */
async function hookPoints() {
  const contracts = Object.values(await built("contracts")).filter((await built("messaging")).isRpcContract);
  const { CLOUD_HOOK_POINTS } = await built("plugin-api");
  const sources = join(repositoryRoot, "packages", "contracts", "src");
  const texts = readdirSync(sources).map((name) => readFileSync(join(sources, name), "utf8"));
  return hookPointsPage(CLOUD_HOOK_POINTS, contracts, methodComments(texts));
}

async function notifications() {
  const { CLOUD_NOTIFICATIONS } = await built("plugin-api");
  return notificationsPage(CLOUD_NOTIFICATIONS);
}

/** A package of the workspace, as it was built. */
function built(name) {
  return import(pathToFileURL(join(repositoryRoot, "packages", name, "dist", "index.js")).href);
}

/** True where the page was, or is, stale. */
function write(path, text) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return false;
  if (!check) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
  }
  return true;
}
