import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { QmpClient, qmpFailureReason } from "./qmp.js";

const GREETING = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 }, package: "" }, capabilities: [] } };

interface Command {
  readonly execute: string;
  readonly id: number;
}

describe("QmpClient", () => {
  let folder: string;
  let path: string;
  let server: Server;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-qmp-"));
    path = join(folder, "qmp.sock");
  });
  afterEach(async () => {
    server?.close();
    await rm(folder, { recursive: true });
  });

  /** A QEMU that greets and agrees to capabilities; the rest is up to `answer`. */
  async function listen(
    answer: (command: Command, socket: Socket) => void,
    greeting: unknown = GREETING,
  ): Promise<void> {
    server = createServer((socket) => {
      socket.on("error", () => {});
      if (greeting !== null) send(socket, greeting);
      let buffer = "";
      socket.on("data", (chunk) => {
        const lines = (buffer + chunk).split("\n");
        buffer = lines.pop() ?? "";
        for (const line of lines) {
          const command = JSON.parse(line) as Command;
          if (command.execute === "qmp_capabilities") send(socket, { return: {}, id: command.id });
          else answer(command, socket);
        }
      });
    });
    server.listen(path);
    await once(server, "listening");
  }

  function send(socket: Socket, ...messages: unknown[]): void {
    socket.write(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(""));
  }

  async function reasonOf(promise: Promise<unknown>): Promise<string | undefined> {
    return promise.then(() => "no failure", qmpFailureReason);
  }

  it("knows QEMU's version once it is connected", async () => {
    await listen(() => {});
    const qmp = await QmpClient.connect(path);
    expect(qmp.version).toBe("7.2.22");
    qmp.close();
  });

  it("matches answers to commands by id, in whatever order they come", async () => {
    const waiting: Command[] = [];
    await listen((command, socket) => {
      waiting.unshift(command);
      if (waiting.length === 2) for (const { execute, id } of waiting) send(socket, { return: execute, id });
    });
    const qmp = await QmpClient.connect(path);
    expect(await Promise.all([qmp.execute("first"), qmp.execute("second")])).toEqual(["first", "second"]);
    qmp.close();
  });

  it("gives QEMU's class and description where it refuses", async () => {
    await listen(({ id }, socket) => send(socket, { error: { class: "DeviceNotFound", desc: "no such disk" }, id }));
    const qmp = await QmpClient.connect(path);
    await expect(qmp.execute("eject")).rejects.toMatchObject({
      code: "virt.failed",
      message: "QEMU refused eject: no such disk (DeviceNotFound)",
      details: { reason: "refused", class: "DeviceNotFound", description: "no such disk" },
    });
    qmp.close();
  });

  it("refuses an answer that is not what the caller reads", async () => {
    await listen(({ id }, socket) => send(socket, { return: { status: 7 }, id }));
    const qmp = await QmpClient.connect(path);
    const status = qmp.execute("query-status", { reply: z.object({ status: z.string() }) });
    expect(await reasonOf(status)).toBe("notUnderstood");
    qmp.close();
  });

  it("hears an event that comes in the same read as the answer", async () => {
    await listen(({ id }, socket) => send(socket, { return: {}, id }, { event: "RESET", data: { guest: false } }));
    const qmp = await QmpClient.connect(path);
    const reset = qmp.waitForEvent("RESET");
    await qmp.execute("system_reset");
    expect(await reset).toEqual({ event: "RESET", data: { guest: false } });
    qmp.close();
  });

  it("gives a command up after its time and ignores the answer that comes late", async () => {
    let late: (() => void) | undefined;
    await listen(({ execute, id }, socket) => {
      if (execute === "slow") late = () => send(socket, { return: "late", id });
      else {
        late?.();
        send(socket, { return: "quick", id });
      }
    });
    const qmp = await QmpClient.connect(path);
    expect(await reasonOf(qmp.execute("slow", { timeoutMs: 20 }))).toBe("timedOut");
    expect(await qmp.execute("quick")).toBe("quick");
    qmp.close();
  });

  it("rejects with the signal's reason when it is aborted", async () => {
    await listen(() => {});
    const qmp = await QmpClient.connect(path);
    const controller = new AbortController();
    const command = qmp.execute("slow", { signal: controller.signal });
    controller.abort(new Error("not wanted any more"));
    await expect(command).rejects.toThrow("not wanted any more");
    qmp.close();
  });

  it("rejects what is under way, and all that follows, when the connection ends", async () => {
    await listen((_, socket) => socket.destroy());
    const qmp = await QmpClient.connect(path);
    const event = reasonOf(qmp.waitForEvent("SHUTDOWN"));
    expect(await reasonOf(qmp.execute("quit"))).toBe("closed");
    expect(await event).toBe("closed");
    await qmp.closed;
    expect(await reasonOf(qmp.execute("query-status"))).toBe("closed");
  });

  it("says so where nobody listens", async () => {
    expect(await reasonOf(QmpClient.connect(path))).toBe("unreachable");
  });

  it("gives up on a QEMU that serves someone else", async () => {
    await listen(() => {}, null);
    expect(await reasonOf(QmpClient.connect(path, { timeoutMs: 20 }))).toBe("timedOut");
  });

  it("refuses to talk to anything but QEMU", async () => {
    await listen(() => {}, { hello: "I am a web server" });
    expect(await reasonOf(QmpClient.connect(path))).toBe("notUnderstood");
  });

  it("ends a connection that sends garbage, or a message without end", async () => {
    await listen(({ execute }, socket) => socket.write(execute === "garbage" ? "}{\n" : "x".repeat(5 * 1024 * 1024)));
    const first = await QmpClient.connect(path);
    expect(await reasonOf(first.execute("garbage"))).toBe("notUnderstood");
    const second = await QmpClient.connect(path);
    expect(await reasonOf(second.execute("endless"))).toBe("notUnderstood");
  });

  it("refuses a path that a socket cannot have", async () => {
    await expect(QmpClient.connect(`/${"x".repeat(107)}`)).rejects.toThrow(RangeError);
  });
});
