import { expect, it, vi } from "vitest";
import { RequestContext } from "./request-context.js";
import { exampleWorld } from "./testing/example.js";

const context = new RequestContext({ requestId: "req-1" });
const request = {
  v: 1,
  id: "1",
  contract: "example",
  version: "1.0",
  method: "greet",
  args: { name: "x" },
  context: { requestId: "req-1", roles: [], isAdmin: false, readDeleted: "no" },
};

it.each([
  ["both want it", true, true, 1],
  ["only who fails wants it", true, false, 0],
  ["only who asks wants it", false, true, 0],
])("the stack of a failure is told of as often as it should: %s", async (_, server, client, times) => {
  const onStack = vi.fn();
  const stacks = (wanted: boolean) => ({ stacks: { wanted: () => wanted, onStack } });
  const greet = async () => {
    throw new TypeError("a bug");
  };
  const settings = { server: stacks(server), client: stacks(client) };
  const { client: example, transport } = await exampleWorld({ greet }, settings);
  await expect(example.call.greet(context, { name: "x" })).rejects.toMatchObject({ message: "a bug" });
  expect(onStack).toHaveBeenCalledTimes(times);
  const stack = expect.stringMatching(/^TypeError: a bug\n +at .*remote-stacks.test.ts/);
  const failure = { contract: "example", method: "greet", requestId: "req-1", stack };
  for (const [told] of onStack.mock.calls) expect(told).toEqual(failure);
  const answer = await transport.call({ topic: "example" }, JSON.stringify(request), { timeLeft: 5_000 });
  expect(answer.includes("remote-stacks.test.ts")).toBe(server);
});
