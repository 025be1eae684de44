import type { Readable } from "node:stream";
import type { RequestContext } from "@kilonova/messaging";
import type { RequestHeaders } from "@kilonova/plugin-api";
import type { z } from "zod";
import type { ApiFault } from "./api-fault.js";
import type { ByVersion } from "./by-version.js";
import type { Links } from "./links.js";
import type { Microversion, VersionRange } from "./microversion.js";
import type { PolicyCheck } from "./policy.js";

export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

type MaybeByVersion<Value> = Value | ByVersion<Value>;

/** What a reply holds: JSON of a schema, a stream of bytes, or nothing. */
export type ReplySchema = MaybeByVersion<z.ZodType> | "bytes" | null;

/**
 * What a web service says of one route. All schemas are wire schemas: no transform, coerce, refine, default or Date;
 * checkers are compiled from them when the web service is mounted.
 */
export interface RouteSpec {
  readonly method: HttpMethod;
  /** Below the web service's root, parameters in braces: `/servers/{server_id}`. `/` is the root itself. */
  readonly path: string;
  /** The one key of the body that names an action: `os-start` of `POST /servers/{server_id}/action`. */
  readonly action?: string;
  /** The microversions that have the route; all where nothing is said. Routes may share a path when these are disjoint. */
  readonly versions?: VersionRange;
  /**
   * The rule asked before the handler, with the caller's own project and the path's parameters as its target. `public`:
   * no token is looked for; `authenticated`: any good one will do. Deny by default: there is no route without.
   */
  readonly policy: string;
  /** Further rules that the handler asks itself, for the documentation and to be checked at the mount. */
  readonly policies?: readonly string[];
  /** Where parameters are more than text; one that does not fit is a 404. */
  readonly params?: z.ZodObject;
  /**
   * Values come as text and are turned into the numbers, booleans and lists that the schema asks for. Unknown names:
   * `z.object` ignores them, `z.strictObject` refuses them with a 400, `z.looseObject` hands them on.
   */
  readonly query?: MaybeByVersion<z.ZodObject>;
  /** Unknown keys are a 400, unless the schema is a `z.looseObject`. */
  readonly body?: MaybeByVersion<z.ZodType>;
  /** The body is handed over as it comes in, unparsed and of any size: the handler bounds it. */
  readonly bodyStream?: true;
  /** The media types that the body may have, `application/json` where nothing is said, `application/octet-stream` for a stream. */
  readonly mediaTypes?: readonly string[];
  /** In bytes; the listener's where nothing is said. */
  readonly bodyLimit?: number;
  /** What success looks like, by status. */
  readonly replies: Readonly<Record<number, ReplySchema>>;
  /** The statuses that refusals may have, besides those that any route may give (400, 401, 403, 404, 413, 415, 5xx). */
  readonly errors?: readonly number[];
}

type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [Key in Name]: string } & PathParams<Rest>
  : unknown;

type OutputOf<Schema> =
  Schema extends ByVersion<infer Inner extends z.ZodType>
    ? z.output<Inner>
    : Schema extends z.ZodType
      ? z.output<Schema>
      : never;

type BodyOf<Spec> = Spec extends { readonly bodyStream: true }
  ? Readable
  : Spec extends { readonly body: infer Schema }
    ? OutputOf<Schema>
    : undefined;

type QueryOf<Spec> = Spec extends { readonly query: infer Schema } ? OutputOf<Schema> : Readonly<Record<never, never>>;

/** A request as the handler of a route gets it: authenticated, allowed and checked. */
export type RouteRequest<Spec extends RouteSpec = RouteSpec> = CheckedRequest<
  PathParams<Spec["path"]>,
  QueryOf<Spec>,
  BodyOf<Spec>
>;

/** By its parts, so that one method can answer several routes whose requests look alike. */
export interface CheckedRequest<Params, Query, Body> {
  readonly context: RequestContext;
  /** As they stand in the path, decoded. */
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** `Microversion.none` where the web service has none. */
  readonly version: Microversion;
  readonly headers: RequestHeaders;
  readonly policy: PolicyCheck;
  readonly links: Links;
  /** The query as it came, without the question mark: for the `next` link of a page. */
  readonly queryText: string;
}

interface ReplyHeaders {
  readonly headers?: Readonly<Record<string, string>>;
}

type ReplyBody<Schema> = Schema extends null
  ? { readonly body?: never }
  : Schema extends "bytes"
    ? { readonly body: Readable | Buffer }
    : { readonly body: OutputOf<Schema> };

/** What a handler answers: one of the replies that its route declares, or a refusal. */
export type Reply<Spec extends RouteSpec = RouteSpec> = RouteSpec extends Spec
  ? AnyReply | ApiFault
  :
      | {
          readonly [Status in keyof Spec["replies"] & number]: { readonly status: Status } & ReplyHeaders &
            ReplyBody<Spec["replies"][Status]>;
        }[keyof Spec["replies"] & number]
      | ApiFault;

/** A reply of whatever route. */
export interface AnyReply extends ReplyHeaders {
  readonly status: number;
  readonly body?: unknown;
}

/** Declares a route as a value, so that its handler can be typed by it: `show(request: RouteRequest<typeof showServer>)`. */
export function declareRoute<const Spec extends RouteSpec>(spec: Spec): Spec {
  return spec;
}

/** The handler of a route: one method of a controller. */
export type RouteHandler<Spec extends RouteSpec> = (request: RouteRequest<Spec>) => Promise<Reply<Spec>>;

/** A declared route and the method that answers it. */
export interface RouteMark {
  readonly spec: RouteSpec;
  readonly method: string;
}

const ROUTES = Symbol.for("kilonova.routes");

/**
 * Marks the method of a controller that answers a route; several times where it answers several. Only metadata is
 * written; what it says is checked when the web service is mounted.
 */
export function route<const Spec extends RouteSpec>(spec: Spec) {
  return <Handler extends (request: RouteRequest<Spec>) => Promise<Reply<Spec>>>(
    target: object,
    property: string,
    _descriptor: TypedPropertyDescriptor<Handler>,
  ): void => {
    const type = target.constructor as { [ROUTES]?: RouteMark[] };
    const own = Object.hasOwn(type, ROUTES) ? (type[ROUTES] ?? []) : [];
    if (own.length === 0) Object.defineProperty(type, ROUTES, { value: own });
    own.push({ spec, method: property });
  };
}

/** The routes of a controller's class, its ancestors' first. */
export function routesOf(controller: object): readonly RouteMark[] {
  const lineage: object[] = [];
  for (let type: unknown = controller.constructor; typeof type === "function"; type = Object.getPrototypeOf(type)) {
    lineage.unshift(type);
  }
  return lineage.flatMap((type) =>
    Object.hasOwn(type, ROUTES) ? ((type as { [ROUTES]?: RouteMark[] })[ROUTES] ?? []) : [],
  );
}
