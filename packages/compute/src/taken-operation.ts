import type {
  Conductor,
  Fault,
  NetworkInfo,
  Operation,
  OperationEvent,
  RequestSpec,
  Server,
  ServerChanges,
} from "@kilonova/contracts";
import { patientCall } from "@kilonova/core";
import { RequestContext, type Result, type RpcClient } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";
import { staleError } from "./stale.js";

/** What a conductor hands over with an operation. */
type Taken = Extract<Result<Conductor, "takeOperation">, { readonly ok: true }>["value"];

export interface TakenOperationWorld {
  readonly conductor: RpcClient<Conductor>;
  readonly clock: Clock;
  readonly host: string;
}

/**
 * An operation that this process owns until its lease is over, or until a conductor says that it is another's. Everything
 * it tells the conductor goes under the operation's fence.
 */
export class TakenOperation {
  readonly operation: Operation;
  readonly server: Server;
  readonly requestSpec: RequestSpec | null;
  /** What the server's interfaces were when the operation was taken. */
  readonly networkInfo: NetworkInfo;
  /** Milliseconds */
  readonly lease: number;
  /** The request that asked for it, with an administrator's rights; its signal aborts when the work is to stop. */
  readonly context: RequestContext;
  /** The same for undoing, which goes on when the work has been stopped. */
  readonly undoing: RequestContext;
  readonly #stop = new AbortController();
  #isEnding = false;

  constructor(
    private readonly world: TakenOperationWorld,
    taken: Taken,
  ) {
    this.operation = taken.operation;
    this.server = taken.server;
    this.requestSpec = taken.requestSpec;
    this.networkInfo = taken.networkInfo;
    this.lease = taken.lease;
    const { requestId, userId, projectId } = taken.operation;
    this.undoing = new RequestContext({ requestId, userId, projectId, isAdmin: true, roles: ["admin"] });
    this.context = this.undoing.withSignal(this.#stop.signal);
  }

  get id(): string {
    return this.operation.id;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Stops the work; the first reason counts. */
  abort(reason: Error): void {
    this.#stop.abort(reason);
  }

  /**
   * Nobody's lease is lengthened once the operation has ended: while its end is being told, the answer to that alone says
   * whether it has become another's.
   *
   * @throws KilonovaError `operation.stale`
   */
  async renew(): Promise<void> {
    const { conductor } = this.world;
    const answer = await conductor.call.renewOperation(this.undoing, this.#step);
    if (!this.#isEnding) this.#demand(answer);
  }

  /** Changes the server while the operation goes on. @throws KilonovaError `operation.stale` */
  async update(changes: ServerChanges): Promise<void> {
    await this.#tell((context) =>
      this.world.conductor.call.updateServer(context, { ...this.#step, changes, events: [] }),
    );
  }

  /** Ends the operation, and says what has become of the server. @throws KilonovaError `operation.stale` */
  async finish(changes: ServerChanges, fault: Fault | null, events: readonly OperationEvent[]): Promise<void> {
    this.#isEnding = true;
    await this.#tell((context) =>
      this.world.conductor.call.finishOperation(context, {
        ...this.#step,
        changes,
        fault,
        events: [...events],
      }),
    );
  }

  /** Gives a server back that cannot be built here and of which there is no trace. @throws KilonovaError `operation.stale` */
  async reschedule(fault: Fault, events: readonly OperationEvent[]): Promise<void> {
    await this.#tell((context) =>
      this.world.conductor.call.rescheduleServer(context, { ...this.#step, fault, events: [...events] }),
    );
  }

  get #step() {
    return { operationId: this.operation.id, host: this.world.host, fence: this.operation.fence };
  }

  async #tell(call: (context: RequestContext) => Promise<{ readonly ok: boolean }>): Promise<void> {
    this.#demand(await patientCall(this.world.clock, this.signal, () => call(this.context)));
  }

  /** The conductor refuses for one reason alone. */
  #demand({ ok }: { readonly ok: boolean }): void {
    if (ok) return;
    this.abort(staleError(this.id));
    throw staleError(this.id);
  }
}
