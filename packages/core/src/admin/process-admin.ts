import type { Configuration } from "@kilonova/config";
import type { Logger } from "@kilonova/plugin-api";
import { StallWatch } from "../loop-watch/stall-watch.js";
import type { ProcessMetrics } from "../metrics/process-metrics.js";
import { addStallMetrics } from "../metrics/stall-metrics.js";
import { adminOptions } from "../options.js";
import { workerNumber } from "../process/worker-process.js";
import { type AdminAddress, addressOfWorker, adminAddress } from "./admin-address.js";
import { AdminListener } from "./admin-listener.js";
import type { Health } from "./health.js";

/** What a process tells those who watch over it, where option `admin.listen` says that it does. */
export class ProcessAdmin {
  private constructor(
    readonly health: Health,
    readonly metrics: ProcessMetrics,
    private readonly listener: AdminListener,
    private readonly stalls: StallWatch,
  ) {}

  /**
   * @returns undefined where nobody is to ask
   * @throws KilonovaError `listen.failed`
   */
  static async start(configuration: Configuration, health: Health, logger: Logger): Promise<ProcessAdmin | undefined> {
    const { listen } = configuration.get(adminOptions);
    const address = listen === undefined ? undefined : adminAddress(listen);
    if (!address) return undefined;
    // Loaded where somebody wants it, and by nobody else.
    const { ProcessMetrics } = await import("../metrics/process-metrics.js");
    const metrics = new ProcessMetrics(logger);
    const world = { health, metrics, logger };
    const listener = await AdminListener.start(addressOfWorker(address, workerNumber()), world);
    const stalls = new StallWatch(logger);
    stalls.start();
    addStallMetrics(metrics, stalls);
    return new ProcessAdmin(health, metrics, listener, stalls);
  }

  /** Where it is asked. */
  get address(): AdminAddress {
    return this.listener.address;
  }

  async stop(): Promise<void> {
    await Promise.all([this.listener.stop(), this.stalls.stop()]);
  }
}
