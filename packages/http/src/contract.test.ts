import { identityContract, type Principal } from "@kilonova/contracts";
import { MemoryTransport, ok, type RequestContext, Rpc, type RpcHandler, refused } from "@kilonova/messaging";
import { authenticatorSuite, FakeClock } from "@kilonova/plugin-testing";
import { describe, it } from "vitest";
import { TokenAuthenticator } from "./token-authenticator.js";

const GOOD = "a-token-that-identity-knows";
const EXPIRED = "a-token-of-yesterday";

describe("the token authenticator keeps the contract", () => {
  const makeWorld = async () => {
    const clock = new FakeClock();
    const principal = (expiresAt: number): Principal => ({
      userId: "ann",
      userName: "Ann",
      userDomainId: "default",
      projectId: "project",
      roles: ["member"],
      expiresAt: new Date(expiresAt).toISOString(),
    });
    const known = new Map([
      [GOOD, principal(clock.now() + 60_000)],
      [EXPIRED, principal(clock.now() - 60_000)],
    ]);
    const validateToken = async (_context: RequestContext, { token }: { token: string }) => {
      const found = known.get(token);
      return found ? ok(found) : refused("invalidToken", {});
    };
    const transport = new MemoryTransport();
    const rpc = new Rpc(transport);
    await rpc.serve({ topic: "identity", server: "host1" }, [
      { contract: identityContract, handlers: new Map([["validateToken", validateToken as RpcHandler]]) },
    ]);
    return {
      authenticator: new TokenAuthenticator(rpc, clock),
      good: { "x-auth-token": GOOD },
      userId: "ann",
      bad: [{ "x-auth-token": "a-token-that-nobody-knows" }, { "x-auth-token": EXPIRED }],
      end: () => transport.close(),
    };
  };
  for (const check of authenticatorSuite(makeWorld)) it(check.name, check.run);
});
