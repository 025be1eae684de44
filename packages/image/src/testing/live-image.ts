import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ImageService, identityContract, imageContract } from "@kilonova/contracts";
import { connectDatabase, type Database, frameworkMigrations, Migrator } from "@kilonova/database";
import { testDatabase } from "@kilonova/database/testing";
import { WebListener } from "@kilonova/http";
import {
  MemoryTransport,
  ok,
  type RequestContext,
  Rpc,
  type RpcClient,
  type RpcHandler,
  refused,
} from "@kilonova/messaging";
import { type ImageStore, rpcMethodsOf, silentLogger } from "@kilonova/plugin-api";
import { FakeClock } from "@kilonova/plugin-testing";
import { FileStore } from "../file-store.js";
import { ImageManager } from "../manager.js";
import { imageMigrations } from "../migrations.js";
import { type ImageOptions, imageOptions } from "../options.js";
import { ImageWeb } from "../web.js";

/**
 * Image on a database and a folder of its own, with the Image API on a free port. Identity is played: the token
 * `ann/alpha/member` speaks for user ann in project alpha with that role. For tests.
 */
export interface LiveImage {
  readonly url: string;
  readonly listener: WebListener;
  readonly call: RpcClient<ImageService>["call"];
  readonly manager: ImageManager;
  readonly database: Database;
  readonly store: ImageStore;
  /** Of tickets, tokens and the renewal of leases; what the database says of leases goes by its own clock. */
  readonly clock: FakeClock;
  /** The names of all files of the store. */
  files(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function liveImage(
  changes: Partial<ImageOptions> = {},
  wrap = (store: ImageStore) => store,
): Promise<LiveImage> {
  const folder = await mkdtemp(join(tmpdir(), "kilonova-image-"));
  const test = await testDatabase();
  await new Migrator(test.url, [frameworkMigrations, imageMigrations]).migrate();
  const database = await connectDatabase({
    url: test.url,
    applicationName: "test",
    poolSize: 10,
    connectTimeout: 10_000,
    statementTimeout: 30_000,
  });
  const clock = new FakeClock();
  const settings = { ...imageOptions.schema.parse({}), ...changes };
  const store = wrap(new FileStore(settings, folder));
  const transport = new MemoryTransport();
  const rpc = new Rpc(transport);
  const manager = new ImageManager(database, clock, silentLogger, settings, store);
  await rpc.serve({ topic: "identity", server: "host" }, [
    { contract: identityContract, handlers: new Map([["validateToken", validateToken as RpcHandler]]) },
  ]);
  const handlers = new Map<string, RpcHandler>();
  for (const name of rpcMethodsOf(ImageManager)) {
    handlers.set(name, (manager[name as keyof ImageService["methods"]] as RpcHandler).bind(manager));
  }
  await rpc.serve({ topic: "image", server: "host" }, [{ contract: imageContract, handlers }]);
  const web = new ImageWeb(database, rpc, clock, silentLogger, settings, store);
  const listener = new WebListener({ host: "127.0.0.1", port: 0, logger: silentLogger, checkReplies: true }, [
    web.webService(),
  ]);
  await listener.start();
  return {
    url: `${listener.address.url}/image/v2`,
    listener,
    call: rpc.client(imageContract).call,
    manager,
    database,
    store,
    clock,
    files: () => filesIn(join(folder, settings.fileStorePath)),
    stop: async () => {
      await listener.stop(0);
      await transport.close();
      await database.$client.end();
      await test.drop();
      await rm(folder, { recursive: true });
    },
  };
}

async function validateToken(_context: RequestContext, { token }: { token: string }) {
  const [userId, projectId, ...roles] = token.split("/");
  if (!userId || !projectId) return refused("invalidToken", {});
  return ok({
    userId,
    userName: userId,
    userDomainId: "default",
    projectId,
    roles,
    expiresAt: "2099-01-01T00:00:00.000Z",
  });
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
