import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Acknowledgements } from "./acknowledgements.js";

/** A channel that writes down what it is told; on which nothing is held back unless a window is named. */
function written(delivered: number, window = 0) {
  const frames: string[] = [];
  const channel = {
    active: true,
    basicAck: ({ deliveryTag, multiple = false }: { deliveryTag: number; multiple?: boolean }) =>
      void frames.push(`ack ${multiple ? "to " : ""}${deliveryTag}`),
    basicNack: ({ deliveryTag }: { deliveryTag: number }) => void frames.push(`nack ${deliveryTag}`),
  };
  const acks = new Acknowledgements(channel, window, () => {});
  for (let deliveryTag = 1; deliveryTag <= delivered; deliveryTag += 1) acks.received({ deliveryTag });
  return { acks, channel, frames };
}

describe("acknowledgements of a channel", () => {
  it.each([
    { finished: [1], frames: ["ack to 1"] },
    { finished: [1, 2, 3], frames: ["ack to 3"] },
    { finished: [3, 1, 2], frames: ["ack to 3"] },
    { finished: [2, 4], frames: ["ack 2", "ack 4"] },
    { finished: [1, 3], frames: ["ack to 1", "ack 3"] },
  ])("of $finished, finished in one turn, take the frames $frames", async ({ finished, frames }) => {
    const { acks, frames: sent } = written(4);
    for (const deliveryTag of finished) acks.acknowledge({ deliveryTag });
    expect(sent).toEqual([]);
    await turn();
    expect(sent).toEqual(frames);
  });

  it("of one message, however often it is finished, are one", async () => {
    const { acks, frames } = written(2);
    acks.acknowledge({ deliveryTag: 1 });
    acks.acknowledge({ deliveryTag: 1 });
    await turn();
    acks.acknowledge({ deliveryTag: 1 });
    await turn();
    expect(frames).toEqual(["ack to 1"]);
  });

  it("go past a message that was given back", async () => {
    const { acks, frames } = written(3);
    acks.acknowledge({ deliveryTag: 1 });
    acks.reject({ deliveryTag: 2 }, true);
    acks.acknowledge({ deliveryTag: 3 });
    await turn();
    expect(frames).toEqual(["nack 2", "ack to 3"]);
  });

  it("are held back for a moment, and go together, where RabbitMQ may deliver as many more", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { acks, frames } = written(4, 9);
    for (const deliveryTag of [1, 2, 3, 4]) {
      acks.acknowledge({ deliveryTag });
      await turn();
    }
    expect(frames).toEqual([]);
    vi.advanceTimersByTime(5);
    expect(frames).toEqual(["ack to 4"]);
    vi.advanceTimersByTime(60_000);
    expect(frames).toHaveLength(1);
  });

  it.each([
    { window: 1, delivered: 1, finished: [1] },
    { window: 4, delivered: 3, finished: [2] },
    { window: 4, delivered: 2, finished: [1, 2] },
  ])(
    "are not held back where that may keep others waiting: $finished of $delivered, $window at most",
    async (given) => {
      const { acks, frames } = written(given.delivered, given.window);
      for (const deliveryTag of given.finished) acks.acknowledge({ deliveryTag });
      await turn();
      expect(frames).toHaveLength(1);
    },
  );

  it("are sent before a channel is closed in the same turn", () => {
    const { acks, frames } = written(1);
    acks.acknowledge({ deliveryTag: 1 });
    acks.flush();
    expect(frames).toEqual(["ack to 1"]);
  });

  it("are not sent on a channel that is gone", async () => {
    const { acks, channel, frames } = written(1);
    acks.acknowledge({ deliveryTag: 1 });
    channel.active = false;
    await turn();
    expect(frames).toEqual([]);
  });

  it("reach each finished message exactly once and no other, in whatever order they finish", async () => {
    const steps = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), async (order, turns) => {
        const { acks, frames } = written(12);
        for (const [step, deliveryTag] of order.entries()) {
          acks.acknowledge({ deliveryTag });
          if (turns[step]) await turn();
        }
        await turn();
        expect(acknowledgedBy(frames, 12).toSorted((a, b) => a - b)).toEqual(order.toSorted((a, b) => a - b));
      }),
    );
  });
});

/** The messages that a broker takes as acknowledged; one that is named twice would break the channel. */
function acknowledgedBy(frames: readonly string[], delivered: number): number[] {
  const open = new Set(Array.from({ length: delivered }, (_, index) => index + 1));
  return frames.flatMap((frame) => {
    const tag = Number(frame.split(" ").at(-1));
    if (!open.has(tag)) throw new Error(`${frame}: unknown delivery tag`);
    const acknowledged = frame.startsWith("ack to ") ? [...open].filter((each) => each <= tag) : [tag];
    for (const each of acknowledged) open.delete(each);
    return acknowledged;
  });
}
