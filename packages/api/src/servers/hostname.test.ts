import fc from "fast-check";
import { expect, test } from "vitest";
import { hostnameOf } from "./hostname.js";

const ID = "0c7a1b3e-8f6e-4f0e-9d1c-2b3a4c5d6e7f";

test.each([
  ["web", undefined, "web"],
  ["My web_server", undefined, "my-web-server"],
  ["web", 2, "web-2"],
  ["サーバー", undefined, `server-${ID}`],
  ["-.-", 3, `server-${ID}`],
  ["a.b.c.", undefined, "a.b.c"],
])("the host name of %s, number %s, is %s", (name, index, expected) => {
  expect(hostnameOf(name, ID, index)).toBe(expected);
});

test("whatever the name, the host name is one", () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }), (name, index) => {
      const hostname = hostnameOf(name, ID, index);
      expect(hostname).toMatch(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/);
      expect(hostname.length).toBeLessThanOrEqual(63);
    }),
  );
});
