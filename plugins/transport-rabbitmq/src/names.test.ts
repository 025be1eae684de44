import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressName } from "./names.js";
import { callQueue, castQueue, deadQueue, fanoutExchange, fanoutQueue } from "./topology.js";

const host = fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: "binary", minLength: 100, maxLength: 400 }));
const topic = fc.stringMatching(/^[a-z][A-Za-z0-9_-]{0,62}$/);

describe("the name of a queue", () => {
  it("is the one that is written down", () => {
    expect(callQueue({ topic: "compute" }).queue).toBe("v1.compute.call");
    expect(castQueue({ topic: "compute", server: "node1.example.org" }).queue).toBe(
      "v1.compute.node1.example.org.cast",
    );
    expect(deadQueue("compute").queue).toBe("v1.compute.dead");
    expect(fanoutExchange("compute").exchange).toBe("v1.compute.fanout");
    expect(addressName({ topic: "compute", server: "a b" })).toBe("compute.a%20b");
  });

  it("fits into AMQP's 255 bytes of plain characters for every host", () => {
    fc.assert(
      fc.property(topic, host, (name, server) => {
        const { queue } = castQueue({ topic: name, server });
        return queue.length <= 255 && /^[A-Za-z0-9._%~-]+$/.test(queue);
      }),
    );
    expect(fanoutQueue({ topic: "x".repeat(63), server: "y".repeat(128) }).queue.length).toBeLessThan(255);
  });

  it("is never shared by two hosts", () => {
    fc.assert(
      fc.property(topic, host, host, (name, one, other) => {
        const same = addressName({ topic: name, server: one }) === addressName({ topic: name, server: other });
        return same === (Buffer.compare(Buffer.from(one), Buffer.from(other)) === 0);
      }),
    );
    const long = "h".repeat(300);
    expect(addressName({ topic: "x", server: `${long}a` })).not.toBe(addressName({ topic: "x", server: `${long}b` }));
  });

  it.each(["", "Compute", "a.b", "a b", "x".repeat(64), "v1/", "\u0000"])("is refused for topic %j", (name) => {
    expect(() => addressName({ topic: name })).toThrow(expect.objectContaining({ code: "contract.invalid" }));
  });
});
