#!/usr/bin/env node
// Copies code into the pages that show it, so that a page shows what the tests run: below a line `<!-- code: path -->` or
// `<!-- code: path#region -->` stands, in a fenced block, that file of the repository or that region of it
// (`// #region name` to `// #endregion`; `#` in place of `//` where the language wants it; of JSON, that property). With
// --check it writes nothing and fails where a page is stale.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { repositoryRoot } from "./lib/repository.mjs";

const MARKER = /^<!-- code: ([^#\s]+)(?:#(\S+))? -->$/;
const REGION = /^\s*(?:\/\/|#) #region (\S+)\s*$/;
const REGION_END = /^\s*(?:\/\/|#) #endregion\b.*$/;

const LANGUAGES = { ".yml": "yaml", ".mts": "ts", ".mjs": "js" };

/**
 * A page with its code as it is now.
 *
 * @param readSource the text of a file, by its path in the repository
 * @throws Error in words for whoever wrote the page
 */
export function withCode(page, readSource) {
  const lines = page.split("\n");
  const written = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at++];
    written.push(line);
    const [, path, region] = MARKER.exec(line) ?? [];
    if (path === undefined) continue;
    const block = fenced(path, codeOf(readSource(path), path, region));
    at = afterBlock(lines, at, block[0].replace(/^`+/, ""));
    written.push("", ...block);
  }
  return written.join("\n");
}

/** The lines of a source, or of one region of it, as a page shows them: no marks, no indent that all share. */
export function codeOf(source, path, region) {
  if (region !== undefined && extname(path) === ".json") return propertyOf(source, path, region);
  const lines = region === undefined ? source.split("\n") : linesOfRegion(source.split("\n"), path, region);
  const shown = trimmed(lines.filter((line) => !REGION.test(line) && !REGION_END.test(line)));
  if (shown.length === 0) throw new Error(`${region === undefined ? path : `${path}#${region}`} is empty`);
  const indents = shown.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  const shared = Math.min(...indents);
  return shown.map((line) => line.slice(shared));
}

function propertyOf(source, path, name) {
  const { [name]: value } = JSON.parse(source);
  if (value === undefined) throw new Error(`${path} has no property ${name}`);
  // As the formatter has JSON on a page: a list of texts on one line.
  const text = JSON.stringify({ [name]: value }, null, 2);
  return text
    .replace(/\[\s+("[^"]*"(?:,\s+"[^"]*")*)\s+\]/g, (_, texts) => `[${texts.replace(/\s+/g, " ")}]`)
    .split("\n");
}

function linesOfRegion(lines, path, region) {
  const start = lines.findIndex((line) => REGION.exec(line)?.[1] === region);
  if (start < 0) throw new Error(`${path} has no region ${region}`);
  let depth = 1;
  for (let end = start + 1; end < lines.length; end++) {
    if (REGION.test(lines[end])) depth++;
    if (REGION_END.test(lines[end])) depth--;
    if (depth === 0) return lines.slice(start + 1, end);
  }
  throw new Error(`region ${region} of ${path} has no end`);
}

function trimmed(lines) {
  const isFull = (line) => line.trim() !== "";
  const first = lines.findIndex(isFull);
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex(isFull) + 1);
}

function fenced(path, code) {
  const extension = extname(path);
  // Longer than any fence within.
  const longest = Math.max(2, ...code.map((line) => /^`*/.exec(line)[0].length));
  const fence = "`".repeat(longest + 1);
  return [fence + (LANGUAGES[extension] ?? extension.slice(1)), ...code, fence];
}

/** Where the page goes on after the block that was written here before, if one was: one in another language was not. */
function afterBlock(lines, at, language) {
  let start = at;
  while (start < lines.length && lines[start].trim() === "") start++;
  const [, fence, itsLanguage] = /^(`{3,})(.*)$/.exec(lines[start] ?? "") ?? [];
  if (itsLanguage !== language) return at;
  const end = lines.indexOf(fence, start + 1);
  if (end < 0) throw new Error(`the block in line ${start + 1} has no end`);
  return end + 1;
}

/** The pages that may show code: all below docs, and the README of each example. */
function pages() {
  const below = (folder) => readdirSync(join(repositoryRoot, folder), { withFileTypes: true });
  const docs = readdirSync(join(repositoryRoot, "docs"), { recursive: true }).map((path) => join("docs", path));
  const readmes = below("examples").map(({ name }) => join("examples", name, "README.md"));
  return [...docs.filter((path) => path.endsWith(".md")), ...readmes]
    .map((path) => join(repositoryRoot, path))
    .filter((file) => existsSync(file))
    .sort();
}

function readSource(path) {
  const file = resolve(repositoryRoot, path);
  if (relative(repositoryRoot, file).startsWith("..")) throw new Error(`${path} is outside the repository`);
  if (!existsSync(file)) throw new Error(`there is no file ${path}`);
  return readFileSync(file, "utf8");
}

function synchronize(isCheck) {
  const problems = [];
  for (const file of pages()) {
    const name = relative(repositoryRoot, file);
    try {
      const before = readFileSync(file, "utf8");
      const after = withCode(before, readSource);
      if (before === after) continue;
      if (isCheck) problems.push(`${name} shows old code: run "node scripts/sync-guides.mjs"`);
      else writeFileSync(file, after);
    } catch (error) {
      problems.push(`${name}: ${error.message}`);
    }
  }
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = synchronize(process.argv.includes("--check"));
}
