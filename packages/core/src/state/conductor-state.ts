import { frameworkContract } from "@kilonova/contracts";
import { isKilonovaError, RequestContext, type Rpc } from "@kilonova/messaging";
import type { Clock, DriverState, Logger } from "@kilonova/plugin-api";
import type { Locks } from "../locks/locks.js";
import type { ServiceRecords } from "../service/service-records.js";
import { isUnanswered } from "../time/patient-call.js";
import { pause } from "../time/pause.js";
import type { FrameworkState } from "./framework-state.js";

/** Milliseconds between two tries to reach a conductor: the first, and the longest. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;

/** The framework's state for a process without a database: a conductor keeps it. */
export function conductorState(rpc: Rpc, host: string, clock: Clock, logger: Logger): FrameworkState {
  const { call } = rpc.client(frameworkContract);
  const context = () => RequestContext.admin();

  const serviceRecords: ServiceRecords = {
    register: (registration) =>
      call.registerService(context(), { ...registration, contracts: { ...registration.contracts } }),
    report: async (id) => (await call.reportService(context(), { id })).ok,
    remove: (id) => call.removeService(context(), { id }),
    list: (topic) => call.listServices(context(), { topic }),
  };

  const locks: Locks = {
    acquire: async (name, holder, lease) => {
      const outcome = await call.acquireLock(context(), { name, holder, lease });
      return outcome.ok ? outcome.value : undefined;
    },
    renew: async (name, holder, fence, lease) => (await call.renewLock(context(), { name, holder, fence, lease })).ok,
    release: (name, holder, fence) => call.releaseLock(context(), { name, holder, fence }),
  };

  const driverState: DriverState = {
    read: async (driver, key) => (await call.readDriverState(context(), { driver, host, key })) ?? undefined,
    write: async (driver, key, value, version) => {
      const outcome = await call.writeDriverState(context(), { driver, host, key, value, version });
      return outcome.ok ? outcome.value.version : undefined;
    },
  };

  return { serviceRecords, locks, driverState, ready: (asking) => waitForConductor(rpc, asking, clock, logger) };
}

async function waitForConductor(rpc: Rpc, context: RequestContext, clock: Clock, logger: Logger): Promise<void> {
  const { call } = rpc.client(frameworkContract);
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      await call.ping(context);
      return;
    } catch (error) {
      if (!isUnanswered(error) || isKilonovaError(error, "transport.closed")) throw error;
      context.throwIfExpired();
    }
    if (wait >= LONGEST_WAIT) logger.warn({}, "no conductor answers yet; waiting for one");
    await pause(clock, wait * (0.75 + Math.random() / 2), context);
  }
}
