import assert from "node:assert/strict";
import { inspect } from "node:util";
import { type Authenticator, isOfKind, RequestContext, type RequestHeaders } from "@kilonova/plugin-api";
import { checksInWorld, type WorldChecks } from "./checks-in-world.js";
import type { ContractCheck } from "./contract-check.js";
import { soon } from "./settled.js";

/** An authenticator, and requests that it knows how to judge. Header names are in lower case. */
export interface AuthenticatorWorld {
  readonly authenticator: Authenticator;
  /** A request whose credentials are good. */
  readonly good: RequestHeaders;
  /** Whom they stand for; undefined for a scheme whose callers are nobody. */
  readonly userId: string | undefined;
  /** Requests of this scheme whose credentials are no good: wrong, expired, revoked. */
  readonly bad: readonly RequestHeaders[];
  /** All that was logged by now, as text, where that can be looked at. */
  logged?(): string;
  /** Ends what the world holds. */
  end(): Promise<void>;
}

/** What every authenticator promises, as checks for any test runner. */
export function authenticatorSuite(makeWorld: () => Promise<AuthenticatorWorld>): readonly ContractCheck[] {
  return checksInWorld(checks, makeWorld);
}

const checks: WorldChecks<AuthenticatorWorld> = {
  "an authenticator says that it is one": async ({ authenticator }) => {
    assert.ok(isOfKind(authenticator, "authenticator"), "its class does not extend Authenticator");
  },

  "good credentials say who asks, each time, and of many at once": async (world) => {
    for (let round = 0; round < 2; round++) await isGood(world);
    await Promise.all(Array.from({ length: 10 }, () => isGood(world)));
  },

  "the ids of a request stay its own": async (world) => {
    for (const globalRequestId of ["req-of-the-caller", undefined]) {
      const base = new RequestContext(globalRequestId === undefined ? {} : { globalRequestId });
      const context = await contextOf(world, base);
      assert.equal(context.requestId, base.requestId);
      assert.equal(context.globalRequestId, globalRequestId);
      assert.equal(base.userId, undefined, "the context that it was given has changed");
    }
  },

  "other headers make no difference": async (world) => {
    const headers = { ...OTHERS, ...world.good };
    assert.ok(isContext(await ask(world, headers)), "good credentials among other headers are not good");
  },

  "credentials that are no good are invalid, each time, also after good ones": async (world) => {
    assert.ok(world.bad.length > 0, "the world names none");
    for (const bad of [...world.bad, ...world.bad]) assert.equal(await ask(world, bad), "invalid", inspect(bad));
    await isGood(world);
    for (const bad of world.bad) assert.equal(await ask(world, bad), "invalid", inspect(bad));
  },

  "a request without credentials of its scheme is left to others": async (world) => {
    assert.equal(await ask(world, {}), undefined);
    const others = Object.entries(OTHERS).filter(([name]) => !(name in world.good));
    assert.equal(await ask(world, Object.fromEntries(others)), undefined);
    const missing = Object.fromEntries(Object.keys(world.good).map((name) => [name, undefined]));
    assert.equal(await ask(world, missing), undefined);
  },

  "whatever stands in a header, it does not throw, and lets nobody in": async (world) => {
    for (const name of Object.keys(world.good)) {
      for (const value of garbageLike(world.good[name])) {
        const answer = await ask(world, { ...world.good, [name]: value });
        assert.ok(answer === "invalid" || answer === undefined, `it lets in: ${name}: ${inspect(value).slice(0, 200)}`);
      }
    }
    await isGood(world);
  },

  "it settles for a request that was given up": async (world) => {
    const base = new RequestContext({}, { signal: AbortSignal.abort(new Error("given up")) });
    const answers = [world.good, ...world.bad].map((headers) =>
      world.authenticator.authenticate(headers, base).catch(() => undefined),
    );
    await soon("the answers", Promise.all(answers));
  },

  "credentials stand neither in the log nor in a dump of the context": async (world) => {
    const context = await contextOf(world, new RequestContext());
    for (const bad of world.bad) await ask(world, bad);
    const texts = [world.logged?.() ?? "", inspect(context, { depth: 9 }), JSON.stringify(context)];
    for (const secret of secretsOf(world)) {
      for (const text of texts) assert.ok(!text.includes(secret), "a credential can be read");
    }
  },
};

/** Headers that are of no scheme, or of another. */
const OTHERS: RequestHeaders = {
  accept: "application/json",
  "content-type": "application/json",
  cookie: "session=1",
  "user-agent": "suite",
  "x-something-else": ["one", "two"],
};

/** What a header may hold that holds a credential else. */
function garbageLike(good: RequestHeaders[string]): readonly RequestHeaders[string][] {
  const text = typeof good === "string" ? good : "";
  return [
    "",
    " ",
    "null",
    "undefined",
    "0",
    "{}",
    "../../etc/passwd",
    "' OR 1=1 --",
    "\u0000\u0001",
    "\u{1F30C} Grüße",
    "Basic",
    "Bearer",
    "Bearer ",
    "x".repeat(100_000),
    text.slice(0, -1),
    `${text}x`,
    `x${text}`,
    text.slice(Math.floor(text.length / 2)),
    [],
    [""],
  ].filter((value) => value !== good);
}

function secretsOf({ good, bad }: AuthenticatorWorld): readonly string[] {
  const values = [good, ...bad].flatMap((headers) => Object.values(headers)).flatMap((value) => value ?? []);
  // A scheme's name before the credential is no secret; a word so short may stand anywhere.
  return values.flatMap((value) => value.split(" ").slice(-1)).filter((value) => value.length >= 8);
}

async function ask(world: AuthenticatorWorld, headers: RequestHeaders, base = new RequestContext()) {
  return soon("an answer", world.authenticator.authenticate(headers, base));
}

async function contextOf(world: AuthenticatorWorld, base: RequestContext): Promise<RequestContext> {
  const answer = await ask(world, world.good, base);
  assert.ok(isContext(answer), `good credentials are answered ${inspect(answer)}`);
  return answer;
}

async function isGood(world: AuthenticatorWorld): Promise<void> {
  const context = await contextOf(world, new RequestContext());
  assert.equal(context.userId, world.userId);
}

/** By its shape: another copy of messaging may have made it. */
function isContext(answer: RequestContext | "invalid" | undefined): answer is RequestContext {
  return typeof answer === "object" && typeof answer.requestId === "string" && Array.isArray(answer.roles);
}
