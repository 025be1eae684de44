import { describe, expect, it } from "vitest";
import { RequestContext } from "./request-context.js";
import type { RpcObserver } from "./rpc-observer.js";
import { exampleWorld } from "./testing/example.js";

const context = RequestContext.admin();

/** Writes down what it sees of the messages of a process, and sends its name along. */
function recorder(name: string, lines: string[]): RpcObserver {
  return {
    async sending({ kind, method }, send) {
      lines.push(`${name} sends ${kind} ${method}`);
      try {
        return await send({ [name]: "was here" });
      } finally {
        lines.push(`${name} sent`);
      }
    },
    async handling({ kind, method, address }, carrier, work) {
      lines.push(`${name} handles ${kind} ${method} on ${address.topic} with ${Object.keys(carrier)}`);
      try {
        return await work();
      } finally {
        lines.push(`${name} handled`);
      }
    },
  };
}

describe("the observers of a process", () => {
  it("stand round what it sends, the first outermost, and what they send along reaches those of the listener", async () => {
    const lines: string[] = [];
    const { client } = await exampleWorld(
      { greet: async () => "hello" },
      {
        client: { observers: [recorder("one", lines), recorder("two", lines)] },
        server: { observers: [{}, recorder("three", lines)] },
      },
    );
    await expect(client.call.greet(context, { name: "x" })).resolves.toBe("hello");
    expect(lines).toEqual([
      "one sends call greet",
      "two sends call greet",
      "three handles call greet on example with one,two",
      "three handled",
      "two sent",
      "one sent",
    ]);
  });

  it("see a failure as the caller does", async () => {
    const lines: string[] = [];
    const seen: unknown[] = [];
    const watching: RpcObserver = {
      sending: (_message, send) =>
        send({}).catch((error: unknown) => {
          seen.push(error);
          throw error;
        }),
    };
    const { client } = await exampleWorld(
      {
        greet: async () => {
          throw new TypeError("a bug");
        },
      },
      { client: { observers: [watching, recorder("one", lines)] }, server: { observers: [recorder("two", lines)] } },
    );
    await expect(client.call.greet(context, { name: "x" })).rejects.toMatchObject({ code: "rpc.failed" });
    expect(seen).toMatchObject([{ code: "rpc.failed", message: "a bug" }]);
    expect(lines.at(-1)).toBe("one sent");
  });
});
