import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { parse as parseToml, TomlError } from "smol-toml";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { ConfigurationProblem } from "./configuration-error.js";
import type { Entry, Layer, Origin } from "./layer.js";
import { tomlLines } from "./toml-lines.js";

/** A file of options as it was read: what it says, or why it can't be used. */
export interface ConfigFile {
  readonly path: string;
  readonly layer: Layer;
  readonly problems: readonly ConfigurationProblem[];
}

/** What a format's parser gives: the document and, where it can be told, the line of a key. */
interface Parsed {
  readonly document: unknown;
  readonly lineOf: (group: string, option?: string) => number | undefined;
}

/** A document that can't be parsed. The message never quotes the document, which may hold secrets. */
class SyntaxProblem extends Error {
  constructor(
    message: string,
    readonly line: number | undefined,
  ) {
    super(message);
  }
}

const PARSERS: Readonly<Record<string, (text: string) => Parsed>> = {
  ".yaml": readYaml,
  ".yml": readYaml,
  ".json": readJson,
  ".toml": readToml,
};

/** The endings of the files that are read. */
export const CONFIG_FILE_ENDINGS: readonly string[] = Object.keys(PARSERS);

/** Reads a file named by the operator; one that is missing or of another kind is a problem. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    return parseConfigFile(path, await readFile(path, "utf8"));
  } catch (error) {
    return unusable(path, "a file that can be read", reasonOf(error));
  }
}

/** Makes a layer of a file's text. Its ending names the format. */
export function parseConfigFile(path: string, text: string): ConfigFile {
  const ending = extname(path).toLowerCase();
  const parser = Object.hasOwn(PARSERS, ending) ? PARSERS[ending] : undefined;
  if (!parser) return unusable(path, `a file ending in ${CONFIG_FILE_ENDINGS.join(", ")}`, ending || "no ending");
  try {
    return layerOf(path, parser(text));
  } catch (error) {
    const line = error instanceof SyntaxProblem ? error.line : undefined;
    return unusable(line === undefined ? path : `${path}:${line}`, `valid ${ending.slice(1)}`, reasonOf(error));
  }
}

function layerOf(path: string, { document, lineOf }: Parsed): ConfigFile {
  const entries = new Map<string, Entry>();
  const problems: ConfigurationProblem[] = [];
  if (document !== null && document !== undefined && !isRecord(document)) {
    return unusable(path, "groups of options by name", kindOf(document));
  }
  const originOf = (group: string, option?: string): Origin => {
    const line = lineOf(group, option);
    return line === undefined ? { from: "file", path } : { from: "file", path, line };
  };
  for (const [group, options] of Object.entries(document ?? {})) {
    const origin = originOf(group);
    if (options === null || (isRecord(options) && Object.keys(options).length === 0)) {
      entries.set(group, { value: undefined, origin });
    } else if (isRecord(options)) {
      for (const [option, value] of Object.entries(options)) {
        entries.set(`${group}.${option}`, { value, origin: originOf(group, option) });
      }
    } else {
      const place = origin.from === "file" && origin.line !== undefined ? `${path}:${origin.line}` : path;
      problems.push({ option: group, place, expected: "a group of options", received: kindOf(options) });
    }
  }
  return { path, layer: { keyedBy: "option", entries }, problems };
}

function readYaml(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const [error] = document.errors;
  if (error) throw new SyntaxProblem(unquoted(error.message), lines.linePos(error.pos[0]).line);
  return { document: document.toJS(), lineOf: (group, option) => lineIn(document, lines, group, option) };
}

function readJson(text: string): Parsed {
  let value: unknown;
  try {
    // An empty file is fine, as in the other formats.
    value = text.trim() === "" ? undefined : JSON.parse(text);
  } catch (error) {
    const reason = reasonOf(error);
    const position = /at position (\d+)/.exec(reason)?.[1];
    const line = position === undefined ? undefined : text.slice(0, Number(position)).split("\n").length;
    throw new SyntaxProblem(unquoted(reason), line);
  }
  // JSON is YAML, whose parser knows the lines and minds a key that stands there twice.
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const twice = document.errors.find((error) => error.code === "DUPLICATE_KEY");
  if (twice) throw new SyntaxProblem(unquoted(twice.message), lines.linePos(twice.pos[0]).line);
  return { document: value, lineOf: (group, option) => lineIn(document, lines, group, option) };
}

function readToml(text: string): Parsed {
  try {
    return { document: parseToml(text), lineOf: tomlLines(text) };
  } catch (error) {
    const [first = ""] = reasonOf(error).split("\n");
    throw new SyntaxProblem(unquoted(first), error instanceof TomlError ? error.line : undefined);
  }
}

function lineIn(document: Document, lines: LineCounter, group: string, option?: string): number | undefined {
  let map: unknown = document.contents;
  let line: number | undefined;
  for (const name of option === undefined ? [group] : [group, option]) {
    if (!isMap(map)) return line;
    const pair = map.items.find(({ key }) => isScalar(key) && String(key.value) === name);
    const start = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
    if (start === undefined) return line;
    line = lines.linePos(start).line;
    map = pair?.value;
  }
  return line;
}

function unusable(place: string, expected: string, received: string): ConfigFile {
  return unusableFile("configuration file", place, expected, received);
}

/** What stands for a file, or a folder of them, that can't be used: one problem and no options. */
export function unusableFile(what: string, place: string, expected: string, received: string): ConfigFile {
  const problem = { option: what, place, expected, received };
  return { path: place, layer: { keyedBy: "option", entries: new Map() }, problems: [problem] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unquoted(message: string): string {
  return message.replace(/[,:]? ?(?:\.\.\.)?["'`][\s\S]*$/, "");
}
