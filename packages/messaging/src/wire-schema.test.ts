import { describe, expect, it } from "vitest";
import { z } from "zod";
import { WireSchemas, wireJsonSchema } from "./wire-schema.js";

const Tree = z.object({
  name: z.string(),
  get children() {
    return z.array(Tree);
  },
});

const refusedOnTheWire: Readonly<Record<string, z.ZodType>> = {
  transform: z.string().transform((text) => text.length),
  preprocess: z.preprocess((value) => value, z.string()),
  pipe: z.string().pipe(z.string()),
  coerce: z.coerce.number(),
  refine: z.string().refine(() => false),
  superRefine: z.string().superRefine(() => {}),
  default: z.string().default("x"),
  prefault: z.string().prefault("x"),
  catch: z.string().catch("x"),
  Date: z.date(),
  bigint: z.bigint(),
  Map: z.map(z.string(), z.string()),
  Set: z.set(z.string()),
  undefined: z.undefined(),
  void: z.void(),
  custom: z.custom(() => true),
  trim: z.string().trim(),
  stringbool: z.stringbool(),
  "a URL, which has no pattern": z.url(),
  "a pattern with flags": z.string().regex(/^a$/i),
};

const wrappers: Readonly<Record<string, (schema: z.ZodType) => z.ZodType>> = {
  itself: (schema) => schema,
  optional: (schema) => schema.optional(),
  nullable: (schema) => schema.nullable(),
  "a property": (schema) => z.object({ part: z.object({ deep: schema }) }),
  "an array": (schema) => z.array(schema),
  "a tuple": (schema) => z.tuple([z.string(), schema]),
  "a record": (schema) => z.record(z.string(), schema),
  "a union": (schema) => z.union([z.string(), z.object({ part: schema })]),
  "a catchall": (schema) => z.object({}).catchall(schema),
  "an intersection": (schema) => z.intersection(z.object({}), z.object({ part: schema })),
  "a lazy schema": (schema) => z.lazy(() => schema),
  "a recursive one": (schema) => {
    const Node: z.ZodType = z.object({
      value: schema,
      get next() {
        return Node.optional();
      },
    });
    return Node;
  },
};

describe("a wire schema", () => {
  for (const [what, schema] of Object.entries(refusedOnTheWire)) {
    it.each(Object.keys(wrappers))(`is refused with ${what} in %s`, (wrapper) => {
      const wrapped = wrappers[wrapper]?.(schema) ?? schema;
      expect(() => wireJsonSchema(wrapped, "output", "result of x.y")).toThrow(
        expect.objectContaining({ code: "contract.invalid", message: expect.stringContaining("result of x.y") }),
      );
    });
  }

  it.each<[string, z.ZodType, unknown[], unknown[]]>([
    ["uuid", z.uuid(), ["9f6b4b5e-6d3a-4a55-9b0a-6f1d2b5b8c11"], ["nope", ""]],
    ["email", z.email(), ["a@example.org"], ["a", "@"]],
    ["ipv4", z.ipv4(), ["10.0.0.1"], ["10.0.0", "::1"]],
    ["ipv6", z.ipv6(), ["::1"], ["10.0.0.1"]],
    ["cidr", z.cidrv4(), ["10.0.0.0/8"], ["10.0.0.0"]],
    ["date and time", z.iso.datetime(), ["2030-01-01T00:00:00Z"], ["yesterday", "2030-01-01"]],
    ["int", z.int(), [0, -3], [1.5, "1", 2 ** 60]],
    ["bounds", z.number().gt(3).max(5), [4, 5], [3, 6]],
    ["literal", z.literal(["a", 1, null]), ["a", 1, null], ["b", 2]],
    ["enum", z.enum(["a", "b"]), ["a"], ["c"]],
    ["tuple", z.tuple([z.string(), z.int()]), [["a", 1]], [["a"], ["a", 1, 2], [1, "a"]]],
    ["tuple with rest", z.tuple([z.string()], z.int()), [["a"], ["a", 1, 2]], [[], ["a", "b"]]],
    ["record", z.record(z.string(), z.int()), [{}, { a: 1 }], [{ a: "x" }, []]],
    ["record of an enum", z.record(z.enum(["a", "b"]), z.int()), [{ a: 1, b: 2 }], [{ a: 1 }, { a: 1, b: 2, c: 3 }]],
    ["length", z.string().min(1).max(2), ["a", "ab"], ["", "abc"]],
    ["prefix", z.string().startsWith("a.b"), ["a.bc"], ["aXb"]],
    [
      "discriminated union",
      z.discriminatedUnion("k", [
        z.object({ k: z.literal("a"), x: z.string() }),
        z.object({ k: z.literal("b"), y: z.int() }),
      ]),
      [
        { k: "a", x: "" },
        { k: "b", y: 1 },
      ],
      [{ k: "a", y: 1 }, { k: "c" }, {}],
    ],
    ["recursion", Tree, [{ name: "a", children: [{ name: "b", children: [] }] }], [{ name: "a", children: [{}] }]],
    ["nullable", z.string().nullable(), [null, "a"], [1]],
    ["unknown", z.object({ a: z.unknown() }), [{ a: null }], []],
  ])("accepts and refuses as zod does: %s", (_name, schema, good, bad) => {
    const schemas = new WireSchemas();
    const checks = [schemas.strict(schema, "value"), schemas.open(schema, "value")];
    for (const check of checks) {
      expect(good.map((value) => [schema.safeParse(value).success, check(value)])).toEqual(
        good.map(() => [true, undefined]),
      );
      expect(bad.map((value) => schema.safeParse(value).success)).toEqual(bad.map(() => false));
      expect(bad.filter((value) => check(value) === undefined)).toEqual([]);
    }
  });

  it("checked strictly refuses what it does not name, by name; checked openly it does not", () => {
    const schema = z.object({ part: z.object({ name: z.string() }) });
    const schemas = new WireSchemas();
    const value = { part: { name: "a", extra: 1 } };
    expect(schemas.strict(schema, "arguments of x.y")(value)).toBe(
      'arguments of x.y/part must NOT have additional properties ("extra")',
    );
    expect(schemas.open(schema, "arguments of x.y")(value)).toBeUndefined();
    expect(schemas.strict(schema, "value")(JSON.parse('{"part":{"name":"a"},"__proto__":{}}'))).toContain("__proto__");
  });
});
