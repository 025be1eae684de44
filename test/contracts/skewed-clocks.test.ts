import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { RequestContext, Rpc } from "@kilonova/messaging";
import { Mailbox } from "@kilonova/plugin-testing";
import { RabbitmqTransport, rabbitmqOptions } from "@kilonova/transport-rabbitmq";
import { expect, it, onTestFinished } from "vitest";
import { bakery } from "./bakery.js";

const url = process.env["KILONOVA_TEST_AMQP_URL"] ?? "";
const TEN_MINUTES = 600_000;

it.each([
  ["ahead", TEN_MINUTES],
  ["behind", -TEN_MINUTES],
])("a process whose clock is ten minutes %s has as much time left as its caller gave", async (_, skew) => {
  const topic = `bakery-${randomUUID().slice(0, 8)}`;
  const child = fork(new URL("../dist/contracts/skewed-listener-process.js", import.meta.url), [url, topic, `${skew}`]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = new Mailbox<unknown>();
  child.on("message", (message) => said.put(message));
  expect(await said.take("the listener")).toBe("listening");
  const transport = new RabbitmqTransport(rabbitmqOptions.schema.parse({ url }));
  await transport.connect();
  onTestFinished(() => transport.close());
  const client = new Rpc(transport).client({ ...bakery, topic });

  const { loaves: left } = await client.call.bake(new RequestContext().within(60_000), { loaves: 1 });
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(60_000);
  const late = client.prepare({ timeout: 500 }).call.bake(new RequestContext(), { loaves: 101 });
  await expect(late).rejects.toMatchObject({ code: "rpc.deadlineExceeded" });
  expect(await said.take("the baker, given up")).toBe("given up");
});
