import { type Framework, frameworkContract } from "@kilonova/contracts";
import { type Database, DatabaseDriverState, DatabaseLocks, DatabaseServiceRecords } from "@kilonova/database";
import {
  type Args,
  boundHost,
  forbidden,
  type Handlers,
  ok,
  type RequestContext,
  type Result,
  refused,
} from "@kilonova/messaging";
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
    { sender }: RequestContext,
    args: Args<Framework, "registerService">,
  ): Promise<Result<Framework, "registerService">> {
    const bound = boundHost(sender);
    if (bound && bound.topic !== args.topic) throw forbidden(sender, `register as a service of topic ${args.topic}`);
    return { ...(await this.#records.register(args)) };
  }

  @rpcMethod()
  async reportService(
    context: RequestContext,
    { id }: Args<Framework, "reportService">,
  ): Promise<Result<Framework, "reportService">> {
    await this.#checkRecord(context, id);
    return (await this.#records.report(id)) ? ok() : refused("serviceNotFound", { id });
  }

  @rpcMethod()
  async removeService(context: RequestContext, { id }: Args<Framework, "removeService">): Promise<void> {
    await this.#checkRecord(context, id);
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
    { sender }: RequestContext,
    { name, holder, lease }: Args<Framework, "acquireLock">,
  ): Promise<Result<Framework, "acquireLock">> {
    const held = await this.#locks.acquire(lockOf(sender, name), holderOf(sender, holder), lease);
    if (held) return ok({ fence: held.fence });
    // It may have been released by now: nobody's name then.
    return refused("held", { name, holder: (await this.#locks.holderOf(lockOf(sender, name))) ?? "" });
  }

  @rpcMethod()
  async renewLock(
    { sender }: RequestContext,
    { name, holder, fence, lease }: Args<Framework, "renewLock">,
  ): Promise<Result<Framework, "renewLock">> {
    const renewed = await this.#locks.renew(lockOf(sender, name), holderOf(sender, holder), fence, lease);
    return renewed ? ok() : refused("lockLost", { name });
  }

  @rpcMethod()
  async releaseLock(
    { sender }: RequestContext,
    { name, holder, fence }: Args<Framework, "releaseLock">,
  ): Promise<void> {
    await this.#locks.release(lockOf(sender, name), holderOf(sender, holder), fence);
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

  /** A service that is bound to a host speaks for its own record alone. One that is gone is nobody's. */
  async #checkRecord({ sender }: RequestContext, id: string): Promise<void> {
    const bound = boundHost(sender);
    const found = bound && (await this.#records.find(id));
    if (!found || (found.host === bound.host && found.topic === bound.topic)) return;
    throw forbidden(sender, `speak for the service of ${found.topic} on ${found.host}`);
  }
}

/** Services that are bound to hosts have locks of their own, by topic: nobody else waits for one that they hold. */
function lockOf(sender: string | undefined, name: string): string {
  const bound = boundHost(sender);
  return bound ? `${bound.topic}: ${name}` : name;
}

/** Of such a service's locks, none is another host's to lengthen or give up. */
function holderOf(sender: string | undefined, holder: string): string {
  const bound = boundHost(sender);
  return bound ? `${bound.host}: ${holder}` : holder;
}
