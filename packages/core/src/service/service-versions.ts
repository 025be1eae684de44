import type { ServiceRecord } from "@kilonova/contracts";
import { isVersion, lowestVersion, type RpcContract, type Version, type VersionPins } from "@kilonova/messaging";
import type { ServiceGroupDriver } from "@kilonova/plugin-api";
import type { ServiceRecords } from "./service-records.js";

/** What an operator says of one contract: a version, or that of its oldest service that lives. */
export type Pin = Version | "auto";

/** What pins are found out with. */
export interface VersionsWorld {
  /** Option `service.upgradeLevels`, as it is now: pins by contract. */
  readonly pins: () => Readonly<Record<string, Pin>>;
  readonly records: () => ServiceRecords;
  /** Who knows which services live. */
  readonly group: () => Promise<ServiceGroupDriver>;
}

/**
 * The pins of a process. `auto` is the lowest version that a living service of the contract's topic answers; it is read
 * once, however many messages wait for it, and kept until SIGHUP. A reading that failed is not kept, nor one that found
 * nobody alive: what is sent then is in this release's version.
 */
export class ServiceVersions implements VersionPins {
  #found = new Map<string, Version | Promise<Version | undefined>>();
  #pins: Readonly<Record<string, Pin>> | undefined;

  constructor(private readonly world: VersionsWorld) {}

  pinOf(contract: RpcContract): Version | undefined | Promise<Version | undefined> {
    this.#pins ??= this.world.pins();
    const pin = Object.hasOwn(this.#pins, contract.name) ? this.#pins[contract.name] : undefined;
    return pin === "auto" ? (this.#found.get(contract.name) ?? this.#find(contract)) : pin;
  }

  /** SIGHUP: pins are read again, and what was found out is found out anew. A reading under way serves those who wait for it, and nobody else. */
  reset(): void {
    this.#found = new Map();
    this.#pins = undefined;
  }

  #find(contract: RpcContract): Promise<Version | undefined> {
    const found = this.#found;
    const reading = this.#read(contract).then(
      (version) => {
        if (version === undefined) found.delete(contract.name);
        else found.set(contract.name, version);
        return version;
      },
      (error) => {
        found.delete(contract.name);
        throw error;
      },
    );
    found.set(contract.name, reading);
    return reading;
  }

  async #read({ name, topic }: RpcContract): Promise<Version | undefined> {
    const [group, records] = await Promise.all([this.world.group(), this.world.records().list(topic)]);
    const [first, ...others] = records
      .filter((record) => group.isUp(record))
      .flatMap((record) => versionOf(record, name));
    return first && lowestVersion(first, ...others);
  }
}

/** None where a service of the topic does not answer the contract. */
function versionOf({ contracts }: ServiceRecord, name: string): readonly Version[] {
  const version = Object.hasOwn(contracts, name) ? contracts[name] : undefined;
  return version !== undefined && isVersion(version) ? [version] : [];
}
