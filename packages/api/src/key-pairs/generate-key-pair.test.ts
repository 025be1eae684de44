import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateKeyPair } from "./generate-key-pair.js";
import { fingerprintOf } from "./public-key.js";

test("the two halves of a generated pair belong together, by ssh-keygen's word", async () => {
  const { publicKey, privateKey } = await generateKeyPair();
  const folder = mkdtempSync(join(tmpdir(), "kilonova-key-"));
  try {
    const file = join(folder, "key");
    writeFileSync(file, privateKey, { mode: 0o600 });
    const derived = execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" });
    expect(publicKey.split(" ").slice(0, 2)).toEqual(derived.trim().split(" ").slice(0, 2));

    writeFileSync(`${file}.pub`, `${publicKey}\n`);
    const told = execFileSync("ssh-keygen", ["-l", "-E", "md5", "-f", `${file}.pub`], { encoding: "utf8" });
    expect(told).toContain(`MD5:${fingerprintOf("ssh", publicKey)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(createPrivateKey(privateKey).asymmetricKeyType).toBe("rsa");
});
