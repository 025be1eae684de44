import { token } from "./token.js";

/** A small value that a driver keeps on a host, with the version that a change of it has to name. */
export interface DriverValue {
  readonly value: unknown;
  readonly version: number;
}

/** What a driver must remember (a VLAN id, a target), per driver and host, by compare-and-swap. JSON, up to 16 KiB each. */
export interface DriverState {
  read(driver: string, key: string): Promise<DriverValue | undefined>;
  /**
   * @param version the one that was read, 0 where there was none
   * @returns the new version, or undefined when somebody else was quicker: read again
   */
  write(driver: string, key: string, value: unknown, version: number): Promise<number | undefined>;
}

export const DRIVER_STATE = token<DriverState>("driver-state");
