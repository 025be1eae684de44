import { expect, test } from "vitest";
import { openFernet, sealFernet } from "./fernet.js";

// From the specification's own generate.json, verify.json and invalid.json.
const key = Buffer.from("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=", "base64url");
const token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
const instant = Date.parse("1985-10-26T01:20:00-07:00") / 1_000;

test("makes the token of the specification", () => {
  const iv = Buffer.from(Array.from({ length: 16 }, (_, index) => index));
  expect(sealFernet(key, Buffer.from("hello"), instant, iv)).toBe(token.replace(/=+$/, ""));
});

test("reads the token of the specification, with and without its padding", () => {
  for (const text of [token, token.replace(/=+$/, "")]) {
    const read = openFernet(key, text);
    expect([read?.message.toString(), read?.timestamp]).toEqual(["hello", instant]);
  }
});

test("reads nothing that was not made with the key", () => {
  const invalid = [
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==",
    "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
    "",
    "gAAAAA",
  ];
  for (const text of invalid) expect(openFernet(key, text)).toBeUndefined();
  expect(openFernet(Buffer.alloc(32, 1), token)).toBeUndefined();
});

test("a token with one bit changed anywhere is refused", () => {
  const bytes = Buffer.from(token, "base64url");
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(openFernet(key, changed.toString("base64url"))).toBeUndefined();
  }
});

test("two tokens of one message differ", () => {
  const make = () => sealFernet(key, Buffer.from("hello"), instant);
  expect(make()).not.toBe(make());
});
