import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { parse } from "yaml";
import { z } from "zod";

/** The cloud that `kilonova up` writes for its administrator. */
const ADMIN_CLOUD = "kilonova-admin";

const text = z.union([z.string(), z.number()]).transform(String);

const authSchema = z.object({
  auth_url: text.optional(),
  username: text.optional(),
  user_id: text.optional(),
  password: text.optional(),
  project_name: text.optional(),
  project_id: text.optional(),
  user_domain_name: text.optional(),
  user_domain_id: text.optional(),
  project_domain_name: text.optional(),
  project_domain_id: text.optional(),
});

const cloudSchema = z.object({
  auth: authSchema.prefault({}),
  auth_type: z.string().optional(),
  region_name: text.optional(),
  cacert: z.string().min(1).optional(),
});

const cloudsFileSchema = z.object({ clouds: z.record(z.string(), z.unknown()) });

type Auth = z.output<typeof authSchema>;

/** Who asks which cloud. Nothing of it is to be printed but the source. */
export interface Credentials {
  /** The identity service, with its `/v3`. */
  readonly authUrl: string;
  readonly auth: Auth & { readonly password: string };
  readonly region: string | undefined;
  /** The file with the authorities that its certificates may be from; undefined: those that Node.js trusts. */
  readonly caFile: string | undefined;
  /** Where all of this is from, for messages. */
  readonly source: string;
}

/** Where credentials are looked for. */
export interface CredentialsSearch {
  /** The name of a cloud, where the command line says one. */
  readonly cloud: string | undefined;
  /** The file of trusted authorities, where the command line says one. */
  readonly caFile: string | undefined;
  /** The folder of an embedded cloud, with a `clouds.yaml`. */
  readonly stateDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where relative paths begin. */
  readonly workingDirectory: string;
}

/**
 * Finds out which cloud is meant: the named one (`--os-cloud`, `OS_CLOUD`), else that of the environment's `OS_AUTH_URL`
 * and the like, else `kilonova-admin`, else the only one that there is. Clouds are those of the file
 * `OS_CLIENT_CONFIG_FILE`, else `./clouds.yaml`, else `clouds.yaml` in the state folder. Its `cacert`, `OS_CACERT` or
 * `--os-cacert` says who may have signed its certificates; a later one of these wins.
 *
 * @throws KilonovaError `cloud.unknown`, which says what to do
 */
export async function findCredentials(search: CredentialsSearch): Promise<Credentials> {
  const { environment } = search;
  const named = search.cloud ?? (environment["OS_CLOUD"] || undefined);
  if (named === undefined && environment["OS_AUTH_URL"]) {
    const source = "the environment (OS_AUTH_URL)";
    const caFile = caFileOf(search, undefined);
    return credentialsOf(fromEnvironment(environment), { region: environment["OS_REGION_NAME"], caFile, source });
  }
  const { path, clouds } = await cloudsFile(search);
  const names = Object.keys(clouds);
  const name = named ?? (names.includes(ADMIN_CLOUD) || names.length !== 1 ? ADMIN_CLOUD : names[0]) ?? ADMIN_CLOUD;
  const source = `cloud ${name} in ${path}`;
  if (!Object.hasOwn(clouds, name)) {
    const there = names.length > 0 ? `it has ${names.join(", ")}: name one by --os-cloud` : "it has none";
    throw unknown(`There is no cloud ${name} in ${path}; ${there}.`);
  }
  const cloud = cloudSchema.safeParse(clouds[name]);
  if (!cloud.success) throw unknown(`The ${source} is not what a cloud looks like: ${z.prettifyError(cloud.error)}`);
  const { auth, auth_type: type, region_name: region, cacert } = cloud.data;
  if (type !== undefined && !["password", "v3password"].includes(type)) {
    throw unknown(`The ${source} has auth_type ${type}; this command logs in by password alone.`);
  }
  const password = auth.password ?? environment["OS_PASSWORD"];
  return credentialsOf(
    { ...auth, password },
    { region: region ?? environment["OS_REGION_NAME"], caFile: caFileOf(search, cacert), source },
  );
}

function caFileOf({ caFile, environment, workingDirectory }: CredentialsSearch, written: string | undefined) {
  const path = caFile ?? (environment["OS_CACERT"] || written);
  return path === undefined ? undefined : resolve(workingDirectory, path.replace(/^~(?=\/)/, homedir()));
}

function fromEnvironment(environment: CredentialsSearch["environment"]): Auth {
  return authSchema.parse(
    Object.fromEntries(
      Object.keys(authSchema.shape).map((key) => [key, environment[`OS_${key.toUpperCase()}`] || undefined]),
    ),
  );
}

function credentialsOf(
  auth: Auth,
  { region, caFile, source }: Pick<Credentials, "region" | "caFile" | "source">,
): Credentials {
  const missing = [
    auth.auth_url === undefined && "auth_url",
    auth.username === undefined && auth.user_id === undefined && "username",
    auth.password === undefined && "password",
    auth.project_name === undefined && auth.project_id === undefined && "project_name",
  ].filter((name) => name !== false);
  const { auth_url: url, password } = auth;
  if (missing.length > 0 || url === undefined || password === undefined) {
    throw unknown(`There is no ${missing.join(", no ")} in ${source}.`);
  }
  if (!URL.canParse(url)) throw unknown(`The auth_url of ${source} is no URL: ${url}.`);
  const base = url.replace(/\/+$/, "");
  const authUrl = base.endsWith("/v3") ? base : `${base}/v3`;
  return { authUrl, auth: { ...auth, password }, region: region || undefined, caFile, source };
}

async function cloudsFile({ environment, stateDirectory, workingDirectory }: CredentialsSearch) {
  const named = environment["OS_CLIENT_CONFIG_FILE"];
  const paths = (named ? [named] : ["clouds.yaml", join(stateDirectory, "clouds.yaml")]).map((path) =>
    resolve(workingDirectory, path),
  );
  for (const path of paths) {
    const content = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw unknown(`${path} cannot be read: ${messageOf(error)}.`);
    });
    if (content !== undefined) return { path, clouds: cloudsIn(content, path) };
  }
  const advice = named
    ? "OS_CLIENT_CONFIG_FILE names it"
    : "`kilonova up` writes one into its state folder (--state-dir), or set OS_CLIENT_CONFIG_FILE";
  throw unknown(`No cloud is known: there is no ${paths.join(" and no ")}; ${advice}.`);
}

function cloudsIn(content: string, path: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = parse(content);
  } catch (error) {
    // The message would quote the lines around, which may hold a password.
    throw unknown(`${path} is no YAML${lineOf(error)}.`);
  }
  const file = cloudsFileSchema.safeParse(parsed);
  if (!file.success) throw unknown(`${path} has no \`clouds:\` with a cloud for each name.`);
  return file.data.clouds;
}

function lineOf(error: unknown): string {
  const [line] = /line \d+/.exec(messageOf(error)) ?? [];
  return line === undefined ? "" : ` (${line})`;
}

function unknown(message: string): KilonovaError {
  return new KilonovaError("cloud.unknown", message);
}
