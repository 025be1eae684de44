import { identityContract, type Principal } from "@kilonova/contracts";
import { MemoryTransport, MemoryWire, ok, RequestContext, Rpc, refused } from "@kilonova/messaging";
import { describe, expect, test } from "vitest";
import { TokenAuthenticator } from "./token-authenticator.js";

describe("the token authenticator", () => {
  const principal = (expiresAt: number): Principal => ({
    userId: "u1",
    userName: "ann",
    userDomainId: "default",
    projectId: "p1",
    roles: ["member", "admin"],
    expiresAt: new Date(expiresAt).toISOString(),
  });

  async function world() {
    let now = Date.UTC(2030, 0, 1);
    const clock = { now: () => now, sleep: () => Promise.reject(new Error("unused")) };
    const wire = new MemoryWire();
    const transport = new MemoryTransport(wire);
    await transport.connect();
    const rpc = new Rpc(transport);
    const asked: string[] = [];
    let good = true;
    const validateToken = async (_context: RequestContext, { token }: { token: string }) => {
      asked.push(token);
      return good && token === "good" ? ok(principal(Date.UTC(2030, 0, 1) + 60_000)) : refused("invalidToken", {});
    };
    await rpc.serve({ topic: "identity", server: "h" }, [
      { contract: identityContract, handlers: new Map([["validateToken", validateToken as never]]) },
    ]);
    return {
      asked,
      base: new RequestContext({ globalRequestId: "req-global" }),
      authenticator: new TokenAuthenticator(rpc, clock),
      advance: (milliseconds: number) => {
        now += milliseconds;
      },
      revoke: () => {
        good = false;
      },
    };
  }

  test("makes a context of who the token speaks for, with the request's own ids", async () => {
    const { authenticator, base } = await world();
    const context = await authenticator.authenticate({ "x-auth-token": "good" }, base);
    expect(context).toMatchObject({
      requestId: base.requestId,
      globalRequestId: "req-global",
      userId: "u1",
      projectId: "p1",
      isAdmin: true,
    });
    expect((context as RequestContext).token()).toBe("good");
  });

  test("asks once for many requests, and again after five seconds", async () => {
    const { authenticator, base, asked, advance, revoke } = await world();
    const ask = () => authenticator.authenticate({ "x-auth-token": "good" }, base);
    await Promise.all([ask(), ask(), ask()]);
    expect(asked).toHaveLength(1);
    revoke();
    advance(4_999);
    expect(await ask()).not.toBe("invalid");
    advance(1);
    expect(await ask()).toBe("invalid");
  });

  test("believes nothing beyond a token's end", async () => {
    const { authenticator, base, advance } = await world();
    advance(58_000);
    expect(await authenticator.authenticate({ "x-auth-token": "good" }, base)).not.toBe("invalid");
    advance(2_000);
    expect(await authenticator.authenticate({ "x-auth-token": "good" }, base)).toBe("invalid");
  });

  test("passes over requests without a token, and asks each time for one that is no good", async () => {
    const { authenticator, base, asked } = await world();
    expect(await authenticator.authenticate({}, base)).toBeUndefined();
    expect(await authenticator.authenticate({ "x-auth-token": "x".repeat(5_000) }, base)).toBe("invalid");
    expect(asked).toHaveLength(0);
    await authenticator.authenticate({ "x-auth-token": "bad" }, base);
    await authenticator.authenticate({ "x-auth-token": "bad" }, base);
    expect(asked).toHaveLength(2);
  });
});
