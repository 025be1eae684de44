import type { ServerChanges } from "@kilonova/contracts";
import { isUnanswered } from "@kilonova/core";
import type { Clock, PluggedVif, VirtDriver } from "@kilonova/plugin-api";
import { faultOf, StepRecord } from "./operation-steps.js";
import type { ServerNetworks } from "./server-networks.js";
import type { TakenOperation } from "./taken-operation.js";

export interface PowerActionsWorld {
  readonly clock: Clock;
  readonly host: string;
  readonly virt: VirtDriver;
  readonly networks: ServerNetworks;
  /** Milliseconds */
  readonly shutdownTimeout: number;
}

/** How one action is told. */
interface ActionWords {
  /** As `server event show` names the step. */
  readonly event: string;
  /** What a fault begins with. */
  readonly failure: string;
}

const WORDS = {
  start: { event: "compute_startServer", failure: "The server could not be started" },
  stop: { event: "compute_stopServer", failure: "The server could not be stopped" },
  reboot: { event: "compute_rebootServer", failure: "The server could not be rebooted" },
} as const satisfies Readonly<Record<string, ActionWords>>;

export type PowerAction = keyof typeof WORDS;

/** Starts, stops and reboots the guest of a server. One that fails leaves the server in the state it was in, with a fault. */
export class PowerActions {
  constructor(private readonly world: PowerActionsWorld) {}

  /**
   * @param attempt {@link start}, {@link stop} or {@link reboot}, with the hooks round it
   * @throws what kept it from telling how it ended: the operation is woken again
   */
  async run(
    action: PowerAction,
    taken: TakenOperation,
    attempt: (taken: TakenOperation) => Promise<void>,
  ): Promise<void> {
    const { event, failure: words } = WORDS[action];
    const step = new StepRecord(this.world.clock, this.world.host, event);
    try {
      taken.signal.throwIfAborted();
      await attempt(taken);
    } catch (failure) {
      taken.signal.throwIfAborted();
      if (isUnanswered(failure)) throw failure;
      const changes = { taskState: null, ...(await this.#powerState(taken)) };
      return await taken.finish(changes, faultOf(words, failure), [step.failed(failure)]);
    }
    const vmState = action === "stop" ? "stopped" : "active";
    await taken.finish({ vmState, taskState: null, ...(await this.#powerState(taken)) }, null, [step.succeeded()]);
  }

  async start(taken: TakenOperation): Promise<void> {
    const vifs = await this.#plugged(taken);
    await this.world.virt.powerOn(taken.context, taken.server.id, vifs);
  }

  async stop({ context, server }: TakenOperation): Promise<void> {
    await this.world.virt.powerOff(context, server.id, { timeout: this.world.shutdownTimeout });
  }

  async reboot(taken: TakenOperation): Promise<void> {
    const type = taken.operation.args.rebootType ?? "SOFT";
    const vifs = await this.#plugged(taken);
    await taken.update({ taskState: type === "SOFT" ? "reboot_started" : "reboot_started_hard" });
    await this.world.virt.reboot(taken.context, taken.server.id, type, vifs);
  }

  /** A host that was booted has forgotten its interfaces. */
  #plugged({ context, server, networkInfo }: TakenOperation): Promise<readonly PluggedVif[]> {
    return this.world.networks.plug(context, server, networkInfo);
  }

  async #powerState({ server }: TakenOperation): Promise<Pick<ServerChanges, "powerState">> {
    const powerState = await this.world.virt.getPowerState(server.id).catch(() => undefined);
    return powerState === undefined ? {} : { powerState };
  }
}
