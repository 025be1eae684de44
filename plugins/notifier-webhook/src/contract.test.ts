import { notifierSuite } from "@kilonova/plugin-testing";
import { describe, test } from "vitest";
import { makeNotifier } from "./testing/make-notifier.js";
import { WebhookServer } from "./testing/webhook-server.js";

const checks = notifierSuite(async () => {
  const server = await WebhookServer.start();
  return {
    notifier: makeNotifier({ urls: [server.url] }),
    received: () => server.received.map(({ body }) => body),
    refuse: () => {
      server.answer = (response) => response.writeHead(503).end();
    },
    stall: () => {
      server.answer = () => {};
    },
    end: server.end,
  };
});

describe("the webhook notifier", () => {
  test.each(checks)("$name", ({ run }) => run());
});
