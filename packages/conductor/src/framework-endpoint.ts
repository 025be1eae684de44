import { type Framework, frameworkContract } from "@kilonova/contracts";
import { type Database, DatabaseDriverState, DatabaseLocks, DatabaseServiceRecords } from "@kilonova/database";
import { type Args, type Handlers, ok, type RequestContext, type Result, refused } from "@kilonova/messaging";
import { endpoint, rpcMethod } from "@kilonova/plugin-api";

/** The framework's state for processes without a database. */
@endpoint(frameworkContract)
export class FrameworkEndpoint implements Handlers<Framework> {
  readonly #records: DatabaseServiceRecords;
  readonly #locks: DatabaseLocks;

  constructor(private readonly database: Database) {
    this.#records = new DatabaseServiceRecords(database);
    this.#locks = new DatabaseLocks(database);
  }

  @rpcMethod()
  async ping(_context: RequestContext): Promise<"pong"> {
    return "pong";
  }

  @rpcMethod()
  async registerService(
    _context: RequestContext,
    args: Args<Framework, "registerService">,
  ): Promise<Result<Framework, "registerService">> {
    return { ...(await this.#records.register(args)) };
  }

  @rpcMethod()
  async reportService(
    _context: RequestContext,
    { id }: Args<Framework, "reportService">,
  ): Promise<Result<Framework, "reportService">> {
    return (await this.#records.report(id)) ? ok() : refused("serviceNotFound", { id });
  }

  @rpcMethod()
  async removeService(_context: RequestContext, { id }: Args<Framework, "removeService">): Promise<void> {
    await this.#records.remove(id);
  }

  @rpcMethod()
  async listServices(
    _context: RequestContext,
    { topic }: Args<Framework, "listServices">,
  ): Promise<Result<Framework, "listServices">> {
    return [...(await this.#records.list(topic))];
  }

  @rpcMethod()
  async acquireLock(
    _context: RequestContext,
    { name, holder, lease }: Args<Framework, "acquireLock">,
  ): Promise<Result<Framework, "acquireLock">> {
    const held = await this.#locks.acquire(name, holder, lease);
    if (held) return ok({ fence: held.fence });
    // It may have been released by now: nobody's name then.
    return refused("held", { name, holder: (await this.#locks.holderOf(name)) ?? "" });
  }

  @rpcMethod()
  async renewLock(
    _context: RequestContext,
    { name, holder, fence, lease }: Args<Framework, "renewLock">,
  ): Promise<Result<Framework, "renewLock">> {
    return (await this.#locks.renew(name, holder, fence, lease)) ? ok() : refused("lockLost", { name });
  }

  @rpcMethod()
  async releaseLock(_context: RequestContext, { name, holder, fence }: Args<Framework, "releaseLock">): Promise<void> {
    await this.#locks.release(name, holder, fence);
  }

  @rpcMethod()
  async readDriverState(
    _context: RequestContext,
    { driver, host, key }: Args<Framework, "readDriverState">,
  ): Promise<Result<Framework, "readDriverState">> {
    const found = await new DatabaseDriverState(this.database, host).read(driver, key);
    return found ? { ...found } : null;
  }

  @rpcMethod()
  async writeDriverState(
    _context: RequestContext,
    { driver, host, key, value, version }: Args<Framework, "writeDriverState">,
  ): Promise<Result<Framework, "writeDriverState">> {
    const state = new DatabaseDriverState(this.database, host);
    const written = await state.write(driver, key, value, version);
    if (written !== undefined) return ok({ version: written });
    return refused("versionConflict", { version: (await state.read(driver, key))?.version ?? 0 });
  }
}
