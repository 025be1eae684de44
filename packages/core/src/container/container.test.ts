import { type Options, objectPath, optionGroup } from "@kilonova/config";
import { isKilonovaError } from "@kilonova/messaging";
import { driver, drivers, inject, Manager, options, type Token, token } from "@kilonova/plugin-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { configurationOf } from "../testing/configuration.js";
import { testFolder } from "../testing/folder.js";
import { installSecondCopy } from "../testing/second-copy.js";
import { Container } from "./container.js";
import { ObjectLoader } from "./object-loader.js";

const WORD: Token<string> = token("core-test-word");

const chainOptions = optionGroup(
  "chain",
  z.object({
    first: objectPath().optional().describe("The first link."),
    second: objectPath().optional().describe("The second link."),
    several: z.array(objectPath()).default([]).describe("Several."),
    word: z.string().default("hello").describe("A word."),
  }),
);

/** Decorates the classes of plain JavaScript files by hand. */
const JAVASCRIPT = `
import { driver, drivers, inject, options, token } from "@kilonova/plugin-api";
const parameters = (type, ...decorators) => decorators.forEach((decorate, index) => decorate(type, undefined, index));
export class Plain { name = "plain"; }
export class Leaf { constructor(word) { this.word = word; } }
parameters(Leaf, inject(token("core-test-word")));
export class Branch { constructor(second) { this.second = second; } }
parameters(Branch, driver("chain.second"));
export class Circular { constructor(first) { this.first = first; } }
parameters(Circular, driver("chain.first"));
export class Throwing { constructor() { throw new Error("no power"); } }
export const instance = { name: "instance" };
export const slow = async (container) => {
  await new Promise((resolve) => setImmediate(resolve));
  return { name: "slow", word: container.resolve(token("core-test-word")) };
};
export const failing = async () => { throw new Error("out of order"); };
export const empty = async () => undefined;
let tries = 0;
export const late = async () => {
  tries += 1;
  if (tries === 1) throw new Error("not yet");
  return { name: "late" };
};
`;

const GROUPED = `
import { driver, optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";
export const grouped = optionGroup("grouped", z.object({ driver: z.string().default("./grouped.mjs#Plain").describe("Who.") }));
export class Plain { name = "plain"; }
export class Asking { constructor(made) { this.made = made; } }
driver("grouped.driver")(Asking, undefined, 0);
`;

let folder: string;
let removeFolder = async () => {};
afterAll(() => removeFolder());

beforeAll(async () => {
  folder = await testFolder({ "objects.mjs": JAVASCRIPT, "grouped.mjs": GROUPED }, (remove) => {
    removeFolder = remove;
  });
  await installSecondCopy(folder);
});

async function containerFor(chain: Record<string, unknown> = {}) {
  const configuration = await configurationOf({ chain }, folder);
  configuration.register(chainOptions);
  const made: object[] = [];
  const container = new Container(configuration, new ObjectLoader(folder), (object) => made.push(object));
  container.register(WORD, "hello");
  return { container, made };
}

class First {
  constructor(@driver("chain.first") readonly first: unknown) {}
}

describe("the container", () => {
  it("gives an object what it asks for by token", async () => {
    const { container } = await containerFor();
    class Asking {
      constructor(@inject(WORD) readonly word: string) {}
    }
    expect((await container.build(Asking)).word).toBe("hello");
  });

  it("makes the drivers of drivers before the one that asks, from classes of a second copy of plugin-api", async () => {
    const { container, made } = await containerFor({ first: "./objects.mjs#Branch", second: "./objects.mjs#Leaf" });
    const object = await container.build(First);
    expect(object.first).toMatchObject({ second: { word: "hello" } });
    expect(made.map((each) => each.constructor.name)).toEqual(["Leaf", "Branch", "First"]);
  });

  it("makes one object per driver option, and another for each service", async () => {
    const { container } = await containerFor({ first: "./objects.mjs#Plain" });
    const one = await container.build(First);
    expect((await container.build(First)).first).toBe(one.first);
    expect((await container.child().build(First)).first).not.toBe(one.first);
  });

  it("gives a list of drivers in the order of the option", async () => {
    const { container } = await containerFor({ several: ["./objects.mjs#instance", "./objects.mjs#Plain"] });
    class Several {
      constructor(@drivers("chain.several") readonly several: readonly { name: string }[]) {}
    }
    expect((await container.build(Several)).several.map(({ name }) => name)).toEqual(["instance", "plain"]);
  });

  it("waits for what a factory makes, and hands the object itself on", async () => {
    const { container } = await containerFor({ first: "./objects.mjs#slow" });
    expect((await container.build(First)).first).toEqual({ name: "slow", word: "hello" });
  });

  it("takes a module for an object where no kind is asked for", async () => {
    const { container } = await containerFor({ first: "./objects.mjs" });
    expect((await container.build(First)).first).toHaveProperty("instance.name", "instance");
  });

  it("names the links of a circle", async () => {
    const { container } = await containerFor({ first: "./objects.mjs#Branch", second: "./objects.mjs#Circular" });
    const error = await container.build(First).catch((thrown) => thrown);
    expect(isKilonovaError(error, "object.cycle")).toBe(true);
    expect(error.message).toContain("chain.first -> Branch -> chain.second -> Circular -> chain.first");
  });

  it("tries a driver that could not be made again the next time", async () => {
    const { container } = await containerFor({ first: "./objects.mjs#late" });
    await expect(container.build(First)).rejects.toThrow("not yet");
    expect((await container.build(First)).first).toEqual({ name: "late" });
  });

  it.each([
    ["#failing", "object.failed", "option chain.first: the factory ./objects.mjs#failing failed: out of order"],
    ["#empty", "object.failed", "option chain.first: the factory ./objects.mjs#empty failed: it returned nothing"],
    ["#Throwing", "object.failed", "#Throwing could not be made: no power"],
    ["#nothing", "object.notFound", "./objects.mjs#nothing leads nowhere: the module exports"],
  ] as const)("says what is wrong with %s", async (name, code, words) => {
    const { container } = await containerFor({ first: `./objects.mjs${name}` });
    const error = await container.build(First).catch((thrown) => thrown);
    expect(isKilonovaError(error, code)).toBe(true);
    expect(error.message).toContain(words);
  });

  it("says which option has no path", async () => {
    const { container } = await containerFor();
    await expect(container.build(First)).rejects.toThrow(
      "option chain.first: expected an object path, received a value of type undefined.",
    );
  });

  it("names a token that nobody registered, with class and parameter", async () => {
    const { container } = await containerFor();
    class Asking {
      constructor(
        @inject(WORD) readonly word: string,
        @inject(token("core-test-nothing")) readonly nothing: unknown,
      ) {}
    }
    await expect(container.build(Asking)).rejects.toThrow(
      "Asking asks for core-test-nothing in parameter 2 of its constructor, which nobody registered.",
    );
  });

  it("names a parameter that does not say what it is", async () => {
    const { container } = await containerFor();
    class Forgetful {
      constructor(
        readonly forgotten: string,
        @inject(WORD) readonly word: string,
      ) {}
    }
    class Heir extends Forgetful {}
    class AllForgotten {
      constructor(readonly forgotten: string) {}
    }
    const words = (name: string, parameter: number) =>
      `${name} does not say by one @inject, @options or @driver what parameter ${parameter} of its constructor is.`;
    await expect(container.build(Forgetful)).rejects.toThrow(words("Forgetful", 1));
    await expect(container.build(Heir)).rejects.toThrow(words("Forgetful", 1));
    await expect(container.build(AllForgotten)).rejects.toThrow(words("AllForgotten", 1));
  });

  it("leaves a trailing parameter its default", async () => {
    const { container } = await containerFor();
    class Patient {
      constructor(
        @inject(WORD) readonly word: string,
        readonly patience = 3,
      ) {}
    }
    expect(await container.build(Patient)).toEqual({ word: "hello", patience: 3 });
  });

  it("builds a class without a constructor as its nearest ancestor asks, and no other", async () => {
    const { container } = await containerFor();
    class Grandparent {
      constructor(@inject(token("core-test-nothing")) readonly nothing: unknown) {}
    }
    class Parent extends Grandparent {
      constructor(
        @inject(WORD) readonly word: string,
        @options(chainOptions) readonly settings: Options<typeof chainOptions>,
      ) {
        super(undefined);
      }
    }
    class Child extends Parent {}
    const child = await container.build(Child);
    expect([child.word, child.settings.word]).toEqual(["hello", "hello"]);
  });

  it("builds a manager that has no constructor", async () => {
    const { container } = await containerFor();
    class Simple extends Manager {}
    expect(await container.build(Simple)).toBeInstanceOf(Manager);
  });

  it("declares the options of a class before it looks its drivers up, in whatever order they stand", async () => {
    const lateOptions = optionGroup("late", z.object({ driver: objectPath().describe("Who.") }));
    class LateAsking {
      constructor(
        @driver("late.driver") readonly made: { readonly name: string },
        @options(lateOptions) readonly settings: Options<typeof lateOptions>,
      ) {}
    }
    const configuration = await configurationOf({ late: { driver: "./objects.mjs#Plain" } }, folder);
    const container = new Container(configuration, new ObjectLoader(folder));
    expect((await container.build(LateAsking)).made.name).toBe("plain");
  });

  it("declares the option groups that a loaded module exports", async () => {
    const configuration = await configurationOf({}, folder);
    const container = new Container(configuration, new ObjectLoader(folder));
    expect(await container.load("./grouped.mjs#Asking", "a test")).toMatchObject({ made: { name: "plain" } });
    expect(configuration.lookUp("grouped.driver").value).toBe("./grouped.mjs#Plain");
  });
});
