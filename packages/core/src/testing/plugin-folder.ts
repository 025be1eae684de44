import { testFolder } from "./folder.js";

/** A package as a test installs it. */
export interface TestPlugin {
  /** Its manifest; a package that is no plugin has none. */
  readonly kilonova?: unknown;
  readonly version?: string;
  /** The source of its only module. */
  readonly index?: string;
}

/** A class of a kind, in JavaScript that needs no import. */
export const pluginClass = (name: string, kind: string, body = "") =>
  `export class ${name} { static [Symbol.for("kilonova.plugin")] = { kind: "${kind}", version: 1 }; ${body} }`;

/** A folder whose package.json depends on packages, which are installed in it; `more` are further files. */
export function pluginFolder(
  plugins: Readonly<Record<string, TestPlugin>>,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const files = Object.entries(plugins).flatMap(([name, { kilonova, version = "1.0.0", index = "" }]) => [
    [
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version, type: "module", exports: "./index.js", kilonova }),
    ] as const,
    [`node_modules/${name}/index.js`, index] as const,
  ]);
  const dependencies = Object.fromEntries(Object.keys(plugins).map((name) => [name, "*"]));
  return testFolder({ "package.json": JSON.stringify({ dependencies }), ...Object.fromEntries(files), ...more });
}
