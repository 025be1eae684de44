import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at, LiveApi } from "../testing/live-api.js";

let api: LiveApi;
beforeAll(async () => {
  api = await LiveApi.start({ keyPairs: 5 });
});
afterAll(() => api.stop());

/** A fresh public key in OpenSSH's form. */
function publicKey(): string {
  const { x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const parts = [Buffer.from("ssh-ed25519"), Buffer.from(x, "base64url")];
  const blob = parts.map((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return Buffer.concat([length, part]);
  });
  return `ssh-ed25519 ${Buffer.concat(blob).toString("base64")} me`;
}

test("an imported key pair is shown with what each microversion tells", async () => {
  const key = publicKey();
  const made = await api.post("/os-keypairs", { keypair: { name: "imported", public_key: key } });
  expect(made.status).toBe(200);
  expect(made.body).toEqual({
    keypair: {
      name: "imported",
      public_key: key,
      fingerprint: expect.stringMatching(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/),
      user_id: "user-1",
    },
  });
  for (const version of ["2.1", "2.2", "2.10", "2.35", "2.96"]) {
    const shown = at(await api.get("/os-keypairs/imported", { version }), "keypair") as object;
    expect("type" in shown).toBe(version !== "2.1");
    expect(shown).toMatchObject({
      name: "imported",
      user_id: "user-1",
      deleted: false,
      created_at: expect.any(String),
    });
    const listed = at(await api.get("/os-keypairs", { version }), "keypairs", 0, "keypair") as object;
    expect(Object.keys(listed).sort()).toEqual(
      ["fingerprint", "name", "public_key", ...(version === "2.1" ? [] : ["type"])].sort(),
    );
  }
  expect((await api.delete("/os-keypairs/imported")).status).toBe(202);
});

test("the status of success changed with 2.2", async () => {
  const made = await api.post(
    "/os-keypairs",
    { keypair: { name: "newer", public_key: publicKey() } },
    { version: "2.2" },
  );
  expect([made.status, at(made, "keypair", "type")]).toEqual([201, "ssh"]);
  expect((await api.delete("/os-keypairs/newer", { version: "2.2" })).status).toBe(204);
  expect((await api.delete("/os-keypairs/newer", { version: "2.2" })).status).toBe(404);
});

test("a key pair is generated up to 2.91, its private half told once", async () => {
  const body = { keypair: { name: "generated" } };
  const made = await api.post("/os-keypairs", body, { version: "2.91" });
  expect(made.status).toBe(201);
  const privateKey = String(at(made, "keypair", "private_key"));
  expect(createPublicKey(privateKey).asymmetricKeyType).toBe("rsa");
  const shown = await api.get("/os-keypairs/generated", { version: "2.91" });
  expect(at(shown, "keypair", "private_key")).toBeUndefined();
  expect((await api.post("/os-keypairs", body, { version: "2.92" })).status).toBe(400);
  await api.delete("/os-keypairs/generated");
});

test.each([
  ["no key", { public_key: "nonsense" }, "2.1"],
  ["half a key", { public_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA" }, "2.1"],
  ["a name with a dot before 2.92", { name: "a.b", public_key: publicKey() }, "2.91"],
  ["a name with a slash", { name: "a/b", public_key: publicKey() }, "2.92"],
  ["a type before 2.2", { type: "ssh", public_key: publicKey() }, "2.1"],
  ["an unknown type", { type: "gpg", public_key: publicKey() }, "2.2"],
  ["a certificate that is none", { type: "x509", public_key: "nonsense" }, "2.2"],
  ["a certificate to be generated", { type: "x509" }, "2.2"],
])("%s is a 400", async (_, wrong, version) => {
  const answer = await api.post("/os-keypairs", { keypair: { name: "wrong", ...wrong } }, { version });
  expect(answer.status).toBe(400);
  expect((await api.get("/os-keypairs")).body).toEqual({ keypairs: [] });
});

test("a name with a dot and an at sign is fine from 2.92 on", async () => {
  const made = await api.post(
    "/os-keypairs",
    { keypair: { name: "me@a.b", public_key: publicKey() } },
    { version: "2.92" },
  );
  expect(made.status).toBe(201);
  expect((await api.delete("/os-keypairs/me@a.b", { version: "2.92" })).status).toBe(204);
});

test("key pairs are a user's: only administrators see another's, by name", async () => {
  await api.post("/os-keypairs", { keypair: { name: "mine", public_key: publicKey() } });
  expect((await api.get("/os-keypairs/mine", { as: "reader" })).status).toBe(404);
  expect((await api.get("/os-keypairs?user_id=user-1", { as: "reader", version: "2.10" })).status).toBe(403);
  const seen = await api.get("/os-keypairs/mine?user_id=user-1", { as: "admin", version: "2.10" });
  expect(at(seen, "keypair", "user_id")).toBe("user-1");
  expect((await api.get("/os-keypairs/mine?user_id=user-1", { as: "admin", version: "2.9" })).status).toBe(404);
  const again = await api.post("/os-keypairs", { keypair: { name: "mine", public_key: publicKey() } });
  expect([again.status, at(again, "conflictingRequest", "message")]).toEqual([409, "Key pair 'mine' already exists."]);
  await api.delete("/os-keypairs/mine");
});

test("the quota holds however many are made at once, and pages tell of all", async () => {
  const answers = await Promise.all(
    Array.from({ length: 9 }, (_, index) =>
      api.post("/os-keypairs", { keypair: { name: `key-${index}`, public_key: publicKey() } }, { version: "2.2" }),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(5).fill(201), ...Array(4).fill(403)]);
  expect(at(answers.find(({ status }) => status === 403) as never, "forbidden", "message")).toBe(
    "Quota exceeded, too many key pairs.",
  );
  const first = await api.get("/os-keypairs?limit=3", { version: "2.35" });
  const last = String(at(first, "keypairs", 2, "keypair", "name"));
  const rest = await api.get(`/os-keypairs?limit=3&marker=${last}`, { version: "2.35" });
  expect((at(rest, "keypairs") as unknown[]).length).toBe(2);
  expect(at(first, "keypairs_links", 0, "rel")).toBe("next");
  expect(at(rest, "keypairs_links")).toBeUndefined();
  expect((await api.get("/os-keypairs?marker=nope", { version: "2.35" })).status).toBe(400);
});
