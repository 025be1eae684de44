import { expect, test } from "vitest";
import { fingerprintOf } from "./public-key.js";

const ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

test("a key has the same fingerprint with and without a comment", () => {
  const fingerprint = fingerprintOf("ssh", ED25519);
  expect(fingerprint).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
  expect(fingerprintOf("ssh", `${ED25519} me@here\n`)).toBe(fingerprint);
});

test.each([
  ["nothing", ""],
  ["a word", "ssh-ed25519"],
  ["an unknown algorithm", ED25519.replace("ssh-ed25519", "ssh-nothing")],
  ["another algorithm than its blob says", ED25519.replace("ssh-ed25519 ", "ssh-rsa ")],
  ["a blob cut short", ED25519.slice(0, -8)],
  ["what is not base64", `${ED25519}!`],
  ["two lines", `${ED25519} a\n${ED25519}`],
  ["a property of every object", "constructor AAAA"],
])("%s is no public key", (_, text) => {
  expect(fingerprintOf("ssh", text)).toBeUndefined();
});

test("what is no certificate has no fingerprint", () => {
  expect(fingerprintOf("x509", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")).toBeUndefined();
});
