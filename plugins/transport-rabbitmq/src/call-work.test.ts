import { BEAT_INTERVAL, type Delivery } from "@kilonova/messaging";
import type { AsyncMessage } from "rabbitmq-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Answer } from "./answer.js";
import { CallWork } from "./call-work.js";
import { Slots } from "./slots.js";

const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ASKED = {
  userId: "api",
  correlationId: "id",
  replyTo: "reply.v1.api.00000000-0000-0000-0000-000000000000",
};

function message(name: string, more: Partial<AsyncMessage> = {}): AsyncMessage {
  const way = { exchange: "", routingKey: "", consumerTag: "", deliveryTag: 1, redelivered: false };
  return { body: name, ...way, ...ASKED, ...more };
}

/** Calls that are worked on one at a time, each until it is told to end. */
function world() {
  const begun: { delivery: Delivery; finish: (answer: string) => void }[] = [];
  const sent: [body: unknown, type: Answer["type"]][] = [];
  const acknowledged: unknown[] = [];
  const acks = { canSend: true, acknowledge: ({ body }: AsyncMessage) => acknowledged.push(body) };
  const work = new CallWork(
    (delivery) => new Promise((resolve) => begun.push({ delivery, finish: resolve })),
    new Slots(1),
    { send: async ({ body }, { type }) => void sent.push([body, type]) },
  );
  return { work, acks, begun, sent, acknowledged };
}

describe("a call", () => {
  it("is acknowledged when it has been answered", async () => {
    const { work, acks, begun, sent, acknowledged } = world();
    const answered = work.answer(acks, message("a"));
    expect(acknowledged).toEqual([]);
    begun[0]?.finish("done");
    await answered;
    expect(sent).toEqual([["a", "answer"]]);
    expect(acknowledged).toEqual(["a"]);
  });

  it("that takes long is acknowledged before the broker takes offence", async () => {
    const { work, acks, acknowledged } = world();
    void work.answer(acks, message("a"));
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(acknowledged).toEqual([]);
    await vi.advanceTimersByTimeAsync(BEAT_INTERVAL);
    expect(acknowledged).toEqual(["a"]);
  });

  it("that waits for its turn beats, and its wait is part of its time", async () => {
    const { work, acks, begun, sent } = world();
    void work.answer(acks, message("a"));
    const sentAt = Date.now();
    void work.answer(acks, message("b", { expiration: String(MINUTE) }));
    await vi.advanceTimersByTimeAsync(2 * BEAT_INTERVAL);
    expect(sent).toEqual([
      ["b", "beat"],
      ["b", "beat"],
    ]);
    begun[0]?.finish("done");
    await vi.advanceTimersByTimeAsync(1);
    expect(begun[1]?.delivery.deadline).toBe(sentAt + MINUTE);
    // Its handler beats after an interval of its own.
    expect(sent.slice(2)).toEqual([
      ["a", "answer"],
      ["b", "beat"],
    ]);
  });

  it.each([
    ["nobody", { userId: "" }],
    ["no queue", { replyTo: "" }],
    ["the queue of another user", { replyTo: ASKED.replyTo.replace("api", "conductor") }],
    ["a queue of no user's answers", { replyTo: "v1.conductor.call" }],
    ["no name for itself", { correlationId: "" }],
  ])("that names %s to be answered is none: it is not begun", async (_what, more) => {
    const { work, acks, begun, sent, acknowledged } = world();
    await work.answer(acks, message("a", more));
    expect([begun, sent, acknowledged]).toEqual([[], [], ["a"]]);
  });

  it("that has had its time while it waited is acknowledged, and beats no more", async () => {
    const { work, acks, sent, acknowledged } = world();
    void work.answer(acks, message("a"));
    void work.answer(acks, message("b", { expiration: "5000" }));
    await vi.advanceTimersByTimeAsync(BEAT_INTERVAL);
    expect(sent).toEqual([]);
    expect(acknowledged).toEqual(["b"]);
  });

  it("beats as its listener leaves, and so does one that still comes", async () => {
    const { work, acks, sent } = world();
    void work.answer(acks, message("a"));
    work.leave();
    void work.answer(acks, message("b"));
    expect(sent).toEqual([
      ["a", "beat"],
      ["b", "beat"],
    ]);
  });

  it("whose turn comes too late is not begun", async () => {
    const { work, acks, begun, sent, acknowledged } = world();
    void work.answer(acks, message("a"));
    const late = work.answer(acks, message("b", { expiration: "5000" }));
    await vi.advanceTimersByTimeAsync(5_000);
    begun[0]?.finish("done");
    await late;
    expect(begun).toHaveLength(1);
    expect(sent.filter(([, type]) => type !== "beat")).toEqual([["a", "answer"]]);
    expect(acknowledged).toEqual(["a", "b"]);
  });

  it("that waited while the channel was lost is not begun, and its caller is told", async () => {
    const { work, acks, begun, sent } = world();
    void work.answer(acks, message("a"));
    const waiting = work.answer(acks, message("b"));
    acks.canSend = false;
    begun[0]?.finish("done");
    await waiting;
    expect(begun).toHaveLength(1);
    expect(sent).toContainEqual(["b", "failure"]);
  });

  it("that comes a second time is not begun, and its caller is told", async () => {
    const { work, acks, begun, sent, acknowledged } = world();
    await work.answer(acks, message("a", { redelivered: true }));
    expect(begun).toEqual([]);
    expect(sent).toEqual([["a", "failure"]]);
    expect(acknowledged).toEqual(["a"]);
  });
});
