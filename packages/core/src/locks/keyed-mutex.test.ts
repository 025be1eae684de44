import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Gate } from "../testing/gate.js";
import { KeyedMutex } from "./keyed-mutex.js";

/** Work that ends when the test says so. */
function held() {
  const { promise, resolve, reject } = new Gate<string>();
  return { work: () => promise, finish: resolve, fail: reject };
}

describe("a keyed mutex", () => {
  it("lets one in at a time for a key, in the order they came, and another key's at once", async () => {
    const mutex = new KeyedMutex();
    const seen: string[] = [];
    const first = held();
    const one = mutex.run("a", first.work).then(() => seen.push("one"));
    const two = mutex.run("a", async () => seen.push("two"));
    const three = mutex.run("a", async () => seen.push("three"));
    await mutex.run("b", async () => seen.push("other"));
    expect(seen).toEqual(["other"]);
    first.finish("done");
    await Promise.all([one, two, three]);
    expect(seen.slice(1).filter((each) => each !== "one")).toEqual(["two", "three"]);
  });

  it("goes on after work that failed", async () => {
    const mutex = new KeyedMutex();
    const first = held();
    const one = mutex.run("a", first.work);
    const two = mutex.run("a", async () => "two");
    first.fail(new Error("broken"));
    await expect(one).rejects.toThrow("broken");
    expect(await two).toBe("two");
  });

  it("lets go of who gives up waiting, without letting those behind past the one in front", async () => {
    const mutex = new KeyedMutex();
    const giveUp = new AbortController();
    const first = held();
    const seen: string[] = [];
    const one = mutex.run("a", first.work);
    const two = mutex.run("a", async () => seen.push("two"), giveUp.signal);
    const three = mutex.run("a", async () => seen.push("three"));
    giveUp.abort(new Error("enough"));
    await expect(two).rejects.toThrow("enough");
    expect(seen).toEqual([]);
    first.finish("done");
    await Promise.all([one, three]);
    expect(seen).toEqual(["three"]);
  });

  it("never has two of a key inside, whatever fails or gives up", async () => {
    const step = fc.record({ key: fc.constantFrom("a", "b"), fails: fc.boolean(), givesUp: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const mutex = new KeyedMutex();
        const inside = new Map<string, number>();
        const order = new Map<string, number[]>();
        const runs = steps.map(({ key, fails, givesUp }, index) => {
          const signal = givesUp ? AbortSignal.abort(new Error("gave up")) : undefined;
          const work = async () => {
            inside.set(key, (inside.get(key) ?? 0) + 1);
            expect(inside.get(key)).toBe(1);
            order.set(key, [...(order.get(key) ?? []), index]);
            await new Promise((resolve) => setImmediate(resolve));
            inside.set(key, 0);
            if (fails) throw new Error("failed");
          };
          return mutex.run(key, work, signal).catch((error: Error) => expect(error.message).toMatch(/failed|gave up/));
        });
        await Promise.all(runs);
        for (const indices of order.values()) expect(indices).toEqual([...indices].sort((one, other) => one - other));
      }),
    );
  });
});
