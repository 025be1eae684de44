import type { RequestContext } from "@kilonova/messaging";
import { PLUGIN_KIND, type PluginTag } from "./plugin-kind.js";

/** What an authenticator may look at of a request: its headers, in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Tells who makes a web request. `api.authSchemes` names those in use, in order; the first that answers counts. */
export abstract class Authenticator {
  static readonly [PLUGIN_KIND]: PluginTag = { kind: "authenticator", version: 1 };

  /**
   * @param base a context with the request's ids and nobody in it
   * @returns the context with who asks; `invalid` for credentials of this scheme that are no good; undefined where the
   *   request carries none of this scheme
   */
  abstract authenticate(headers: RequestHeaders, base: RequestContext): Promise<RequestContext | "invalid" | undefined>;
}
