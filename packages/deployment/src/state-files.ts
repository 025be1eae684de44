import { randomBytes, randomUUID } from "node:crypto";
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { stringify } from "yaml";
import { z } from "zod";

const SECRETS_FILE = "secrets.json";
const CLOUDS_FILE = "clouds.yaml";

const secretsSchema = z.strictObject({
  /** Of the role that owns each schema. */
  database: z.record(z.string(), z.string().min(16)),
  /** Of the users `admin` and `kilonova`. */
  adminPassword: z.string().min(16),
  userPassword: z.string().min(16),
});

/** What an embedded cloud must not forget and nobody else may know. */
export type Secrets = Readonly<z.output<typeof secretsSchema>>;

/**
 * The secrets of the cloud in a state folder: made at the first start, in a file that only its owner may read.
 *
 * @param owners the owners of schemas that need a password
 * @throws KilonovaError `state.unwritable` when the file is there but is not ours to read, or is damaged
 */
export async function loadSecrets(stateDirectory: string, owners: readonly string[]): Promise<Secrets> {
  const path = join(stateDirectory, SECRETS_FILE);
  const known = await readSecrets(path);
  const missing = owners.filter((owner) => known?.database[owner] === undefined);
  if (known && missing.length === 0) return known;
  const secrets = {
    database: { ...known?.database, ...Object.fromEntries(missing.map((owner) => [owner, newSecret()])) },
    adminPassword: known?.adminPassword ?? newSecret(),
    userPassword: known?.userPassword ?? newSecret(),
  };
  await writePrivately(path, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}

/** What goes into `clouds.yaml`, where the openstack command and the SDK look for their clouds. */
export interface CloudsFile {
  /** The identity service's endpoint. */
  readonly authUrl: string;
  readonly region: string;
  /** Certificates of the authorities that the endpoints' certificate may be from, where Node.js and Python know none. */
  readonly caFile?: string | undefined;
  readonly secrets: Secrets;
}

/** Writes `clouds.yaml` with the clouds `kilonova`, an ordinary user, and `kilonova-admin`; answers its path. */
export async function writeClouds(
  stateDirectory: string,
  { authUrl, region, caFile, secrets }: CloudsFile,
): Promise<string> {
  const cloud = (username: string, password: string) => ({
    auth: {
      auth_url: authUrl,
      username,
      password,
      project_name: username,
      user_domain_name: "Default",
      project_domain_name: "Default",
    },
    region_name: region,
    identity_api_version: 3,
    ...(caFile === undefined ? {} : { cacert: caFile }),
  });
  const clouds = {
    kilonova: cloud("kilonova", secrets.userPassword),
    "kilonova-admin": cloud("admin", secrets.adminPassword),
  };
  const path = join(stateDirectory, CLOUDS_FILE);
  await writePrivately(path, stringify({ clouds }));
  return path;
}

async function readSecrets(path: string): Promise<Secrets | undefined> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw damaged(path, cause);
  });
  if (text === undefined) return undefined;
  try {
    return secretsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function damaged(path: string, cause: unknown): KilonovaError {
  const why = cause instanceof z.ZodError || cause instanceof SyntaxError ? "it is damaged" : messageOf(cause);
  return new KilonovaError(
    "state.unwritable",
    `${path} cannot be used: ${why}. Restore it, or start with another --state-dir.`,
  );
}

/** Whole or not at all, and never readable by others. */
async function writePrivately(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600, flag: "wx" });
  await chmod(draft, 0o600);
  await rename(draft, path);
}

function newSecret(): string {
  return randomBytes(24).toString("base64url");
}
