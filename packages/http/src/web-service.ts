import type { RequestContext } from "@kilonova/messaging";
import type { Authenticator, RequestHeaders } from "@kilonova/plugin-api";
import type { ApiFault } from "./api-fault.js";
import type { FaultStyle } from "./fault-style.js";
import type { Links } from "./links.js";
import type { MicroversionText } from "./microversion.js";
import type { Policies } from "./policy.js";
import type { AnyReply } from "./route.js";

/** The microversions of a web service. */
export interface Microversions {
  /** As it stands in `OpenStack-API-Version: compute 2.79`. */
  readonly serviceType: string;
  /** Also what a request gets that asks for none. */
  readonly min: MicroversionText;
  readonly max: MicroversionText;
  /** The older header, with the bare version in it: `X-OpenStack-Nova-API-Version`. */
  readonly legacyHeader?: string;
}

/** A document that says which versions there are; nobody needs a token for it. */
export interface VersionDocument {
  readonly status: 200 | 300;
  readonly body: (links: Links) => unknown;
}

/** A request that no route matches. */
export interface UnroutedRequest {
  readonly context: RequestContext;
  readonly method: string;
  /** Below the root, with its slash, without the query. */
  readonly path: string;
  readonly headers: RequestHeaders;
}

/** A tree of routes that a listener mounts under a root; a listener may carry many. */
export interface WebService {
  /** For logs: `identity`. */
  readonly name: string;
  /** The service that it belongs to, for logs: `api`. That of its own name where nothing is said. */
  readonly service?: string;
  /** With its version, without a slash at the end: `/compute/v2.1`. */
  readonly root: string;
  /** Objects whose methods are marked with `@route`. */
  readonly controllers: readonly object[];
  readonly faultStyle: FaultStyle;
  readonly microversions?: Microversions;
  /** In order, the first that answers counts; none: only public routes can be called. */
  readonly authenticators: readonly Authenticator[];
  readonly policies: Policies;
  /** What stands at the root's parent (`/compute`) and at the root itself, for clients that look for versions. */
  readonly discovery?: { readonly unversioned?: VersionDocument; readonly versioned?: VersionDocument };
  /** Every path also with the token's project in front, as old clients have it: `/{project_id}/servers`. */
  readonly projectInPath?: boolean;
  /** A further header with the request's id: `x-compute-request-id`. */
  readonly requestIdHeader?: string;
  /** Answers authenticated requests that no route matches; without it they are a 404. */
  readonly catchAll?: (request: UnroutedRequest) => Promise<AnyReply | ApiFault>;
  /** SIGHUP: drop what is cached; mutable options have been read again. */
  readonly reset?: () => Promise<void>;
}

/** A class that brings a web service, built by the container: what deployment lists. */
export interface WebServiceFactory {
  webService(): WebService;
}
