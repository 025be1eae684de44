import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publish } from "libnpmpublish";
import { runServer } from "verdaccio";
import { z } from "zod";
import { readWorkspace } from "../../scripts/lib/workspace.mjs";
import type { RunningServer } from "./offered-server.js";
import { PackedPackages } from "./packed-packages.js";

const run = promisify(execFile);
/** What comes from elsewhere is kept from one run to the next. */
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/npm-registry/", import.meta.url));
/** Bytes: the largest package of ours brings migrations and templates, none comes near. */
const LONGEST_UPLOAD = "64mb";

const manifestSchema = z.looseObject({ name: z.string(), version: z.string() });

/**
 * A registry on the loopback address with every package of the workspace, as it would be published; all others come from
 * the registry that npm is set up with here.
 */
export async function startNpmRegistry(): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), "kilonova-registry-"));
  await mkdir(CACHE, { recursive: true });
  const server = await startVerdaccio(folder);
  const stop = async () => {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/`;
    await publishAll(url, folder);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startVerdaccio(folder: string): Promise<Server> {
  const storage = join(folder, "storage");
  await mkdir(storage);
  await symlink(CACHE, join(storage, "others"));
  const ours = { access: ["$all"], publish: ["$all"] };
  const server = await runServer({
    self_path: join(folder, "config.yaml"),
    storage,
    uplinks: { upstream: { url: await upstream(), maxage: "1d" } },
    packages: {
      "@kilonova/*": ours,
      "{kilonova,kilonova-*,create-kilonova}": ours,
      "**": { access: ["$all"], proxy: ["upstream"], storage: "others" },
    },
    auth: {},
    log: { type: "stdout", level: "fatal" },
    max_body_size: LONGEST_UPLOAD,
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  return server;
}

async function upstream(): Promise<string> {
  const { stdout } = await run("npm", ["config", "get", "registry"]);
  return stdout.trim();
}

async function publishAll(registry: string, folder: string): Promise<void> {
  const members = readWorkspace().filter(({ path }) => /^(packages|plugins|examples)\//.test(path));
  for (const { name, file } of await new PackedPackages(folder).closure(members.map((member) => member.name))) {
    const manifest = await manifestIn(file);
    if (manifest.name !== name) throw new Error(`${file} says that it is ${manifest.name}`);
    await publish(manifest, await readFile(file), { registry, forceAuth: { token: "anybody" } });
  }
}

/** As it stands in the tarball, with the versions that `workspace:` stood for; examples are private in the workspace alone. */
async function manifestIn(tarball: string) {
  const { stdout } = await run("tar", ["-xzOf", tarball, "package/package.json"]);
  return { ...manifestSchema.parse(JSON.parse(stdout)), private: false };
}
