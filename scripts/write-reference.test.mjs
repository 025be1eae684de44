import { describe, expect, it } from "vitest";
import { methodComments } from "./lib/method-comments.mjs";
import { notificationsPage, optionsPage } from "./lib/reference-pages.mjs";

const option = {
  group: "example",
  option: "every",
  description: "How often.",
  type: "duration (250ms, 10s, 5m, 2h, 1d, or seconds)",
  default: "10s",
  required: false,
  secret: false,
  mutable: true,
  deprecatedNames: ["period"],
  variable: "KILONOVA_EXAMPLE__EVERY",
};

describe("the page of options", () => {
  const textOf = (changes) => optionsPage([{ title: "In the box", options: [{ ...option, ...changes }] }]);

  it("says of each what it is, what it is where nobody sets it, and by what names it is set", () => {
    const text = textOf({});
    expect(text).toContain("\n## In the box\n\n### example\n\n**`example.every`**: How often.\n");
    expect(text).toContain('\n- duration; default `"10s"`; mutable; formerly `period`\n');
    expect(text).toContain("\n- `--example.every`, `KILONOVA_EXAMPLE__EVERY`\n");
  });

  it("shows no secret and nothing of the machine it is written on", () => {
    expect(textOf({ secret: true, default: "***" })).toContain("default not shown; secret");
    expect(textOf({ default: undefined, defaultText: "its name" })).toContain("default its name;");
    expect(textOf({ default: undefined })).toContain("default none;");
    expect(textOf({ required: true })).toContain("duration; required;");
  });
});

it("the page of notifications says of each what is told, in the order of their names", () => {
  const string = (isOptional) => ({ def: { type: "string" }, safeParse: () => ({ success: isOptional }) });
  const object = (shape) => ({ def: { type: "object" }, shape, safeParse: () => ({ success: false }) });
  const payload = object({ id: string(false), fault: object({ code: string(false), details: string(true) }) });
  const text = notificationsPage([
    { eventType: "b.end", version: "1.1", payload, description: "It ended." },
    { eventType: "a.end", version: "1.0", payload: object({}), description: "Nothing." },
  ]);
  expect(text).toContain(
    "\n**`b.end`**: It ended.\n- version 1.1\n- payload: `id`, `fault`\n- `fault`: `code`, `details?`\n",
  );
  expect(text.indexOf("a.end")).toBeLessThan(text.indexOf("b.end"));
});

it("finds the comments of methods in the sources of contracts", () => {
  const source = `
    /** Not a method's. */
    const step = {};
    export const one = rpcContract("one", "1.0", {
      /** Greets. */
      greet: method({}),
      plain: method({}),
      /**
       * Renames it,
       * whatever it is.
       */
      rename: method({ args: z.object({ /** Its name. */ name: z.string() }) }),
    });
    export const two = rpcContract(
      "two", "1.0", {
      /** Greets too. */
      greet: method({}),
    });`;
  expect([...methodComments([source])]).toEqual([
    ["one.greet", "Greets."],
    ["one.rename", "Renames it, whatever it is."],
    ["two.greet", "Greets too."],
  ]);
});
