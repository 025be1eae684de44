import { messageOf } from "@kilonova/messaging";
import type { RequestFilter, RequestRefusal, RequestSpec, ResourceRequestDraft } from "@kilonova/plugin-api";
import type { PluginGuard } from "./plugin-guard.js";

/** A request filter, and the guard that stands round it. */
export class GuardedRequestFilter {
  constructor(
    readonly filter: RequestFilter,
    readonly guard: PluginGuard,
  ) {}

  get name(): string {
    return this.guard.origin.name;
  }

  /** @returns why there can be no host, or undefined */
  amend(request: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
    if (this.guard.isOpen)
      return this.#instead("is not asked for a while, since it failed or took too long again and again");
    const turn = this.guard.begin();
    let problem = "";
    const answer = turn.ask(() => {
      try {
        return { refusal: readRefusal(this.filter.amend(request, draft)) };
      } catch (failure) {
        problem = messageOf(failure);
        throw failure;
      }
    });
    turn.end();
    return answer ? answer.refusal : this.#instead(`fails: ${problem}`);
  }

  #instead(why: string): RequestRefusal | undefined {
    if (this.guard.rules.policy === "pass") return undefined;
    return { code: "request-filter-failed", words: `the request filter ${this.name} ${why}`, outlook: "needs" };
  }
}

/** What it answers may come from a plugin that no compiler has seen. */
function readRefusal(answer: unknown): RequestRefusal | undefined {
  if (answer === undefined) return undefined;
  if (isRefusal(answer)) return answer;
  throw new TypeError("it answered neither nothing nor a code and words");
}

function isRefusal(answer: unknown): answer is RequestRefusal {
  if (typeof answer !== "object" || answer === null) return false;
  return "code" in answer && typeof answer.code === "string" && "words" in answer && typeof answer.words === "string";
}
