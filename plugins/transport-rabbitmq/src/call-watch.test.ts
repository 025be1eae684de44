import { PendingCalls } from "@kilonova/messaging";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CallWatch } from "./call-watch.js";

/** Milliseconds: long enough for a look, for the next one, and for what it finds. */
const THREE_LOOKS = 1_600;
const LASTING = { timeLeft: 3_600_000 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Calls that are watched, and the queues that are gone; whatever is asked about the broker takes a turn. */
function world() {
  const calls = new PendingCalls();
  const gone = new Set<string>();
  const asked: string[] = [];
  const onLook = { before: () => {} };
  const isGone = async (queue: string) => {
    asked.push(queue);
    onLook.before();
    return gone.has(queue);
  };
  const watch = new CallWatch(calls, { isGone, close: async () => {} });
  const open = (topic: string) => {
    const call = calls.open({ topic }, LASTING);
    const ends: unknown[] = [];
    call.answer.then(
      (answer) => ends.push(answer),
      ({ code }) => ends.push(code),
    );
    return { id: call.id, ends };
  };
  return { calls, gone, asked, onLook, watch, open };
}

describe("a call whose queue is gone", () => {
  it("fails, and no other does", async () => {
    const { gone, open } = world();
    const [lost, other] = [open("lost"), open("other")];
    gone.add("v1.lost.call");
    await vi.advanceTimersByTimeAsync(THREE_LOOKS);
    expect([lost.ends, other.ends]).toEqual([["rpc.peerLost"], []]);
  });

  it("fails although the queue is back by then", async () => {
    const { gone, asked, open } = world();
    const lost = open("lost");
    gone.add("v1.lost.call");
    while (asked.length === 0) await vi.advanceTimersByTimeAsync(100);
    gone.clear();
    await vi.advanceTimersByTimeAsync(THREE_LOOKS);
    expect(lost.ends).toEqual(["rpc.peerLost"]);
  });

  it("does not fail while it beats, and does when it no longer does", async () => {
    const { calls, gone, open } = world();
    const lost = open("lost");
    gone.add("v1.lost.call");
    for (let beats = 0; beats < 5; beats++) {
      calls.beat(lost.id);
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(lost.ends).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(lost.ends).toEqual(["rpc.peerLost"]);
  });

  it("does not fail where its answer, or a beat, has come by the next look", async () => {
    const { calls, gone, asked, onLook, open } = world();
    const [answered, beating] = [open("lost"), open("lost")];
    gone.add("v1.lost.call");
    onLook.before = () => {
      if (asked.length < 2) return;
      calls.answer(answered.id, "an answer");
      calls.beat(beating.id);
    };
    await vi.advanceTimersByTimeAsync(THREE_LOOKS);
    expect([answered.ends, beating.ends]).toEqual([["an answer"], []]);
  });
});

describe("looking for queues", () => {
  it("is done once for all calls to an address, and not at all for calls that end soon", async () => {
    const { calls, asked, open } = world();
    const soon = open("soon");
    for (let count = 0; count < 3; count++) open("slow");
    await vi.advanceTimersByTimeAsync(600);
    calls.answer(soon.id, "");
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toEqual(["v1.slow.call"]);
  });

  it("that fails costs nobody else's calls the next look", async () => {
    const { gone, onLook, open } = world();
    const lost = open("lost");
    gone.add("v1.lost.call");
    let isBroken = true;
    onLook.before = () => {
      if (isBroken) throw new Error("the broker is away");
    };
    await vi.advanceTimersByTimeAsync(THREE_LOOKS);
    expect(lost.ends).toEqual([]);
    isBroken = false;
    await vi.advanceTimersByTimeAsync(THREE_LOOKS);
    expect(lost.ends).toEqual(["rpc.peerLost"]);
  });

  it("ends with the watch", async () => {
    const { asked, open, watch } = world();
    open("slow");
    await watch.close();
    await vi.advanceTimersByTimeAsync(THREE_LOOKS);
    expect(asked).toEqual([]);
  });
});
