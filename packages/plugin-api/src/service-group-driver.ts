import type { ServiceRecord } from "@kilonova/contracts";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";

/** Knows which services live. `servicegroup.driver` names one; one object per process. */
export abstract class ServiceGroupDriver {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "servicegroup-driver", version: 1 };

  /**
   * Lets the service count as alive from now on, until `leave`. Reports by itself.
   *
   * @param reportInterval milliseconds between two reports, where the service has its own; else `service.reportInterval`
   */
  abstract join(record: ServiceRecord, reportInterval?: number): Promise<void>;

  abstract leave(record: ServiceRecord): Promise<void>;

  /** True where a service reported within `service.downTime` and nobody forced it down. */
  abstract isUp(record: ServiceRecord): boolean;
}
