#!/usr/bin/env node
// Holds the packages to the floors of scripts/lib/floors.mjs, by their imports and by their package.json.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  floors,
  pluginMayImport,
  pluginsInTheBoxFrom,
  pluginTestsMayImport,
  transportMayImport,
  transportPlugins,
} from "./lib/floors.mjs";
import { readWorkspace } from "./lib/workspace.mjs";

/**
 * Says in one line each which uses break the rules.
 * A member is `{ name, path, dependencies, sources }`: dependencies are the package names of its package.json that
 * others get with it, sources are `{ file, imports }` with the package names that a file imports.
 */
export function floorViolations(members) {
  const byName = new Map(members.map((member) => [member.name, member]));
  return members.filter(hasFloor).flatMap((member) => {
    const unknown =
      isPackage(member) && floorOf(member) === -1 ? [`${member.path} is on no floor: add it to the table`] : [];
    const uses = [
      { where: `${member.path}/package.json`, names: member.dependencies, inTest: false },
      ...member.sources.map(({ file, imports }) => ({ where: file, names: imports, inTest: /\.test\.ts$/.test(file) })),
    ];
    const wrong = uses.flatMap(({ where, names, inTest }) =>
      [...new Set(names)]
        .map((name) => byName.get(name))
        .filter((used) => used !== undefined && used !== member && !mayUse(member, used, inTest))
        .map((used) => `${where} uses ${used.name}: ${rule(member)}`),
    );
    return [...unknown, ...wrong];
  });
}

function hasFloor(member) {
  return isPackage(member) || member.path.startsWith("plugins/");
}

function isPackage(member) {
  return member.path.startsWith("packages/");
}

function folderOf(member) {
  return member.path.slice(member.path.indexOf("/") + 1);
}

function floorOf(member) {
  return floors.findIndex((floor) => floor.includes(folderOf(member)));
}

function mayUse(member, used, inTest) {
  if (!isPackage(used)) return isPackage(member) && used.path.startsWith("plugins/") && holdsPlugins(member);
  if (isPackage(member)) return floorOf(used) !== -1 && floorOf(used) < floorOf(member);
  return allowedTo(member, inTest).includes(folderOf(used));
}

function holdsPlugins(member) {
  return floorOf(member) >= floors.findIndex((floor) => floor.includes(pluginsInTheBoxFrom));
}

function allowedTo(plugin, inTest) {
  const allowed = transportPlugins.test(folderOf(plugin)) ? transportMayImport : pluginMayImport;
  return inTest ? [...allowed, ...pluginTestsMayImport] : allowed;
}

function rule(member) {
  if (isPackage(member)) return "a package uses lower floors only";
  return `this plugin may use ${allowedTo(member, false).join(" and ")} only`;
}

/** The package names in the import and export statements, dynamic imports included, of one TypeScript source. */
export function importedPackages(source) {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const specifiers = [...code.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g)].map((match) => match[1]);
  return specifiers.filter((specifier) => !/^(\.|node:)/.test(specifier)).map(packageOf);
}

function packageOf(specifier) {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
}

function readMember(member) {
  const { dependencies, optionalDependencies, peerDependencies } = member.manifest;
  const src = join(member.directory, "src");
  const files = existsSync(src) ? readdirSync(src, { recursive: true }).filter((name) => name.endsWith(".ts")) : [];
  return {
    name: member.name,
    path: member.path,
    dependencies: Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }),
    sources: files.map((name) => ({
      file: `${member.path}/src/${name}`,
      imports: importedPackages(readFileSync(join(src, name), "utf8")),
    })),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const violations = floorViolations(readWorkspace().map(readMember));
  for (const violation of violations) console.error(violation);
  if (violations.length > 0) process.exitCode = 1;
}
