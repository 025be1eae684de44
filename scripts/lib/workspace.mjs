import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./repository.mjs";

/** The folders of pnpm-workspace.yaml whose children are packages, and those that are themselves packages. */
const parents = ["packages", "plugins", "examples"];
const single = ["test", "test/bench/peers"];

const dependencyFields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/**
 * Every package of the workspace, sorted by path.
 * `path` is relative to the repository; `tsconfig` is undefined for a package that the compiler does not build;
 * `workspaceDependencies` are the names of other members in any dependency field.
 */
export function readWorkspace() {
  const paths = parents.flatMap((parent) => children(parent).map((child) => `${parent}/${child}`)).concat(single);
  const members = paths
    .filter((path) => existsSync(join(repositoryRoot, path, "package.json")))
    .sort()
    .map((path) => readMember(path));
  const names = new Set(members.map((member) => member.name));
  return members.map((member) => ({
    ...member,
    workspaceDependencies: member.dependencies.filter((name) => names.has(name)),
  }));
}

function readMember(path) {
  const directory = join(repositoryRoot, path);
  const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const tsconfig = join(directory, "tsconfig.json");
  const dependencies = dependencyFields.flatMap((field) => Object.keys(manifest[field] ?? {}));
  return {
    name: manifest.name,
    path,
    directory,
    manifest,
    dependencies: [...new Set(dependencies)].sort(),
    tsconfig: existsSync(tsconfig) ? tsconfig : undefined,
  };
}

function children(parent) {
  const directory = join(repositoryRoot, parent);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}
