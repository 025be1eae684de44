import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { z } from "zod";
import { KilonovaError } from "./kilonova-error.js";

/** Longer than this no timer of Node's can wait. Milliseconds. */
export const LONGEST_WAIT = 2 ** 31 - 1;

/** An id or a name: it goes into logs and rows, so nobody may send a long one. */
const name = z.string().max(255);

/** Wire schema of who asks, and for what request. */
export const contextFieldsSchema = z.object({
  /** `req-<uuid>`: one per request of a user, kept through every service that it touches. */
  requestId: name,
  /** The caller's own request id, where it sent one. */
  globalRequestId: name.optional(),
  userId: name.optional(),
  userName: name.optional(),
  userDomainId: name.optional(),
  projectId: name.optional(),
  projectName: name.optional(),
  projectDomainId: name.optional(),
  roles: z.array(name).max(1_000),
  /** Passes every policy rule that asks for an administrator. */
  isAdmin: z.boolean(),
  readDeleted: z.enum(["no", "yes", "only"]),
  /** The user's token. Only calls carry it, nothing stores it. */
  token: z.string().optional(),
});

export type ContextFields = Readonly<z.output<typeof contextFieldsSchema>>;

/** What goes along with a request in this process alone. */
interface ContextLimits {
  readonly sender?: string | undefined;
  readonly deadline?: number;
  readonly signal?: AbortSignal;
  readonly values?: ReadonlyMap<symbol, unknown> | undefined;
}

/**
 * Goes along with every call: who asks, by which request, until when. Immutable; what changes something returns a copy.
 */
export class RequestContext {
  readonly requestId: string;
  readonly globalRequestId: string | undefined;
  readonly userId: string | undefined;
  readonly userName: string | undefined;
  readonly userDomainId: string | undefined;
  readonly projectId: string | undefined;
  readonly projectName: string | undefined;
  readonly projectDomainId: string | undefined;
  readonly roles: readonly string[];
  readonly isAdmin: boolean;
  readonly readDeleted: "no" | "yes" | "only";
  /** When the caller stops waiting, on this process's clock (`Date.now()`), in milliseconds; undefined: never. */
  readonly deadline: number | undefined;
  /**
   * The broker's user who sent the message that is worked on, vouched for by the broker. Undefined where the transport
   * cannot tell, and where no message is worked on. No message carries it on.
   */
  readonly sender: string | undefined;
  readonly #token: string | undefined;
  readonly #parent: AbortSignal | undefined;
  readonly #values: ReadonlyMap<symbol, unknown> | undefined;
  #signal: AbortSignal | undefined;

  constructor(fields: Partial<ContextFields> = {}, limits: ContextLimits = {}) {
    this.requestId = fields.requestId ?? `req-${randomUUID()}`;
    this.globalRequestId = fields.globalRequestId;
    this.userId = fields.userId;
    this.userName = fields.userName;
    this.userDomainId = fields.userDomainId;
    this.projectId = fields.projectId;
    this.projectName = fields.projectName;
    this.projectDomainId = fields.projectDomainId;
    this.roles = fields.roles ?? [];
    this.isAdmin = fields.isAdmin ?? false;
    this.readDeleted = fields.readDeleted ?? "no";
    this.deadline = limits.deadline;
    this.sender = limits.sender;
    this.#token = fields.token;
    this.#parent = limits.signal;
    this.#values = limits.values;
  }

  /** A context for work that no user asked for: start-up, periodic tasks, the recovery of operations. */
  static admin(): RequestContext {
    return new RequestContext({ isAdmin: true, roles: ["admin"] });
  }

  /** The same request with an administrator's rights, for what a service does on a user's behalf. */
  elevated(): RequestContext {
    return this.#copy({
      isAdmin: true,
      roles: this.roles.includes("admin") ? [...this.roles] : [...this.roles, "admin"],
    });
  }

  /** The same request, to be done within so many milliseconds, or sooner where it was due sooner. */
  within(milliseconds: number): RequestContext {
    const deadline = Date.now() + milliseconds;
    return this.#copy({}, Math.min(deadline, this.deadline ?? Number.POSITIVE_INFINITY));
  }

  /** The same request, given up as well when this signal aborts. */
  withSignal(signal: AbortSignal): RequestContext {
    const limits = this.deadline === undefined ? {} : { deadline: this.deadline };
    const both = this.#parent ? AbortSignal.any([this.#parent, signal]) : signal;
    return new RequestContext(
      { ...this.fields(), token: this.#token },
      { ...limits, signal: both, values: this.#values, sender: this.sender },
    );
  }

  /** The same request with something that goes along with it in this process alone: no message carries it. */
  withValue(key: symbol, value: unknown): RequestContext {
    return this.#copy({}, this.deadline, new Map(this.#values).set(key, value));
  }

  /** What {@link withValue} put there. */
  value(key: symbol): unknown {
    return this.#values?.get(key);
  }

  /** The same request without its deadline: for work that goes on after the caller has been answered. */
  detached(): RequestContext {
    return new RequestContext({ ...this.fields(), token: undefined }, { sender: this.sender });
  }

  /** Milliseconds until the deadline, 0 when it is past, undefined when there is none. */
  timeLeft(): number | undefined {
    return this.deadline === undefined ? undefined : Math.max(0, this.deadline - Date.now());
  }

  /** Aborts when the deadline is past or the caller gave up. Hand it to whatever waits. */
  get signal(): AbortSignal {
    this.#signal ??= this.#makeSignal();
    return this.#signal;
  }

  /**
   * Aborts when the caller gave up; undefined where nobody can. For who keeps the deadline by himself, as a transport does
   * for its calls: to make a signal with a timer takes longer than all else that a client does for a call.
   */
  get callerSignal(): AbortSignal | undefined {
    return this.#parent;
  }

  /** @throws KilonovaError `rpc.deadlineExceeded` when the deadline is past */
  throwIfExpired(): void {
    if (this.timeLeft() !== 0) return;
    throw new KilonovaError("rpc.deadlineExceeded", `The deadline of ${this.requestId} is past.`);
  }

  /** The user's token. A method, so that no dump of a context prints it. */
  token(): string | undefined {
    return this.#token;
  }

  /** All fields but the token. */
  fields(): ContextFields {
    return {
      requestId: this.requestId,
      globalRequestId: this.globalRequestId,
      userId: this.userId,
      userName: this.userName,
      userDomainId: this.userDomainId,
      projectId: this.projectId,
      projectName: this.projectName,
      projectDomainId: this.projectDomainId,
      roles: [...this.roles],
      isAdmin: this.isAdmin,
      readDeleted: this.readDeleted,
    };
  }

  #copy(changes: Partial<ContextFields>, deadline = this.deadline, values = this.#values): RequestContext {
    return new RequestContext(
      { ...this.fields(), token: this.#token, ...changes },
      {
        ...(deadline === undefined ? {} : { deadline }),
        ...(this.#parent ? { signal: this.#parent } : {}),
        values,
        sender: this.sender,
      },
    );
  }

  #makeSignal(): AbortSignal {
    const left = this.timeLeft();
    const signals = [
      ...(this.#parent ? [this.#parent] : []),
      ...(left === undefined ? [] : [AbortSignal.timeout(Math.min(Math.ceil(left), LONGEST_WAIT))]),
    ];
    const signal = AbortSignal.any(signals);
    // A request may well wait for many things at once.
    setMaxListeners(0, signal);
    return signal;
  }
}
