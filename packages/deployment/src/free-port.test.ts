import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "./free-port.js";

async function listen(port: number): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("a port for the cloud", () => {
  it("is the one that is asked for, let go again", async () => {
    const port = await freePort("127.0.0.1", 0);
    expect(port).toBeGreaterThan(0);
    expect(await freePort("127.0.0.1", port)).toBe(port);
    expect(await listen(port)).toBe(port);
  });

  it.each([
    ["that is taken", async () => ["127.0.0.1", await listen(0)] as const, "EADDRINUSE"],
    ["of an address that is not this machine's", async () => ["192.0.2.1", 8774] as const, "EADDRNOTAVAIL"],
  ])("%s is refused with its address, why, and what to do", async (_, address, why) => {
    const [host, port] = await address();
    await expect(freePort(host, port)).rejects.toMatchObject({
      code: "listen.failed",
      message: expect.stringMatching(new RegExp(`^Port ${port} of ${host} cannot .*${why}.*choose another by --http`)),
    });
  });
});
