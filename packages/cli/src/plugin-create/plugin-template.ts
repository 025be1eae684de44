import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { PluginKind } from "@kilonova/plugin-api";
import { z } from "zod";
import type { PluginNames } from "./plugin-names.js";

const FOLDER = fileURLToPath(new URL("../../templates/", import.meta.url));

const namedSchema = z.record(z.string(), z.string());
const packageSchema = z.looseObject({
  description: z.string().optional(),
  kilonova: z.looseObject({}),
  dependencies: namedSchema.default({}),
  peerDependencies: namedSchema.default({}),
  devDependencies: namedSchema.default({}),
});

type PackageJson = z.output<typeof packageSchema>;

/**
 * What a plugin of one kind is written from: a plugin called `sample-plugin`, which compiles as it stands. Its names are
 * replaced wherever they are, in code, in words and in the names of files.
 */
export class PluginTemplate {
  private constructor(
    private readonly shared: ReadonlyMap<string, string>,
    private readonly own: ReadonlyMap<string, string>,
  ) {}

  static async read(kind: PluginKind): Promise<PluginTemplate> {
    return new PluginTemplate(await filesIn("shared"), await filesIn(kind));
  }

  /** What it says of itself in a sentence, without a full stop. */
  get description(): string {
    return this.#ownPackage().description ?? "";
  }

  /** A name that its code, configuration or files have already: one more would be two things of one name. */
  clashing(names: PluginNames): string | undefined {
    const { className, groupName } = names;
    const code = [...this.own].filter(([file]) => /\.(ts|yaml)$/.test(file)).map(([, text]) => text);
    const given = [className, `${groupName}Options`, `${groupName}Contract`];
    const paths = this.#sources().map(([file]) => renamed(file, names));
    return (
      given.find((name) => code.some((text) => new RegExp(`\\b${name}\\b`).test(text))) ??
      paths.find((path, index) => paths.indexOf(path) !== index)
    );
  }

  /** The lines that put the plugin to use. */
  configuration(names: PluginNames): string {
    return renamed(this.#text("configuration.yaml"), names);
  }

  /**
   * The files of a plugin by their paths within its folder.
   *
   * @param apiRange of our packages
   */
  files(names: PluginNames, kind: PluginKind, description: string, apiRange: string): ReadonlyMap<string, string> {
    return new Map([
      ["package.json", this.#packageJson(names, description, apiRange)],
      ["tsconfig.json", this.#text("tsconfig.json")],
      // npm does not pack a file that is called .gitignore.
      [".gitignore", this.#text("gitignore")],
      ["README.md", this.#readme(names, kind, description)],
      ...this.#sources().map(([file, text]): [string, string] => [renamed(file, names), renamed(text, names)]),
    ]);
  }

  #sources(): readonly (readonly [file: string, text: string])[] {
    return [...this.own].filter(([file]) => file.startsWith("src/"));
  }

  #packageJson(names: PluginNames, description: string, apiRange: string): string {
    // Under its own name it would make a package of the templates' folder.
    const [shared, own] = [parsePackage(this.#text("package.template.json")), this.#ownPackage()];
    const merged = {
      ...shared,
      kilonova: { ...shared.kilonova, ...own.kilonova },
      dependencies: sorted({ ...shared.dependencies, ...own.dependencies }),
      peerDependencies: sorted({ ...shared.peerDependencies, ...own.peerDependencies }),
      devDependencies: sorted({ ...shared.devDependencies, ...own.devDependencies }),
    };
    const text = renamed(JSON.stringify(merged, null, 2), names).replaceAll("SAMPLE_API_RANGE", apiRange);
    return `${text.replace('"SAMPLE_DESCRIPTION"', () => JSON.stringify(description))}\n`;
  }

  #readme(names: PluginNames, kind: PluginKind, description: string): string {
    const parts = {
      SAMPLE_KIND: kind,
      SAMPLE_ABOUT: this.#text("about.md"),
      SAMPLE_EFFECT: this.#text("effect.md"),
      SAMPLE_CONFIGURATION: this.#text("configuration.yaml"),
    };
    let text = this.#text("README.md");
    for (const [placeholder, part] of Object.entries(parts)) text = text.replace(placeholder, () => part.trimEnd());
    return renamed(text, names).replace("SAMPLE_DESCRIPTION", () => `${description}.`);
  }

  #ownPackage(): PackageJson {
    return parsePackage(this.#text("manifest.json"));
  }

  #text(file: string): string {
    const text = this.own.get(file) ?? this.shared.get(file);
    if (text === undefined) throw new Error(`the template has no file ${file}`);
    return text;
  }
}

/** Files by their paths, with slashes. */
async function filesIn(name: string): Promise<ReadonlyMap<string, string>> {
  const folder = join(FOLDER, name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = files.sort().map(async (file): Promise<[string, string]> => {
    return [relative(folder, file).split(sep).join("/"), await readFile(file, "utf8")];
  });
  return new Map(await Promise.all(texts));
}

function parsePackage(text: string): PackageJson {
  const written = z.looseObject({}).parse(JSON.parse(text));
  // In the order in which it is written.
  return { ...written, ...packageSchema.parse(written) };
}

/** Object paths and npm take the package by its whole name; all else has it without a scope. */
function renamed(text: string, { packageName, fileName, className, groupName }: PluginNames): string {
  return text
    .replaceAll("SAMPLE_PACKAGE", packageName)
    .replaceAll("sample-plugin#", `${packageName}#`)
    .replaceAll("sample-plugin", fileName)
    .replaceAll("SamplePlugin", className)
    .replaceAll("samplePlugin", groupName);
}

function sorted(dependencies: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(dependencies).sort(([one], [other]) => (one < other ? -1 : 1)));
}
