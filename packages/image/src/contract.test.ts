import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imageContract } from "@kilonova/contracts";
import { authenticatorSuite, FakeClock, imageStoreSuite, serviceSuite } from "@kilonova/plugin-testing";
import { describe, it } from "vitest";
import { FileStore } from "./file-store.js";
import { imageOptions } from "./options.js";
import { liveImage } from "./testing/live-image.js";
import { TicketAuthenticator } from "./ticket-authenticator.js";
import { Tickets } from "./tickets.js";

describe("the file store keeps the contract", () => {
  const makeWorld = async () => {
    const folder = await mkdtemp(join(tmpdir(), "kilonova-file-store-"));
    return {
      makeStore: async () => new FileStore(imageOptions.schema.parse({}), folder),
      stored: async () => {
        const entries = await readdir(folder, { recursive: true, withFileTypes: true });
        return entries.filter((entry) => entry.isFile()).length;
      },
      end: () => rm(folder, { recursive: true }),
    };
  };
  for (const check of imageStoreSuite(makeWorld)) it(check.name, check.run);
});

describe("the ticket authenticator keeps the contract", () => {
  const makeWorld = async () => {
    const clock = new FakeClock();
    const ticketsOf = (key: Buffer) => new Tickets({ all: async () => [key] }, clock, 60_000);
    const [key, imageId] = [randomBytes(32), randomUUID()];
    const bearer = async (tickets: Tickets) => ({ authorization: `Bearer ${(await tickets.issue(imageId)).ticket}` });
    const expired = await bearer(ticketsOf(key));
    await clock.advance(60_000);
    return {
      authenticator: new TicketAuthenticator(ticketsOf(key)),
      good: await bearer(ticketsOf(key)),
      // Whoever holds a ticket is nobody in particular.
      userId: undefined,
      bad: [expired, await bearer(ticketsOf(randomBytes(32)))],
      end: async () => {},
    };
  };
  for (const check of authenticatorSuite(makeWorld)) it(check.name, check.run);
});

describe("the image manager keeps the contract", () => {
  const makeWorld = async () => {
    const image = await liveImage();
    const args = { imageId: randomUUID() };
    return {
      manager: image.manager,
      calls: [
        { method: "getImage", args },
        { method: "issueTicket", args },
      ],
      end: () => image.stop(),
    };
  };
  for (const check of serviceSuite(imageContract, makeWorld)) it(check.name, check.run);
});
