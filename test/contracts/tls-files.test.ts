import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isConfigurationError, readTlsFiles, type TlsFiles } from "@kilonova/config";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CertificateFiles, TestAuthority } from "../servers/test-certificates.js";

let authority: TestAuthority;
let good: CertificateFiles;
let other: CertificateFiles;
let expired: CertificateFiles;
beforeAll(async () => {
  authority = await TestAuthority.make();
  good = await authority.sign();
  other = await authority.sign();
  expired = await authority.sign({ days: -1 });
});
afterAll(() => authority?.remove());

const put = async (name: string, text: string) => {
  const path = join(authority.folder, name);
  await writeFile(path, text);
  return path;
};

function problemsOf(files: TlsFiles): readonly string[] {
  try {
    readTlsFiles("rabbitmq", files);
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    return error.message.replaceAll(`${authority.folder}/`, "").split("\n  ").slice(1);
  }
  return expect.fail("they were taken");
}

describe("files of TLS", () => {
  it("are handed on as they are", () => {
    const { ca, cert, key, minVersion } = readTlsFiles("rabbitmq", { sslCaFile: authority.caFile, ...good });
    expect([ca, cert].every((pem) => pem?.startsWith("-----BEGIN CERTIFICATE-----"))).toBe(true);
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(minVersion).toBe("TLSv1.2");
    expect(Object.keys(readTlsFiles("rabbitmq", {}))).toEqual(["minVersion"]);
  });

  it("that are not there are all named in one message", () => {
    expect(problemsOf({ sslCaFile: "/no/ca", sslCertFile: "/no/cert", sslKeyFile: "/no/key" })).toEqual([
      "rabbitmq.sslCaFile (/no/ca): expected a file that this user can read, received none: there is no such file",
      "rabbitmq.sslCertFile (/no/cert): expected a file that this user can read, received none: there is no such file",
      "rabbitmq.sslKeyFile (/no/key): expected a file that this user can read, received none: there is no such file",
    ]);
    expect(problemsOf({ sslCaFile: "/" })).toEqual([
      "rabbitmq.sslCaFile (/): expected a file that this user can read, received EISDIR",
    ]);
  });

  it("come in pairs", () => {
    expect(problemsOf({ sslCertFile: good.sslCertFile })).toEqual([
      "rabbitmq.sslKeyFile (not set): expected a file, as rabbitmq.sslCertFile is set, received nothing",
    ]);
    expect(problemsOf({ sslKeyFile: good.sslKeyFile })).toEqual([
      "rabbitmq.sslCertFile (not set): expected a file, as rabbitmq.sslKeyFile is set, received nothing",
    ]);
  });

  it("that hold something else are refused, and nothing of them is quoted", async () => {
    const nonsense = await put("nonsense", "correct horse battery staple");
    const damaged = await put("damaged", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect(problemsOf({ sslCaFile: nonsense, sslCertFile: damaged, sslKeyFile: nonsense })).toEqual([
      "rabbitmq.sslCaFile (nonsense): expected certificates in PEM, received a file without one",
      "rabbitmq.sslCertFile (damaged): expected certificates in PEM, received one that is damaged",
      "rabbitmq.sslKeyFile (nonsense): expected a private key in PEM that is not encrypted, received something else",
    ]);
  });

  it("that do not belong together are refused", () => {
    expect(problemsOf({ sslCertFile: good.sslCertFile, sslKeyFile: other.sslKeyFile })).toEqual([
      expect.stringMatching(
        /^rabbitmq\.sslKeyFile \(\d+\.key\): expected the key of the certificate in \d+\.crt, received another key$/,
      ),
    ]);
  });

  it("that are over are refused, but not an authority among others", async () => {
    const { sslCertFile } = expired;
    const words = /expected a certificate that is valid now, received one that expired at \d{4}-\d\d-\d\dT/;
    expect(problemsOf(expired)).toEqual([expect.stringMatching(words)]);
    expect(problemsOf({ sslCaFile: sslCertFile })).toEqual([expect.stringMatching(words)]);
    const texts = await Promise.all([sslCertFile, authority.caFile].map((path) => readFile(path, "utf8")));
    const bundle = texts.join("");
    expect(readTlsFiles("rabbitmq", { sslCaFile: await put("bundle", bundle) }).ca).toBe(bundle);
  });
});
