import type { RequestContext } from "@kilonova/messaging";
import { ApiFault } from "./api-fault.js";

/** What a rule is asked about. Whoever loads something names its owner before the rule is asked. */
export interface PolicyTarget {
  readonly projectId?: string | undefined;
  readonly userId?: string | undefined;
  /** Further facts that a service's own rules look at; the parameters of the path are there before a handler runs. */
  readonly [fact: string]: unknown;
}

/** Says whether a request may do something. Rules are code: small, without I/O. */
export type PolicyRule = (context: RequestContext, target: PolicyTarget) => boolean;

/** The rules of a web service by the names that OpenStack gives them. What is not named here is denied. */
export type Policies = Readonly<Record<string, PolicyRule>>;

/** Whoever has the role `admin`, and a service on its own behalf. */
export const admin: PolicyRule = (context) => context.isAdmin;

/** Whoever asks within the target's project. */
export const owner: PolicyRule = (context, target) =>
  context.projectId !== undefined && context.projectId === target.projectId;

/** The target's user. */
export const self: PolicyRule = (context, target) => context.userId !== undefined && context.userId === target.userId;

/** Anyone with a good token. */
export const authenticated: PolicyRule = (context) => context.userId !== undefined || context.isAdmin;

/** Anyone at all. */
export const anyone: PolicyRule = () => true;

export function role(name: string): PolicyRule {
  return (context) => context.roles.includes(name);
}

export function anyOf(...rules: readonly PolicyRule[]): PolicyRule {
  return (context, target) => rules.some((rule) => rule(context, target));
}

export function allOf(...rules: readonly PolicyRule[]): PolicyRule {
  return (context, target) => rules.every((rule) => rule(context, target));
}

/** What most things of a project ask for. */
export const adminOrOwner = anyOf(admin, owner);

/** The rules of a web service as a handler asks them for one request. */
export class PolicyCheck {
  constructor(
    private readonly policies: Policies,
    private readonly context: RequestContext,
  ) {}

  /** Without a target: something of the caller's own project and user. */
  allows(name: string, target?: PolicyTarget): boolean {
    const rule = Object.hasOwn(this.policies, name) ? this.policies[name] : undefined;
    return rule?.(this.context, { ...this.#own(), ...target }) ?? false;
  }

  /** @throws ApiFault 403 */
  authorize(name: string, target?: PolicyTarget): void {
    if (this.allows(name, target)) return;
    throw new ApiFault(403, `Policy doesn't allow ${name} to be performed.`);
  }

  #own(): PolicyTarget {
    return { projectId: this.context.projectId, userId: this.context.userId };
  }
}
