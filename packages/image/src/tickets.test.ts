import { randomBytes, randomUUID } from "node:crypto";
import { FakeClock } from "@kilonova/plugin-testing";
import { describe, expect, test } from "vitest";
import { Tickets } from "./tickets.js";

function world(...keys: Buffer[]) {
  const clock = new FakeClock();
  return { clock, tickets: new Tickets({ all: async () => keys }, clock, 600_000) };
}

describe("a ticket", () => {
  const imageId = randomUUID();

  test("is good for its image until it ends", async () => {
    const { tickets, clock } = world(randomBytes(32));
    const { ticket, expiresAt } = await tickets.issue(imageId);
    expect(expiresAt).toBe(clock.now() + 600_000);
    await clock.advance(599_999);
    expect(await tickets.imageIdOf(ticket)).toBe(imageId);
    await clock.advance(1);
    expect(await tickets.imageIdOf(ticket)).toBeUndefined();
  });

  test("is no good when anything in it was changed", async () => {
    const { tickets } = world(randomBytes(32));
    const { ticket } = await tickets.issue(imageId);
    const [, , end = "", signature = ""] = ticket.split(".");
    const forged = [
      `1.${randomUUID()}.${end}.${signature}`,
      `1.${imageId}.${Number(end) + 1}.${signature}`,
      `1.${imageId}.${end}.${signature.slice(0, -2)}AA`,
      `1.${imageId}.${end}.${signature}A`,
      `2.${imageId}.${end}.${signature}`,
      `1.${imageId}.${end}.`,
      "",
    ];
    for (const one of forged) expect(await tickets.imageIdOf(one), one).toBeUndefined();
  });

  test("is no good under another key, and good while an older key is kept", async () => {
    const [older, newer] = [randomBytes(32), randomBytes(32)];
    const { ticket } = await world(older).tickets.issue(imageId);
    expect(await world(newer).tickets.imageIdOf(ticket)).toBeUndefined();
    expect(await world(newer, older).tickets.imageIdOf(ticket)).toBe(imageId);
  });
});
