import { z } from "zod";
import { WireSchemas, wireJsonSchema } from "./dist/index.js";

const cases = {
  uuid: [z.uuid(), "x", crypto.randomUUID()],
  email: [z.email(), "x", "a@b.cc"],
  url: [z.url(), "nope", "http://x"],
  ipv4: [z.ipv4(), "x", "1.2.3.4"],
  ipv6: [z.ipv6(), "x", "::1"],
  cidr: [z.cidrv4(), "x", "10.0.0.0/8"],
  cidr6: [z.cidrv6(), "x", "::/8"],
  mac: z.mac && [z.mac(), "x", "aa:bb:cc:dd:ee:ff"],
  dt: [z.iso.datetime(), "x", new Date().toISOString()],
  date: [z.iso.date(), "2020-13-99", "2020-01-01"],
  b64: [z.base64(), "%%%", "aGk="],
  jwt: [z.jwt(), "x"],
  tuple: [z.tuple([z.string(), z.number()]), ["a"], ["a", 1]],
  tupleRest: [z.tuple([z.string()], z.number()), ["a", "b"], ["a", 1, 2]],
  tupleLong: [z.tuple([z.string()]), ["a", "b"], ["a"]],
  int: [z.int(), 1.5, 3],
  gt: [z.number().gt(3), 3, 4],
  lit: [z.literal(["a", 1, null]), "b", null],
  en: [z.enum(["a", "b"]), "c", "a"],
  rec: [z.record(z.string(), z.number()), { a: "x" }, { a: 1 }],
  recEnum: [z.record(z.enum(["a", "b"]), z.number()), { a: 1 }, { a: 1, b: 2 }],
  precEnum: [z.partialRecord(z.enum(["a", "b"]), z.number()), { c: 1 }, { a: 1 }],
  du: [
    z.discriminatedUnion("k", [
      z.object({ k: z.literal("a"), x: z.string() }),
      z.object({ k: z.literal("b"), y: z.number() }),
    ]),
    { k: "a", y: 1 },
    { k: "b", y: 1 },
  ],
  inter: [z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })), { a: "1" }, { a: "1", b: "2" }],
  tl: [z.templateLiteral(["a-", z.int()]), "b", "a-3"],
  nul: [z.string().nullable(), 3, null],
  unknown: [z.object({ a: z.unknown() }), {}, { a: null }],
  voidd: [z.void(), 3, undefined],
  never: [z.never(), 3],
  icase: [z.string().regex(/^a$/i), "b", "A"],
  uflag: [z.string().regex(/^\p{L}$/u), "1", "é"],
  trim: [z.string().trim(), " a ", "a"],
  max: [z.string().max(2), "abc", "ab"],
  starts: [z.string().startsWith("a.b"), "aXb", "a.bc"],
  inc: [z.string().includes("a+"), "aa", "a+"],
  loose: [z.looseObject({ a: z.string() }), { a: 1 }, { a: "", b: 1 }],
  strict: [z.strictObject({ a: z.string() }), { a: "", b: 1 }, { a: "" }],
  catchall: [z.object({}).catchall(z.number()), { a: "x" }, { a: 1 }],
  nonopt: [z.string().optional(), 3, "a"],
  exact: z.exactOptional && [z.object({ a: z.exactOptional(z.string()) }), { a: 1 }, {}],
  readonly: [z.array(z.string()).readonly(), [1], ["a"]],
  arrmin: [z.array(z.string()).min(1), [], ["a"]],
  json: [z.json(), undefined, { a: [1] }],
  bool: [z.boolean(), 0, true],
  stringbool: [z.stringbool(), "x"],
  coerce: [z.coerce.number(), "x"],
  pre: [z.preprocess((x) => x, z.string()), 1],
  codec: z.codec && [z.codec(z.string(), z.number(), { decode: Number, encode: String }), "1"],
  multi: [z.number().multipleOf(5), 3, 10],
  hex: z.hex && [z.hex(), "zz", "ab"],
  e164: [z.e164(), "x", "+4912345678"],
  emoji: [z.emoji(), "x", "😀"],
  num: [z.number(), "1", 1.5],
  hostname: z.hostname && [z.hostname(), "a b", "a.b"],
  lower: [z.string().lowercase(), "A", "a"],
  nanoid: [z.nanoid(), "x"],
  ulid: [z.ulid(), "x"],
  check: [z.string().check(z.refine(() => false)), "x"],
  xor: z.xor && [z.xor([z.object({ a: z.string() }), z.object({ b: z.string() })]), { a: "1", b: "2" }, { a: "1" }],
};
const Tree = z.object({
  name: z.string(),
  get kids() {
    return z.array(Tree);
  },
});
cases.tree = [Tree, { name: "x", kids: [{}] }, { name: "x", kids: [{ name: "y", kids: [] }] }];
const meta = z.string().meta({ id: "Foo", title: "t", description: "d", examples: ["a"] });
cases.metaId = [z.object({ a: meta, b: meta }), { a: 1, b: 1 }, { a: "", b: "" }];
const w = new WireSchemas();
for (const [n, c] of Object.entries(cases)) {
  if (!c) continue;
  const [s, bad, good] = c;
  try {
    const j = wireJsonSchema(s, "output", n);
    const st = w.strict(s, n),
      op = w.open(s, n);
    const zb = s.safeParse(bad).success,
      sb = st(bad) === undefined,
      zg = good === undefined ? undefined : s.safeParse(good).success,
      sg = good === undefined ? undefined : st(good) === undefined,
      og = good === undefined ? undefined : op(good) === undefined;
    const flag = zb !== sb || zg !== sg || zg !== og ? "DIFF " : "ok   ";
    console.log(flag, n, { zb, sb, zg, sg, og }, flag.startsWith("D") ? JSON.stringify(j) : "");
  } catch (e) {
    console.log("REF  ", n, e.message.slice(0, 140));
  }
}
