import type { z } from "zod";
import type { ApiFault } from "./api-fault.js";
import { type ByVersion, compiledByVersion, isByVersion, type Versioned } from "./by-version.js";
import { CompiledRange, Microversion } from "./microversion.js";
import { type AnyReply, type RouteMark, type RouteRequest, type RouteSpec, routesOf } from "./route.js";
import { type SchemaCheck, SchemaCompiler } from "./schema-check.js";
import type { WebService } from "./web-service.js";

/** One route made ready: its checkers compiled, its handler bound. */
export interface CompiledRoute {
  readonly spec: RouteSpec;
  readonly range: CompiledRange;
  readonly params: SchemaCheck | undefined;
  readonly query: Versioned<SchemaCheck>;
  readonly body: Versioned<SchemaCheck> | undefined;
  readonly replies: ReadonlyMap<number, Versioned<(value: unknown) => string | undefined> | undefined>;
  readonly handle: (request: RouteRequest) => Promise<AnyReply | ApiFault>;
}

/** All routes of one method and path: the version, and where they are actions the body, says which it is. */
export interface RouteGroup {
  readonly method: RouteSpec["method"];
  readonly path: string;
  /** Every one is public, so that nobody need be asked who he is. */
  readonly isPublic: boolean;
  readonly bodyStream: boolean;
  readonly mediaTypes: ReadonlySet<string>;
  readonly bodyLimit: number | undefined;
  /** By action; under the empty name those that are none. */
  readonly byAction: ReadonlyMap<string, readonly CompiledRoute[]>;
}

/**
 * The routes of a web service, checked and compiled.
 *
 * @throws TypeError for a mistake in the program: two routes that cannot be told apart, a rule that the web service does
 *   not have, versions where it has no microversions, a schema that is no wire schema
 */
export function compileRoutes(service: WebService): readonly RouteGroup[] {
  const compiler = new SchemaCompiler();
  const marks = service.controllers.flatMap((controller) => {
    const found = routesOf(controller);
    if (found.length === 0) throw new TypeError(`${service.name}: ${controller.constructor.name} has no routes`);
    return found.map((mark) => ({ controller, mark }));
  });
  const groups = new Map<string, CompiledRoute[]>();
  for (const { controller, mark } of marks) {
    checkSpec(service, mark.spec);
    const compiled = compileRoute(compiler, service, controller, mark);
    const key = `${mark.spec.method} ${mark.spec.path.replace(/\{[^}]*\}/g, "{}")}`;
    const others = groups.get(key) ?? [];
    for (const other of others) checkDistinct(service, compiled, other);
    groups.set(key, [...others, compiled]);
  }
  return [...groups.values()].map((routes) => groupOf(service, routes));
}

function compileRoute(
  compiler: SchemaCompiler,
  service: WebService,
  controller: object,
  { spec, method }: RouteMark,
): CompiledRoute {
  const what = `${service.name} ${nameOf(spec)}`;
  const handler = (controller as Record<string, unknown>)[method];
  if (typeof handler !== "function")
    throw new TypeError(`${what}: ${controller.constructor.name}.${method} is no method`);
  return {
    spec,
    range: new CompiledRange(spec.versions),
    params: spec.params && compiler.params(spec.params, `parameters of ${what}`),
    query: spec.query
      ? compiledByVersion<z.ZodObject, SchemaCheck>(spec.query, (schema) => compiler.query(schema, `query of ${what}`))
      : () => undefined,
    body: spec.body
      ? compiledByVersion<z.ZodType, SchemaCheck>(spec.body, (schema) => compiler.body(schema, `body of ${what}`))
      : undefined,
    replies: new Map(
      Object.entries(spec.replies).map(([status, schema]) => [
        Number(status),
        schema === null || schema === "bytes"
          ? undefined
          : compiledByVersion<z.ZodType, (value: unknown) => string | undefined>(schema, (one) =>
              compiler.reply(one, `reply of ${what}`),
            ),
      ]),
    ),
    handle: handler.bind(controller) as CompiledRoute["handle"],
  };
}

/** Rules that need not be declared. */
export const BUILT_IN_POLICIES: ReadonlySet<string> = new Set(["public", "authenticated"]);

function checkSpec(service: WebService, spec: RouteSpec): void {
  const what = `${service.name} ${nameOf(spec)}`;
  if (!/^\/(?:[^{}]|\{[a-z][a-z0-9_]*\})*$/.test(spec.path)) throw new TypeError(`${what}: the path is malformed`);
  if (!service.microversions && (spec.versions || isByVersion(spec.body as ByVersion<unknown> | undefined))) {
    throw new TypeError(`${what} speaks of versions, the web service has none`);
  }
  if (spec.action !== undefined && (spec.method !== "POST" || !spec.body))
    throw new TypeError(`${what}: an action is a POST with a body`);
  if (spec.bodyStream && spec.body) throw new TypeError(`${what}: a body is a stream or has a schema`);
  for (const name of [spec.policy, ...(spec.policies ?? [])]) {
    if (BUILT_IN_POLICIES.has(name) || Object.hasOwn(service.policies, name)) continue;
    throw new TypeError(`${what}: the web service has no policy "${name}"`);
  }
}

function checkDistinct(service: WebService, one: CompiledRoute, other: CompiledRoute): void {
  if (one.spec.action === other.spec.action && one.range.overlaps(other.range)) {
    throw new TypeError(
      `${service.name} ${nameOf(one.spec)} is declared twice for versions ${one.range} and ${other.range}`,
    );
  }
  const parameters = (spec: RouteSpec) => spec.path;
  if (parameters(one.spec) !== parameters(other.spec)) {
    throw new TypeError(
      `${service.name}: ${one.spec.path} and ${other.spec.path} are one path, name its parameters alike`,
    );
  }
}

function groupOf(service: WebService, routes: readonly CompiledRoute[]): RouteGroup {
  const [first] = routes;
  if (!first) throw new TypeError(`${service.name}: a group without routes`);
  const byAction = new Map<string, CompiledRoute[]>();
  for (const one of routes) {
    const name = one.spec.action ?? "";
    byAction.set(name, [...(byAction.get(name) ?? []), one]);
  }
  const bodyStream = first.spec.bodyStream === true;
  const isPublic = first.spec.policy === "public";
  if (routes.some(({ spec }) => (spec.bodyStream === true) !== bodyStream || (spec.policy === "public") !== isPublic)) {
    throw new TypeError(`${service.name} ${nameOf(first.spec)}: all of a path are public, or take a stream, or none`);
  }
  const limits = routes.flatMap(({ spec }) => spec.bodyLimit ?? []);
  return {
    method: first.spec.method,
    path: first.spec.path,
    isPublic,
    bodyStream,
    mediaTypes: new Set(
      routes.flatMap(({ spec }) => spec.mediaTypes ?? [bodyStream ? "application/octet-stream" : "application/json"]),
    ),
    bodyLimit: limits.length === 0 ? undefined : Math.max(...limits),
    byAction,
  };
}

function nameOf({ method, path, action }: RouteSpec): string {
  return `${method} ${path}${action === undefined ? "" : ` ${action}`}`;
}

/** The route of a group that answers a version; undefined where none does. */
export function routeAt(routes: readonly CompiledRoute[], version: Microversion): CompiledRoute | undefined {
  return routes.find(({ range }) => range.holds(version));
}
