#!/usr/bin/env node
// Compiles the declarations that the packages publish once as a strict consumer would, with skipLibCheck off: a type
// that a package forgot to depend on would silently be `any` for everyone else. What plugin authors see, plugin-api and
// all it re-exports, must hold no `any` at all. Errors inside third-party packages are theirs.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "./lib/command.mjs";
import { cacheFolder, localBinary, repositoryRoot } from "./lib/repository.mjs";
import { readWorkspace } from "./lib/workspace.mjs";

const authorsPackage = "@kilonova/plugin-api";

const workspace = readWorkspace();
const problems = [...(await compile(workspace.flatMap(declarations))), ...anyInAuthorsSurface()];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

/** The errors of the compiler in our own files; a count per package of the others is told. */
async function compile(files) {
  if (files.length === 0) return [];
  const folder = join(cacheFolder, "declarations");
  mkdirSync(folder, { recursive: true });
  const project = join(folder, "tsconfig.json");
  const compilerOptions = { skipLibCheck: false, noEmit: true, composite: false, incremental: false, rootDir: "/" };
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(repositoryRoot, "tsconfig.base.json"),
      compilerOptions: { ...compilerOptions, typeRoots: [join(repositoryRoot, "node_modules", "@types")] },
      files,
      include: [],
    }),
  );
  const { code, output } = await run(localBinary("tsc"), ["--project", project, "--pretty", "false"]);
  const errors = output.split("\n").filter((line) => /\berror TS\d+:/.test(line));
  if (code !== 0 && errors.length === 0) return [output];

  const foreign = errors.filter((line) => thirdPartyPackage(line) !== undefined);
  for (const [name, count] of countBy(foreign, thirdPartyPackage))
    console.error(`${count} errors inside ${name}: its own`);
  return errors.filter((line) => !foreign.includes(line));
}

function thirdPartyPackage(line) {
  return /^[^(]*node_modules\/((?:@[^/]+\/)?[^/(]+)\/[^(]*\(/.exec(line)?.[1];
}

function countBy(lines, key) {
  const counts = new Map();
  for (const line of lines) counts.set(key(line), (counts.get(key(line)) ?? 0) + 1);
  return counts;
}

function anyInAuthorsSurface() {
  return closure(authorsPackage)
    .flatMap(declarations)
    .flatMap((file) => {
      const lines = withoutCommentsAndStrings(readFileSync(file, "utf8")).split("\n");
      return lines.flatMap((line, index) =>
        /\bany\b/.test(line)
          ? [`${relative(repositoryRoot, file)}:${index + 1}: any in plugin-api's surface: ${line.trim()}`]
          : [],
      );
    });
}

/** A package of ours and those of ours that it depends on. */
function closure(name, seen = new Set()) {
  const member = workspace.find((candidate) => candidate.name === name);
  if (member === undefined || seen.has(name)) return [];
  seen.add(name);
  return [member, ...Object.keys(member.manifest.dependencies ?? {}).flatMap((other) => closure(other, seen))];
}

/** Blanks keep the line numbers right. */
function withoutCommentsAndStrings(text) {
  return text.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (match) =>
    match.replace(/[^\n]/g, " "),
  );
}

/** The declaration files of a member that others can see. */
function declarations(member) {
  const dist = join(member.directory, "dist");
  if (member.tsconfig === undefined || !member.path.match(/^(packages|plugins)\//) || !existsSync(dist)) return [];
  return readdirSync(dist, { recursive: true })
    .filter((name) => name.endsWith(".d.ts") && !name.includes(".test."))
    .filter((name) => existsSync(join(member.directory, "src", name.replace(/\.d\.ts$/, ".ts"))))
    .map((name) => join(dist, name));
}
