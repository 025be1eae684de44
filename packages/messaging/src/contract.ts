import type { Duration } from "@kilonova/config";
import { z } from "zod";
import { KilonovaError } from "./kilonova-error.js";
import type { Outcome } from "./outcome.js";
import type { RequestContext } from "./request-context.js";
import { markOffence, marksOf } from "./since.js";
import { TOPIC, TOPIC_WORDS } from "./topic.js";
import { parseVersion, type Version } from "./version.js";
import { assertWireSchema } from "./wire-schema.js";

const RPC_CONTRACT = Symbol.for("kilonova.rpcContract");

/** What a contract says of one method. All schemas are wire schemas: no transform, coerce, refine, default or Date. */
export interface MethodSpec {
  /** The arguments, one object. */
  readonly args?: z.ZodObject;
  /** What comes back. None: nothing does, and the method may be cast. */
  readonly result?: z.ZodType;
  /** What a caller must expect to be told instead, by name, with its details. */
  readonly refusals?: Readonly<Record<string, z.ZodObject>>;
  /** How long a call may take where the caller does not say. 60 s where the contract does not. */
  readonly deadline?: Duration;
  /** A call that may well outlast its peers' patience: whoever works on it beats, and its death is noticed early. */
  readonly long?: boolean;
  /**
   * What a sender may ask that is bound to a host, as a compute is: with `{ argument }`, what concerns that host, whose
   * name must stand there (`host`, `node.host`); with `"handler"`, what the handler finds to be that host's by
   * `context.sender`. Nothing where the contract does not say.
   */
  readonly fromHost?: { readonly argument: string } | "handler";
  /** The version of the contract that brought the method. */
  readonly since?: Version;
}

/** The methods of a contract by name. */
export type MethodSpecs = Readonly<Record<string, MethodSpec>>;

/** What a service answers, as one value: types, checks, clients and pages all come from it. */
export interface RpcContract<Name extends string = string, Methods extends MethodSpecs = MethodSpecs> {
  readonly [RPC_CONTRACT]: 1;
  readonly name: Name;
  readonly version: Version;
  /** Where it is served: the contract's name unless it shares another's topic. */
  readonly topic: string;
  readonly methods: Methods;
}

export type MethodName<Contract extends RpcContract> = keyof Contract["methods"] & string;

type SpecOf<Contract extends RpcContract, Method extends MethodName<Contract>> = Contract["methods"][Method];

/** The arguments of a method. */
export type Args<Contract extends RpcContract, Method extends MethodName<Contract>> =
  SpecOf<Contract, Method> extends { readonly args: infer Schema extends z.ZodObject }
    ? z.output<Schema>
    : Readonly<Record<never, never>>;

type Value<Spec extends MethodSpec> = Spec extends { readonly result: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : Awaited<Promise<void>>;

/**
 * What a method answers: the value itself where the contract declares no refusals, else an {@link Outcome} that the
 * caller has to look at.
 */
export type Result<Contract extends RpcContract, Method extends MethodName<Contract>> =
  SpecOf<Contract, Method> extends { readonly refusals: infer Refusals extends Readonly<Record<string, z.ZodObject>> }
    ? Outcome<Value<SpecOf<Contract, Method>>, { readonly [Name in keyof Refusals & string]: z.output<Refusals[Name]> }>
    : Value<SpecOf<Contract, Method>>;

/** The shape of a class that answers a contract: `class ExampleManager extends Manager implements Handlers<Example>`. */
export type Handlers<Contract extends RpcContract> = {
  readonly [Method in MethodName<Contract>]: (
    context: RequestContext,
    args: Args<Contract, Method>,
  ) => Promise<Result<Contract, Method>>;
};

/** Declares one method. Generic over the whole of it, so that nothing is widened. */
export function method<const Spec extends MethodSpec>(spec: Spec): Spec {
  return spec;
}

/**
 * Declares a contract.
 *
 * @param version the newest version of anything in it; raise the minor with each addition
 * @throws KilonovaError `contract.invalid` where a name is none, a `since` is above the contract's own version or of another
 *   major, stands where nothing can be left out, or at a required property of a result that is newer than its method; or
 *   a schema is no wire schema
 */
export function rpcContract<const Name extends string, const Methods extends MethodSpecs>(
  name: Name,
  version: Version,
  methods: Methods,
  options: { readonly topic?: string } = {},
): RpcContract<Name, Methods> {
  const { topic = name } = options;
  checkNames(name, topic, methods);
  for (const [methodName, spec] of Object.entries(methods)) {
    checkFromHost(name, methodName, spec);
    checkSchemas(name, methodName, spec);
    checkSince(name, version, methodName, spec);
  }
  return Object.freeze({ [RPC_CONTRACT]: 1 as const, name, version, topic, methods });
}

/** True for a contract made by this or any other copy of this package. */
export function isRpcContract(value: unknown): value is RpcContract {
  return typeof value === "object" && value !== null && Object.hasOwn(value, RPC_CONTRACT);
}

/** The schema of a refusal's details; undefined where the method declares none of that name. */
export function refusalSchema({ refusals }: MethodSpec, name: string): z.ZodObject | undefined {
  return refusals && Object.hasOwn(refusals, name) ? refusals[name] : undefined;
}

/** In camelCase here; services in Python have underscores. */
const NAME = /^[a-z][A-Za-z0-9_]{0,62}$/;

function checkNames(name: string, topic: string, methods: MethodSpecs): void {
  const wrong = (what: string) =>
    new KilonovaError(
      "contract.invalid",
      `${what}: a name is a lower-case letter, then letters, digits and "_", 63 at most.`,
    );
  if (!NAME.test(name)) throw wrong(`Contract "${name}"`);
  if (!TOPIC.test(topic)) {
    throw new KilonovaError("contract.invalid", `Contract ${name}: topic "${topic}" must be ${TOPIC_WORDS}.`);
  }
  for (const method of Object.keys(methods)) {
    if (!NAME.test(method) || method in Object.prototype) throw wrong(`Method "${method}" of ${name}`);
  }
}

/** Every schema of a method must be one that the wire can carry. */
function checkSchemas(name: string, methodName: string, spec: MethodSpec): void {
  for (const { schema, part } of schemasOf(spec)) assertWireSchema(schema, `${part} of ${name}.${methodName}`);
}

/** One that names no argument would let nobody in, and nobody would know why. */
function checkFromHost(name: string, methodName: string, { args, fromHost }: MethodSpec): void {
  if (fromHost === undefined || fromHost === "handler") return;
  const [first = "", ...inner] = fromHost.argument.split(".");
  let schema: unknown = args?.shape[first];
  for (const part of inner) schema = schema instanceof z.ZodObject ? schema.shape[part] : undefined;
  if (schema instanceof z.ZodType) return;
  throw new KilonovaError(
    "contract.invalid",
    `${name}.${methodName} names by fromHost an argument ${fromHost.argument}, which it does not have.`,
  );
}

/** What a method's schemas say of versions: what comes back must make sense to whoever knows the method. */
function checkSince(name: string, version: Version, methodName: string, spec: MethodSpec): void {
  const method = `${name}.${methodName}`;
  const [major, minor] = parseVersion(version);
  const base = spec.since ?? (`${major}.0` as Version);
  for (const mark of [base, ...schemasOf(spec).flatMap(({ schema }) => marksOf(schema))]) {
    const [markMajor, markMinor] = parseVersion(mark);
    if (markMajor === major && markMinor <= minor) continue;
    throw new KilonovaError(
      "contract.invalid",
      `${method} says it came with version ${mark}, the contract is at ${version}: raise the contract's version.`,
    );
  }
  for (const { schema, part } of schemasOf(spec)) {
    const offence = markOffence(schema, schema === spec.args ? undefined : base);
    if (offence) throw new KilonovaError("contract.invalid", `${part} of ${method}: ${offence}.`);
  }
}

/** The schemas of a method, with what each is. */
function schemasOf({ args, result, refusals = {} }: MethodSpec): { schema: z.ZodType; part: string }[] {
  return [
    ...(args ? [{ schema: args, part: "arguments" }] : []),
    ...(result ? [{ schema: result, part: "result" }] : []),
    ...Object.entries(refusals).map(([refusal, schema]) => ({ schema, part: `refusal ${refusal}` })),
  ];
}
