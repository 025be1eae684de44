import { randomUUID } from "node:crypto";
import type { ServiceRecord } from "@kilonova/contracts";
import type { Clock, DriverValue } from "@kilonova/plugin-api";
import type { FrameworkState } from "./framework-state.js";

/** A record, and when its service last reported. */
type KeptRecord = ServiceRecord & { readonly seen: number | undefined };

/** A lock that was given out and not given back. */
interface Lock {
  readonly holder: string;
  readonly fence: number;
  until: number;
}

const LONGEST_VALUE = 16 * 1024;

/** The framework's state for a service that stands by itself: nobody else needs to know, and it ends with the process. */
export function memoryState(clock: Clock): FrameworkState {
  const records = new Map<string, KeptRecord>();
  const locks = new Map<string, Lock>();
  // One for all names, so that those which were given back can be forgotten.
  let lastFence = 0;
  const values = new Map<string, DriverValue>();
  const now = () => new Date(clock.now()).toISOString();

  return {
    ready: async () => {},
    serviceRecords: {
      async register({ binary, topic, host, contracts }) {
        const known = [...records.values()].find((record) => record.binary === binary && record.host === host);
        const record = {
          id: known?.id ?? randomUUID(),
          binary,
          topic,
          host,
          contracts: { ...contracts },
          disabled: known?.disabled ?? false,
          disabledReason: known?.disabledReason ?? null,
          forcedDown: known?.forcedDown ?? false,
          createdAt: known?.createdAt ?? now(),
          updatedAt: now(),
          lastSeenAt: null,
          silentFor: null,
          seen: undefined,
        };
        records.set(record.id, record);
        return shown(record, clock);
      },
      async report(id) {
        const record = records.get(id);
        if (record) records.set(id, { ...record, seen: clock.now(), lastSeenAt: now() });
        return record !== undefined;
      },
      async remove(id) {
        records.delete(id);
      },
      async list(topic) {
        return [...records.values()]
          .filter((record) => topic === null || record.topic === topic)
          .map((record) => shown(record, clock));
      },
    },
    locks: {
      async acquire(name, holder, lease) {
        const known = locks.get(name);
        if (known && known.until > clock.now()) return undefined;
        lastFence += 1;
        locks.set(name, { holder, fence: lastFence, until: clock.now() + lease });
        return { fence: lastFence };
      },
      async renew(name, holder, fence, lease) {
        const known = locks.get(name);
        if (known?.holder !== holder || known.fence !== fence) return false;
        known.until = clock.now() + lease;
        return true;
      },
      async release(name, holder, fence) {
        const known = locks.get(name);
        if (known?.holder === holder && known.fence === fence) locks.delete(name);
      },
    },
    driverState: {
      async read(driver, key) {
        return values.get(`${driver}\0${key}`);
      },
      async write(driver, key, value, version) {
        const name = `${driver}\0${key}`;
        if ((values.get(name)?.version ?? 0) !== version) return undefined;
        values.set(name, { value: carried(value), version: version + 1 });
        return version + 1;
      },
    },
  };
}

function shown({ seen, ...record }: KeptRecord, clock: Clock): ServiceRecord {
  return { ...record, silentFor: seen === undefined ? null : clock.now() - seen };
}

/** A driver's value as it would come back from elsewhere: a copy, of what JSON carries. */
function carried(value: unknown): unknown {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError("a driver's value must be JSON");
  if (Buffer.byteLength(json) > LONGEST_VALUE)
    throw new TypeError(`a driver's value may have ${LONGEST_VALUE} bytes at most`);
  return JSON.parse(json);
}
