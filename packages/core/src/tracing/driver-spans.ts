import { type ImageStore, isOfKind, type NetworkDriver, type VirtDriver } from "@kilonova/plugin-api";
import { inSpan, isTraced } from "./span.js";

/**
 * What is worth a span of what drivers do: what is done to guests, disks and networks, which takes most of a request's
 * time. All of them answer with promises.
 */
const TRACED = {
  "virt-driver": ["spawn", "destroy", "powerOn", "powerOff", "reboot", "getPowerState", "getConsoleOutput"],
  "network-driver": ["plug", "unplug"],
  "image-store": ["write", "read", "delete"],
} as const satisfies {
  readonly "virt-driver": readonly (keyof VirtDriver)[];
  readonly "network-driver": readonly (keyof NetworkDriver)[];
  readonly "image-store": readonly (keyof ImageStore)[];
};

type Method = (...args: unknown[]) => Promise<unknown>;

/** Puts a span round what a driver does, by methods of the object's own; other objects are left as they are. */
export function traceDriver(made: object): void {
  for (const [kind, methods] of Object.entries(TRACED)) {
    if (isOfKind(made, kind as keyof typeof TRACED)) for (const name of methods) traceMethod(made, kind, name);
  }
}

function traceMethod(driver: object, kind: string, name: string): void {
  const bare: unknown = Reflect.get(driver, name);
  if (typeof bare !== "function") return;
  const options = { attributes: { "code.function.name": `${driver.constructor.name}.${name}` } };
  const value: Method = (...args) => {
    const call = async (): Promise<unknown> => Reflect.apply(bare, driver, args);
    return isTraced() ? inSpan(`${kind}.${name}`, options, call) : call();
  };
  Object.defineProperty(driver, name, { value, configurable: true, writable: true });
}
