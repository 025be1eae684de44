import { connect, type Socket } from "node:net";
import { KilonovaError } from "@kilonova/plugin-api";
import { z } from "zod";
import { withDeadline } from "./deadline.js";

/** Something QEMU tells unasked, such as SHUTDOWN, RESET or DEVICE_DELETED. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** How long to wait, and who may give up earlier. */
export interface QmpWait {
  /** Milliseconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface QmpCommand<Reply> extends QmpWait {
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** What the answer looks like; without it the answer is not read. */
  readonly reply?: z.ZodType<Reply>;
}

/** Why a QMP exchange failed, in `details.reason` of the `KilonovaError` (`virt.failed`) it throws. */
export type QmpFailureReason = "unreachable" | "closed" | "timedOut" | "refused" | "notUnderstood";

const DEFAULT_TIMEOUT_MS = 10_000;
/** The longest message taken, in characters: QEMU's largest answers (schemas) stay below 1 MiB. */
const MAX_MESSAGE_LENGTH = 4 * 1024 * 1024;

const greetingSchema = z.object({
  QMP: z.object({
    version: z.object({ qemu: z.object({ major: z.number(), minor: z.number(), micro: z.number() }) }),
  }),
});
const messageSchema = z.union([
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.unknown().optional() }),
  z.object({ return: z.unknown(), id: z.unknown().optional() }),
]);
type Greeting = z.output<typeof greetingSchema>;
type QmpMessage = z.output<typeof messageSchema>;

interface PendingCommand {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly command: string;
}

/**
 * One connection to the QMP socket of one QEMU process: JSON lines, answers matched by id, events in between.
 *
 * A QMP socket serves one client at a time; others wait for it in the backlog. So connect, do what is to be done and
 * close; never keep a connection open over a long wait. A lost connection is not made again: the caller connects anew.
 */
export class QmpClient {
  /** QEMU's version, such as "7.2.22". Known after `connect`. */
  version = "";
  /** Resolves when the connection has ended, for whatever reason. Never rejects. */
  readonly closed: Promise<void>;

  private readonly socket: Socket;
  private readonly pending = new Map<number, PendingCommand>();
  private readonly listeners = new Set<(event: QmpEvent) => void>();
  private readonly greeting: Promise<Greeting>;
  private greet: (greeting: Greeting) => void = () => {};
  private greeted = false;
  private failure: KilonovaError | undefined;
  private buffer = "";
  private lastId = 0;

  private constructor(path: string) {
    this.socket = connect({ path });
    this.socket.setEncoding("utf8");
    this.socket.on("data", (chunk: string) => this.receive(chunk));
    this.socket.on("error", (cause) => {
      this.failure ??= failure("unreachable", `the QMP socket failed: ${cause.message}`, {}, cause);
    });
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
    this.greeting = new Promise((resolve, reject) => {
      this.greet = resolve;
      void this.closed.then(() => reject(this.rejectPending()));
    });
    // A connection closed before anyone waits for the greeting is no unhandled rejection.
    this.greeting.catch(() => {});
  }

  /**
   * Connects, waits for the greeting and leaves the negotiation of capabilities.
   *
   * @param path the unix socket, at most 107 bytes long.
   * @throws KilonovaError `virt.failed` where nobody listens or no greeting comes in time (QEMU may be busy with another client).
   */
  static async connect(path: string, wait: QmpWait = {}): Promise<QmpClient> {
    if (Buffer.byteLength(path) > 107) throw new RangeError(`the path of a unix socket has at most 107 bytes: ${path}`);
    const client = new QmpClient(path);
    try {
      const { QMP } = await withDeadline(client.greeting, limitOf(wait, "QEMU's greeting on the QMP socket"));
      const { major, minor, micro } = QMP.version.qemu;
      client.version = `${major}.${minor}.${micro}`;
      await client.execute("qmp_capabilities", wait);
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /**
   * Sends one command and waits for its answer.
   *
   * A command given up on by time-out or signal is not undone: QEMU may still do it.
   *
   * @throws KilonovaError `virt.failed`; where QEMU refused, `details` hold its `class` and `description`.
   */
  async execute<Reply = unknown>(command: string, options: QmpCommand<Reply> = {}): Promise<Reply> {
    options.signal?.throwIfAborted();
    if (this.failure) throw this.failure;
    const id = ++this.lastId;
    const answer = new Promise<unknown>((resolve, reject) => this.pending.set(id, { resolve, reject, command }));
    this.socket.write(`${JSON.stringify({ execute: command, arguments: options.arguments, id })}\n`);
    try {
      const reply = await withDeadline(answer, limitOf(options, `QEMU's answer to ${command}`));
      return parseReply(command, options.reply ?? (z.unknown() as z.ZodType<Reply>), reply);
    } finally {
      this.pending.delete(id);
    }
  }

  /** Calls the listener for every event from now on. Returns what ends that. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Waits for the next event of that name. Call it before the command that causes the event: both may arrive in one read.
   */
  async waitForEvent(name: string, wait: QmpWait = {}): Promise<QmpEvent> {
    if (this.failure) throw this.failure;
    let stop = () => {};
    const event = new Promise<QmpEvent>((resolve, reject) => {
      stop = this.onEvent((received) => received.event === name && resolve(received));
      void this.closed.then(() => reject(this.failure));
    });
    try {
      return await withDeadline(event, limitOf(wait, `QEMU's event ${name}`));
    } finally {
      stop();
    }
  }

  /** Ends the connection at once; commands under way are rejected. May be called any number of times. */
  close(): void {
    this.end(failure("closed", "the QMP connection was closed"));
  }

  private end(reason: KilonovaError): void {
    this.failure ??= reason;
    this.socket.destroy();
  }

  /** Rejects what still waits when the connection has ended, and says why it ended. */
  private rejectPending(): KilonovaError {
    this.failure ??= failure("closed", "QEMU closed the QMP connection");
    for (const command of this.pending.values()) command.reject(this.failure);
    this.pending.clear();
    return this.failure;
  }

  private receive(chunk: string): void {
    const lines = (this.buffer + chunk).split("\n");
    this.buffer = lines.pop() ?? "";
    if (this.buffer.length > MAX_MESSAGE_LENGTH) {
      this.end(failure("notUnderstood", `QEMU sent a message of more than ${MAX_MESSAGE_LENGTH} characters`));
      return;
    }
    for (const line of lines) if (line.trim() !== "") this.receiveLine(line);
  }

  private receiveLine(line: string): void {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch (cause) {
      this.end(failure("notUnderstood", "QEMU sent a line that is not JSON", {}, cause));
      return;
    }
    if (this.greeted) this.receiveMessage(parsed);
    else this.receiveGreeting(parsed);
  }

  private receiveGreeting(parsed: unknown): void {
    const greeting = greetingSchema.safeParse(parsed);
    if (!greeting.success) {
      this.end(failure("notUnderstood", "what answers on the QMP socket is not QEMU"));
      return;
    }
    this.greeted = true;
    this.greet(greeting.data);
  }

  private receiveMessage(parsed: unknown): void {
    const message = messageSchema.safeParse(parsed);
    if (message.success) this.dispatch(message.data);
    else this.end(failure("notUnderstood", "QEMU sent a message that is neither answer nor event"));
  }

  private dispatch(message: QmpMessage): void {
    if ("event" in message) {
      for (const listener of this.listeners) listener(message);
      return;
    }
    // An answer nobody waits for any more belongs to a command that was given up.
    const command = typeof message.id === "number" ? this.pending.get(message.id) : undefined;
    if (!command) return;
    if ("error" in message) command.reject(refusal(command.command, message.error));
    else command.resolve(message.return);
  }
}

/** The reason of a failed QMP exchange; undefined for any other error. */
export function qmpFailureReason(error: unknown): QmpFailureReason | undefined {
  const details = (error as Partial<KilonovaError> | undefined)?.details;
  return details?.["qmp"] === true ? (details["reason"] as QmpFailureReason) : undefined;
}

function parseReply<Reply>(command: string, schema: z.ZodType<Reply>, reply: unknown): Reply {
  const parsed = schema.safeParse(reply);
  if (parsed.success) return parsed.data;
  throw failure("notUnderstood", `QEMU's answer to ${command} is not as expected: ${z.prettifyError(parsed.error)}`, {
    command,
  });
}

function refusal(command: string, error: { readonly class: string; readonly desc: string }): KilonovaError {
  return failure("refused", `QEMU refused ${command}: ${error.desc} (${error.class})`, {
    command,
    class: error.class,
    description: error.desc,
  });
}

function limitOf(wait: QmpWait, what: string) {
  const timeoutMs = wait.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return {
    timeoutMs,
    signal: wait.signal,
    late: () => failure("timedOut", `${what} did not come within ${timeoutMs} ms`),
  };
}

function failure(reason: QmpFailureReason, message: string, details: object = {}, cause?: unknown): KilonovaError {
  return new KilonovaError("virt.failed", message, {
    details: { qmp: true, reason, ...details },
    ...(cause === undefined ? {} : { cause }),
  });
}
