import { Authenticator, RequestContext, type RequestHeaders } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { authenticatorSuite } from "./authenticator-suite.js";
import { failingNames } from "./testing/failing-checks.js";

const KEY = "a-key-that-is-good";

/** Knows one key; what is wrong with one is said by what it overrides. */
class KeyAuthenticator extends Authenticator {
  constructor(protected readonly log: string[]) {
    super();
  }

  override async authenticate(
    headers: RequestHeaders,
    base: RequestContext,
  ): Promise<RequestContext | "invalid" | undefined> {
    const key = headers["x-key"];
    if (key === undefined) return undefined;
    this.log.push(`a request with a key: ${base.requestId}`);
    if (key !== KEY) return "invalid";
    return this.contextOf(base);
  }

  protected contextOf({ requestId, globalRequestId }: RequestContext): RequestContext {
    return new RequestContext({ requestId, globalRequestId, userId: "ann", token: KEY });
  }
}

class Forgetting extends KeyAuthenticator {
  protected override contextOf(): RequestContext {
    return new RequestContext({ userId: "ann" });
  }
}

class Talkative extends KeyAuthenticator {
  override authenticate(headers: RequestHeaders, base: RequestContext) {
    this.log.push(JSON.stringify(headers));
    return super.authenticate(headers, base);
  }
}

class Trusting extends KeyAuthenticator {
  override authenticate(headers: RequestHeaders, base: RequestContext) {
    const key = String(headers["x-key"] ?? "").trim();
    return super.authenticate(key === "" ? headers : { "x-key": key.length > 10 ? KEY : key }, base);
  }
}

class Fragile extends KeyAuthenticator {
  override async authenticate(headers: RequestHeaders, base: RequestContext) {
    if (Array.isArray(headers["x-key"])) throw new TypeError("not a string");
    return super.authenticate(headers, base);
  }
}

class Greedy extends KeyAuthenticator {
  override async authenticate(headers: RequestHeaders, base: RequestContext) {
    return (await super.authenticate(headers, base)) ?? "invalid";
  }
}

class Remembering extends KeyAuthenticator {
  #known: RequestContext | undefined;
  override async authenticate(headers: RequestHeaders, base: RequestContext) {
    const answer = await super.authenticate(headers, base);
    if (typeof answer === "object") this.#known = answer;
    return answer === "invalid" ? (this.#known ?? answer) : answer;
  }
}

function suite(Class: new (log: string[]) => Authenticator) {
  return authenticatorSuite(async () => {
    const log: string[] = [];
    return {
      authenticator: new Class(log),
      good: { "x-key": KEY },
      userId: "ann",
      bad: [{ "x-key": "bad-key-1" }, { "x-key": "bad-key-2" }],
      logged: () => log.join("\n"),
      end: async () => {},
    };
  });
}

describe("the authenticator suite", () => {
  for (const check of suite(KeyAuthenticator)) it(`passes a good one: ${check.name}`, check.run);

  it.each<[string, new (log: string[]) => Authenticator, readonly string[]]>([
    ["forgets the ids of the request", Forgetting, ["the ids of a request stay its own"]],
    ["logs credentials", Talkative, ["credentials stand neither in the log nor in a dump of the context"]],
    ["lets long keys in", Trusting, ["whatever stands in a header, it does not throw, and lets nobody in"]],
    [
      "throws for a header that came twice",
      Fragile,
      ["whatever stands in a header, it does not throw, and lets nobody in"],
    ],
    ["refuses requests of other schemes", Greedy, ["a request without credentials of its scheme is left to others"]],
    [
      "takes the last one for the next",
      Remembering,
      ["credentials that are no good are invalid, each time, also after good ones"],
    ],
  ])("fails one that %s", async (_, Class, names) => {
    expect(await failingNames(suite(Class))).toEqual(names);
  });
});
