import {
  countKeypairs,
  createKeypair,
  deleteKeypair,
  findKeypair,
  type Keypair,
  listKeypairs,
} from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { type ApiFault, byVersion, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { generateKeyPair } from "../key-pairs/generate-key-pair.js";
import { fingerprintOf, type KeyType } from "../key-pairs/public-key.js";
import { limitsOfProject } from "../quotas/limits-of-project.js";
import type { QuotaLimits } from "../quotas/quota-resources.js";
import { createKeyPairBodies } from "../schemas/key-pairs.js";
import { links, loose } from "../schemas/replies.js";
import { briefKeyPairView, createdKeyPairView, keyPairView } from "../views/key-pairs.js";
import { nextLinks, pageLimit, pageQuery } from "./paging.js";

const ofUser = { user_id: z.string().min(1).max(255).optional() };
const keyPairReply = z.object({ keypair: loose });

const list = declareRoute({
  method: "GET",
  path: "/os-keypairs",
  policy: "os_compute_api:os-keypairs:index",
  query: byVersion({
    "2.1": z.object({}),
    "2.10": z.object(ofUser),
    "2.35": z.object({ ...ofUser, ...pageQuery }),
    "2.75": z.strictObject({ ...ofUser, ...pageQuery }),
  }),
  replies: { 200: z.object({ keypairs: z.array(keyPairReply), keypairs_links: links.optional() }) },
});

const create = {
  method: "POST",
  path: "/os-keypairs",
  policy: "os_compute_api:os-keypairs:create",
  body: byVersion(createKeyPairBodies),
  errors: [409],
} as const;
const createThen = declareRoute({ ...create, versions: { to: "2.1" }, replies: { 200: keyPairReply } });
const createNow = declareRoute({ ...create, versions: { from: "2.2" }, replies: { 201: keyPairReply } });

const userQuery = byVersion({ "2.1": z.object({}), "2.10": z.object(ofUser), "2.75": z.strictObject(ofUser) });

const show = declareRoute({
  method: "GET",
  path: "/os-keypairs/{name}",
  policy: "os_compute_api:os-keypairs:show",
  query: userQuery,
  replies: { 200: keyPairReply },
});

const remove = {
  method: "DELETE",
  path: "/os-keypairs/{name}",
  policy: "os_compute_api:os-keypairs:delete",
  query: userQuery,
} as const;
const removeThen = declareRoute({ ...remove, versions: { to: "2.1" }, replies: { 202: null } });
const removeNow = declareRoute({ ...remove, versions: { from: "2.2" }, replies: { 204: null } });

/** What a creation may hold at any version. */
type KeyPairBody = z.output<(typeof createKeyPairBodies)["2.10"]>["keypair"];
type KeyPairQuery = {
  readonly user_id?: string | undefined;
  readonly limit?: number | undefined;
  readonly marker?: string | undefined;
};
type Asking = Pick<RouteRequest, "context" | "policy">;

/** Key pairs: those of whoever asks, and for administrators those of any user. */
export class KeyPairsController {
  constructor(
    private readonly database: Database,
    private readonly defaults: QuotaLimits,
    private readonly maxLimit: number,
  ) {}

  @route(list)
  async list(request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const query: KeyPairQuery = request.query;
    const userId = userOf(request, "index", query.user_id);
    // Up to 2.34 a list has no pages.
    const limit = request.version.minor < 35 ? Number.MAX_SAFE_INTEGER : pageLimit(query.limit, this.maxLimit);
    const { marker } = query;
    if (marker !== undefined && !(await findKeypair(this.database, userId, marker))) {
      return fault(400, `Marker ${marker} could not be found.`);
    }
    const found = await listKeypairs(this.database, userId, { limit, ...(marker === undefined ? {} : { marker }) });
    const keypairs = found.map((one) => ({ keypair: briefKeyPairView(one, request.version.minor) }));
    const next = nextLinks(request.links, "/os-keypairs", request.queryText, {
      size: found.length,
      limit,
      last: found.at(-1)?.name,
    });
    return { status: 200, body: { keypairs, ...(next ? { keypairs_links: next } : {}) } };
  }

  @route(createThen)
  async createThen(request: RouteRequest<typeof createThen>): Promise<Reply<typeof createThen>> {
    const made = await this.#create(request, request.body.keypair, request.version.minor);
    return "keypair" in made ? { status: 200, body: made } : made;
  }

  @route(createNow)
  async createNow(request: RouteRequest<typeof createNow>): Promise<Reply<typeof createNow>> {
    const made = await this.#create(request, request.body.keypair, request.version.minor);
    return "keypair" in made ? { status: 201, body: made } : made;
  }

  @route(show)
  async show(request: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const { user_id: asked }: KeyPairQuery = request.query;
    const userId = userOf(request, "show", asked);
    const found = await findKeypair(this.database, userId, request.params.name);
    if (!found) return noSuchKeyPair(userId, request.params.name);
    return { status: 200, body: { keypair: keyPairView(found, request.version.minor) } };
  }

  @route(removeThen)
  async removeThen(request: RouteRequest<typeof removeThen>): Promise<Reply<typeof removeThen>> {
    return (await this.#remove(request, request.params.name, request.query)) ?? { status: 202 };
  }

  @route(removeNow)
  async removeNow(request: RouteRequest<typeof removeNow>): Promise<Reply<typeof removeNow>> {
    return (await this.#remove(request, request.params.name, request.query)) ?? { status: 204 };
  }

  async #create(asking: Asking, body: KeyPairBody, minor: number) {
    const userId = userOf(asking, "create", body.user_id);
    const unsafe = minor < 92 ? /[^a-zA-Z0-9\-_ ]/ : /[^a-zA-Z0-9\-_ @.]/;
    if (unsafe.test(body.name)) return fault(400, "Keypair data is invalid: Keypair name contains unsafe characters");
    const { type = "ssh" } = body;
    const keys = await keysOf(type, body.public_key ?? undefined);
    if (!("publicKey" in keys)) return keys;
    const { privateKey, ...kept } = keys;
    const { key_pairs: limit } = await limitsOfProject(this.database, this.defaults, asking.context.projectId ?? "");
    const made = await this.#write({ userId, name: body.name, type, ...kept }, limit);
    return "createdAt" in made ? { keypair: createdKeyPairView(made, privateKey, minor) } : made;
  }

  /** Counts and writes with nobody else making key pairs of the same user. */
  async #write(keypair: Omit<Keypair, "createdAt">, limit: number): Promise<Keypair | ApiFault> {
    const { userId, name } = keypair;
    return await this.database.transaction(async (transaction) => {
      await transaction.execute(
        sql`select pg_advisory_xact_lock(hashtextextended(${`compute.keypairs:${userId}`}, 0))`,
      );
      if (limit >= 0 && (await countKeypairs(transaction, userId)) >= limit) {
        return fault(403, "Quota exceeded, too many key pairs.");
      }
      const made = await createKeypair(transaction, keypair);
      return made ?? fault(409, `Key pair '${name}' already exists.`);
    });
  }

  async #remove(asking: Asking, name: string, query: KeyPairQuery): Promise<ApiFault | undefined> {
    const userId = userOf(asking, "delete", query.user_id);
    return (await deleteKeypair(this.database, userId, name)) ? undefined : noSuchKeyPair(userId, name);
  }
}

/** Whose key pairs a request is about. @throws ApiFault 403 where they are another's to see */
function userOf({ context, policy }: Asking, action: string, asked: string | undefined): string {
  const userId = asked ?? context.userId ?? "";
  policy.authorize(`os_compute_api:os-keypairs:${action}`, { userId });
  return userId;
}

function noSuchKeyPair(userId: string, name: string): ApiFault {
  return fault(404, `Keypair ${name} not found for user ${userId}`);
}

async function keysOf(type: KeyType, imported: string | undefined) {
  if (imported === undefined && type === "x509")
    return fault(400, "Key pairs of type x509 can only be imported: send the certificate as public_key.");
  const keys: { publicKey: string; privateKey?: string } =
    imported === undefined ? await generateKeyPair() : { publicKey: imported.trim() };
  const fingerprint = fingerprintOf(type, keys.publicKey);
  if (fingerprint === undefined) return fault(400, "Keypair data is invalid: failed to generate fingerprint");
  return { publicKey: keys.publicKey, privateKey: keys.privateKey, fingerprint };
}
