import { ApiFault } from "@kilonova/http";
import { expect, test } from "vitest";
import { PasswordHasher } from "./password-hasher.js";

const hasher = new PasswordHasher();

test("takes the password that was hashed, and no other", async () => {
  const hash = await hasher.hash("correct horse");
  expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await hasher.verify("correct horse", hash)).toBe(true);
  expect(await hasher.verify("correct hors", hash)).toBe(false);
  expect(await hasher.verify("", hash)).toBe(false);
});

test("two hashes of one password differ", async () => {
  expect(await hasher.hash("a")).not.toBe(await hasher.hash("a"));
});

test("without a hash, or with one that is none, the answer is no", async () => {
  expect(await hasher.verify("a", undefined)).toBe(false);
  expect(await hasher.verify("a", "plain")).toBe(false);
});

test("a flood of log-ins is refused rather than kept waiting", async () => {
  const flooded = new PasswordHasher();
  const hash = "$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  const outcomes = await Promise.allSettled(Array.from({ length: 400 }, () => flooded.verify("a", hash)));
  const refused = outcomes.filter((one) => one.status === "rejected");
  expect(refused.length).toBeGreaterThan(200);
  expect((refused[0] as PromiseRejectedResult).reason).toMatchObject({ status: 503 } satisfies Partial<ApiFault>);
  expect(await flooded.verify("a", hash)).toBe(false);
});
