import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { readWorkspace } from "../../scripts/lib/workspace.mjs";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../../", import.meta.url));

const manifestSchema = z.object({
  name: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
});
const packedSchema = z.object({
  name: z.string(),
  filename: z.string(),
  files: z.array(z.object({ path: z.string() })),
});

/** A package of ours as it would be published. */
export interface PackedPackage {
  readonly name: string;
  /** The tarball. */
  readonly file: string;
  /** What is in it. */
  readonly contents: readonly string[];
}

/** Packages of the workspace, packed by `pnpm pack` into a folder, each once. */
export class PackedPackages {
  readonly #packed = new Map<string, PackedPackage>();

  constructor(private readonly folder: string) {}

  /** The packages of these names and all of ours that they need, packed. */
  async closure(names: readonly string[]): Promise<readonly PackedPackage[]> {
    const wanted = closureOf(names);
    const missing = wanted.filter((name) => !this.#packed.has(name));
    if (missing.length > 0) await this.#pack(missing);
    return wanted.map((name) => this.#find(name));
  }

  async #pack(names: readonly string[]): Promise<void> {
    const filters = names.flatMap((name) => ["--filter", name]);
    const { stdout } = await run(
      process.execPath,
      ["scripts/pnpm.mjs", ...filters, "pack", "--json", "--pack-destination", this.folder],
      { cwd: repository, maxBuffer: 2 ** 26 },
    );
    const answer: unknown = JSON.parse(stdout);
    for (const { name, filename, files } of z.array(packedSchema).parse([answer].flat())) {
      this.#packed.set(name, { name, file: filename, contents: files.map(({ path }) => path) });
    }
  }

  #find(name: string): PackedPackage {
    const found = this.#packed.get(name);
    if (!found) throw new Error(`pnpm did not pack ${name}`);
    return found;
  }
}

/** Dependencies and peers, for npm installs those too. */
function closureOf(names: readonly string[]): readonly string[] {
  const members = new Map(readWorkspace().map(({ name, manifest }) => [name, manifestSchema.parse(manifest)]));
  const found = new Set<string>();
  const pending = [...names];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const member = members.get(name);
    if (!member) throw new Error(`there is no package ${name} in the workspace`);
    if (found.has(name)) continue;
    found.add(name);
    const needs = Object.keys({ ...member.dependencies, ...member.peerDependencies });
    pending.push(...needs.filter((need) => members.has(need)));
  }
  return [...found].sort();
}
