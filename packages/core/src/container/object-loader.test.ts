import { isKilonovaError } from "@kilonova/messaging";
import { pluginTagOf } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { testFolder } from "../testing/folder.js";
import { installSecondCopy } from "../testing/second-copy.js";
import { ObjectLoader } from "./object-loader.js";

const tagged = (kind: string) => `{ static [Symbol.for("kilonova.plugin")] = { kind: "${kind}", version: 1 }; }`;

async function plugin(files: Record<string, string>, exports: unknown = { import: "./index.js" }) {
  const folder = await testFolder({
    "node_modules/some-plugin/package.json": JSON.stringify({
      name: "some-plugin",
      version: "1.2.0",
      type: "module",
      exports,
    }),
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`node_modules/some-plugin/${name}`, text])),
  });
  return { folder, loader: new ObjectLoader(folder) };
}

async function failure(loading: Promise<unknown>, code: "object.notFound" | "object.wrongKind" | "object.failed") {
  const error = await loading.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(isKilonovaError(error, code), String(error)).toBe(true);
  return String(error.message);
}

describe("an object path", () => {
  it("leads into a package installed beside the configuration, even one that only exports to `import`", async () => {
    const { loader } = await plugin({ "index.js": "export class Thing {}" });
    const { value } = await loader.load("some-plugin#Thing", "option a.b");
    expect(value).toHaveProperty("name", "Thing");
  });

  it("leads to a subpath of a package", async () => {
    const { loader } = await plugin({ "deep.js": "export const thing = 1;" }, { "./parts/*": { import: "./*.js" } });
    expect((await loader.load("some-plugin/parts/deep#thing", "option a.b")).value).toBe(1);
  });

  it("prefers what is beside the configuration to what is in the box", async () => {
    const folder = await testFolder();
    await installSecondCopy(folder);
    const { value } = await new ObjectLoader(folder).load("@kilonova/plugin-api#pluginTagOf", "option a.b");
    expect(value).toHaveProperty("name", "pluginTagOf");
    expect(value).not.toBe(pluginTagOf);
  });

  it("leads to a package in the box where there is none beside the configuration", async () => {
    const { value } = await new ObjectLoader(await testFolder()).load(
      "@kilonova/messaging#MemoryTransport",
      "x",
      "transport",
    );
    expect(pluginTagOf(value)).toEqual({ kind: "transport", version: 1 });
  });

  it("is found beside the places given", async () => {
    const { folder } = await plugin({ "index.js": "export const thing = 2;" });
    const loader = new ObjectLoader(await testFolder(), [`file://${folder}/program.js`]);
    expect((await loader.load("some-plugin#thing", "option a.b")).value).toBe(2);
  });

  it("leads to a file, relative to the configuration's folder", async () => {
    const folder = await testFolder({ "sub/thing.mjs": "export const thing = 3;" });
    expect((await new ObjectLoader(folder).load("./sub/thing.mjs#thing", "option a.b")).value).toBe(3);
    expect((await new ObjectLoader("/").load(`${folder}/sub/thing.mjs#thing`, "option a.b")).value).toBe(3);
  });

  it("says where what it leads to comes from, the same wherever the package lies", async () => {
    const { loader, folder } = await plugin({ "index.js": "export const thing = 2;" });
    const beside = await loader.load("some-plugin#thing", "option a.b");
    const elsewhere = new ObjectLoader(await testFolder(), [`file://${folder}/program.js`]);
    const boxed = await elsewhere.load("some-plugin#thing", "option a.b");
    expect([beside.origin, boxed.origin]).toEqual(["some-plugin 1.2.0", "some-plugin 1.2.0"]);
    expect(beside.title).not.toBe(boxed.title);
    const file = new ObjectLoader(await testFolder({ "thing.mjs": "export const thing = 3;" }));
    expect((await file.load("./thing.mjs#thing", "option a.b")).origin).toBe("./thing.mjs#thing");
  });

  it("without a name leads to the one export of the right kind", async () => {
    const { loader } = await plugin({
      "index.js": `class A ${tagged("filter")}; class B ${tagged("weigher")}; export { A, A as Again, B };`,
    });
    expect((await loader.load("some-plugin", "option a.b", "filter")).value).toHaveProperty("name", "A");
  });
});

describe("an object path that is wrong", () => {
  it("names a package that is not installed, and how to install it", async () => {
    const folder = await testFolder();
    const words = await failure(new ObjectLoader(folder).load("@some/plugin/part#X", "option a.b"), "object.notFound");
    expect(words).toBe(
      `option a.b: package @some/plugin (from @some/plugin/part#X) is not installed beside the configuration (${folder}); run npm install @some/plugin there.`,
    );
  });

  it("says what the module exports where the name is not among it", async () => {
    const { loader } = await plugin({ "index.js": "export class Thing {}; export const other = 1;" });
    const words = await failure(loader.load("some-plugin#Thin", "option a.b"), "object.notFound");
    expect(words).toContain(
      "option a.b: some-plugin#Thin of some-plugin 1.2.0 (beside the configuration) leads nowhere",
    );
    expect(words).toContain("Thing");
    expect(words).toContain("other");
  });

  it("names a file that is not there", async () => {
    const folder = await testFolder();
    const words = await failure(new ObjectLoader(folder).load("./nothing.js#X", "option a.b"), "object.notFound");
    expect(words).toBe(`option a.b: ./nothing.js#X leads nowhere: there is no file ${folder}/nothing.js.`);
  });

  it("names a file that a package promises and does not have", async () => {
    const { loader } = await plugin({});
    expect(await failure(loader.load("some-plugin#X", "option a.b"), "object.notFound")).toContain("index.js");
  });

  it("says so where the package does not export the subpath", async () => {
    const { loader } = await plugin({ "index.js": "" });
    expect(await failure(loader.load("some-plugin/hidden#X", "option a.b"), "object.notFound")).toContain(
      "some-plugin/hidden#X",
    );
  });

  it("says so where the text is no path at all", async () => {
    const loader = new ObjectLoader("/");
    expect(await failure(loader.load("What is this?", "option a.b"), "object.notFound")).toContain(
      '"What is this?" is no object path',
    );
  });

  it.each([
    ["class Plain {}", "class Plain, which is no plugin"],
    [`class Weigher ${tagged("weigher")}`, "a weigher"],
    ["const Plain = 7", "a value of type number"],
    ["const Plain = null", "null"],
  ])("says what was expected and received: %s", async (code, received) => {
    const { loader } = await plugin({ "index.js": `export ${code}` });
    const name = /(Plain|Weigher)/.exec(code)?.[0];
    const words = await failure(
      loader.load(`some-plugin#${name}`, "option scheduler.filters", "filter"),
      "object.wrongKind",
    );
    expect(words).toBe(
      `option scheduler.filters: some-plugin#${name} of some-plugin 1.2.0 (beside the configuration): expected a filter, received ${received}.`,
    );
  });

  it("asks which, where several exports would do, and says so where none does", async () => {
    const { loader } = await plugin({
      "index.js": `export class A ${tagged("filter")}; export class B ${tagged("filter")}`,
    });
    expect(await failure(loader.load("some-plugin", "option a.b", "filter"), "object.wrongKind")).toContain(
      "expected one export that is a filter, received A and B: say which by #name.",
    );
    expect(await failure(loader.load("some-plugin", "option a.b", "weigher"), "object.wrongKind")).toContain(
      "received none.",
    );
  });

  it("passes on what a module throws while it loads, with the option and the path", async () => {
    const { loader } = await plugin({ "index.js": "throw new Error('broken at load')" });
    expect(await failure(loader.load("some-plugin#X", "option a.b"), "object.failed")).toBe(
      "option a.b: some-plugin#X of some-plugin 1.2.0 (beside the configuration) could not be loaded: broken at load",
    );
  });
});
