import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { readTlsFiles } from "@kilonova/config";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { TestAuthority } from "../servers/test-certificates.js";
import { EmbeddedCloud } from "./embedded-cloud.js";
import { refusalOf, runCommand } from "./refused-command.js";

let authority: TestAuthority;
let stranger: TestAuthority;
let files: readonly string[];
const at = (name: string) => join(authority.folder, name);

async function install(): Promise<void> {
  const { sslCertFile, sslKeyFile } = await authority.sign();
  await copyFile(sslCertFile, at("http.crt"));
  await copyFile(sslKeyFile, at("http.key"));
}

beforeAll(async () => {
  [authority, stranger] = await Promise.all([TestAuthority.make(), TestAuthority.make()]);
  await install();
  files = ["--http.sslCertFile", at("http.crt"), "--http.sslKeyFile", at("http.key")];
});
afterAll(() => Promise.all([authority?.remove(), stranger?.remove()]));

/** The number of the certificate that a cloud shows. */
function serialAt(endpoint: string): Promise<string> {
  const { hostname, port } = new URL(endpoint);
  const { ca } = readTlsFiles("test", { sslCaFile: authority.caFile });
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca: ca ?? "" }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    }).on("error", reject);
  });
}

it("a cloud is served over TLS alone, to its guests' images too, and renews its certificate without a restart", async () => {
  const cloud = await EmbeddedCloud.start("qemu", [...files, "--http.sslCaFile", authority.caFile, "--first-guest"]);
  try {
    expect(cloud.endpoint).toMatch(/^https:/);
    // Its image came to the compute by HTTPS, and `up` itself asked for it so.
    const servers = await cloud.client.json(
      z.array(z.object({ Name: z.string(), Status: z.string() })),
      "server",
      "list",
    );
    expect(servers).toEqual([{ Name: "hello", Status: "ACTIVE" }]);
    const status = (...flags: readonly string[]) =>
      runCommand({ args: ["status", "--state-dir", cloud.stateFolder, ...flags], cwd: cloud.folder });
    expect(await status()).toMatchObject({ exitCode: 0 });
    const strange = await status("--os-cacert", stranger.caFile);
    expect(refusalOf(strange, 1)).toMatch(
      /its certificate is not trusted \(\w+\); --os-cacert, OS_CACERT or cacert in clouds\.yaml/,
    );
    expect((await status("--os-cacert", "/no/ca.crt")).stderr).toContain(
      "/no/ca.crt, cannot be used: expected a file that this user can read, received none: there is no such file.",
    );
    await expect(fetch(cloud.endpoint.replace("https:", "http:"))).rejects.toThrow("fetch failed");

    const before = await serialAt(cloud.endpoint);
    await install();
    cloud.process.child.kill("SIGHUP");
    await expect.poll(() => serialAt(cloud.endpoint), { timeout: 30_000, interval: 100 }).not.toBe(before);
    expect(await status()).toMatchObject({ exitCode: 0 });
  } finally {
    await cloud.destroy();
  }
});

it.each<[string, () => readonly string[], () => string]>([
  [
    "a key of another certificate",
    () => ["--http.sslCertFile", at("http.crt"), "--http.sslKeyFile", join(stranger.folder, "ca.key")],
    () =>
      `http.sslKeyFile (${join(stranger.folder, "ca.key")}): expected the key of the certificate in ${at("http.crt")}`,
  ],
  [
    "a certificate that is not there",
    () => ["--http.sslCertFile", "/no/cert", "--http.sslKeyFile", at("http.key")],
    () => "http.sslCertFile (/no/cert): expected a file that this user can read, received none",
  ],
  [
    "a relative path",
    () => ["--http.sslCertFile", "http.crt", "--http.sslKeyFile", at("http.key")],
    () => "http.sslCertFile (command line --http.sslCertFile): expected absolute path of a PEM file",
  ],
])("a cloud is not started with %s", async (_, args, words) => {
  expect(refusalOf(await runCommand({ args: ["up", ...args()], cwd: authority.folder }), 2)).toContain(words());
});

it("a service is not started with files for its broker that cannot be used", async () => {
  const driver = ["--transport.driver", "@kilonova/transport-rabbitmq#RabbitmqTransport"];
  const broker = ["--rabbitmq.url", "amqps://nova@127.0.0.1:1", "--rabbitmq.sslCaFile", "/no/ca"];
  const refused = await runCommand({ args: ["serve", "compute", ...driver, ...broker], cwd: authority.folder });
  expect(refusalOf(refused, 2)).toContain("rabbitmq.sslCaFile (/no/ca): expected a file that this user can read");
});
