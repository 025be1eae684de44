import { MemoryTransport, MemoryWire, type Transport } from "@kilonova/messaging";
import { describe, expect, it } from "vitest";
import { transportSuite } from "./transport-suite.js";

/** Runs the check of that name against transports with a fault. */
async function failureOf(name: string, fault: (transport: Transport) => Partial<Transport>): Promise<unknown> {
  const wire = new MemoryWire();
  const suite = transportSuite(async () => {
    const transport = new MemoryTransport(wire);
    return Object.assign(transport, fault(new MemoryTransport(wire)));
  });
  const check = suite.find((candidate) => candidate.name === name);
  if (!check) throw new Error(`no check "${name}"`);
  return check.run().then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("the transport suite", () => {
  it.each<[string, (transport: Transport) => Partial<Transport>]>([
    ["a call is answered by who listens", () => ({ call: async () => "something else" })],
    [
      "many calls at the same time each get their own answer",
      (sound) => {
        let first: Promise<string> | undefined;
        return { call: (address, body, options) => (first ??= sound.call(address, body, options)) };
      },
    ],
    [
      "a call fails where nobody ever listened, on the topic or on that host",
      (sound) => ({ call: ({ topic }, body, options) => sound.call({ topic }, body, options) }),
    ],
    ["calls in flight fail when their transport closes, and it takes no more", () => ({ cast: async () => {} })],
  ])("finds a transport that breaks: %s", async (name, fault) => {
    expect(await failureOf(name, () => ({}))).toBeUndefined();
    expect(await failureOf(name, fault)).toBeInstanceOf(Error);
  });
});
