import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigurationError, type ConfigurationProblem } from "../configuration-error.js";
import type { TlsFiles } from "./tls-files.js";

/** What the files hold, for `tls.connect` and `tls.createSecureContext`. The key is a secret. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly minVersion: "TLSv1.2";
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads the files of a group and sees that they can be used: certificates that are valid now, a key that is the
 * certificate's. Who starts to use TLS calls it, and a server again at SIGHUP.
 *
 * @param group the name of the option group, for messages
 * @throws ConfigurationError with all that is wrong: each option, its file, what was expected. Nothing of a file is quoted
 */
export function readTlsFiles(group: string, files: TlsFiles): TlsMaterial {
  const reading = new Reading(group, files);
  const ca = reading.authorities();
  const cert = reading.certificate();
  const key = reading.key(cert?.leaf);
  if (reading.problems.length > 0) throw new ConfigurationError("kilonova", reading.problems);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert: cert.pem }),
    ...(key === undefined ? {} : { key }),
    minVersion: "TLSv1.2",
  };
}

class Reading {
  readonly problems: ConfigurationProblem[] = [];

  constructor(
    private readonly group: string,
    private readonly files: TlsFiles,
  ) {}

  /** Of several authorities some may be over: bundles are kept like that. */
  authorities(): string | undefined {
    const found = this.#certificates("sslCaFile");
    if (!found) return undefined;
    const [first] = found.all;
    const isUsable = found.all.some((each) => untimely(each) === undefined);
    if (first && !isUsable) this.#tell("sslCaFile", "a certificate that is valid now", untimely(first) ?? "none");
    return found.pem;
  }

  certificate(): { readonly pem: string; readonly leaf: X509Certificate } | undefined {
    this.#insistOnBoth();
    const found = this.#certificates("sslCertFile");
    const [leaf] = found?.all ?? [];
    if (!found || !leaf) return undefined;
    const why = untimely(leaf);
    if (why !== undefined) this.#tell("sslCertFile", "a certificate that is valid now", why);
    return { pem: found.pem, leaf };
  }

  key(leaf: X509Certificate | undefined): string | undefined {
    const pem = this.#text("sslKeyFile");
    if (pem === undefined) return undefined;
    const key = privateKey(pem);
    if (!key) this.#tell("sslKeyFile", "a private key in PEM that is not encrypted", "something else");
    const isOthers = key && leaf && !leaf.checkPrivateKey(key);
    if (isOthers) this.#tell("sslKeyFile", `the key of the certificate in ${this.files.sslCertFile}`, "another key");
    return pem;
  }

  #insistOnBoth(): void {
    const { sslCertFile, sslKeyFile } = this.files;
    if ((sslCertFile === undefined) === (sslKeyFile === undefined)) return;
    const [missing, given] = sslCertFile === undefined ? ["sslCertFile", "sslKeyFile"] : ["sslKeyFile", "sslCertFile"];
    this.problems.push({
      option: `${this.group}.${missing}`,
      place: "not set",
      expected: `a file, as ${this.group}.${given} is set`,
      received: "nothing",
    });
  }

  #certificates(option: keyof TlsFiles) {
    const pem = this.#text(option);
    if (pem === undefined) return undefined;
    try {
      const all = (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
      if (all.length > 0) return { pem, all };
      this.#tell(option, "certificates in PEM", "a file without one");
    } catch {
      this.#tell(option, "certificates in PEM", "one that is damaged");
    }
    return undefined;
  }

  #text(option: keyof TlsFiles): string | undefined {
    const path = this.files[option];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "an error";
      this.#tell(option, "a file that this user can read", code === "ENOENT" ? "none: there is no such file" : code);
      return undefined;
    }
  }

  #tell(option: keyof TlsFiles, expected: string, received: string): void {
    this.problems.push({
      option: `${this.group}.${option}`,
      place: this.files[option] ?? "not set",
      expected,
      received,
    });
  }
}

function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function untimely({ validFrom, validTo }: X509Certificate): string | undefined {
  const now = Date.now();
  if (Date.parse(validTo) < now) return `one that expired at ${isoTime(validTo)}`;
  if (Date.parse(validFrom) > now) return `one that is not valid before ${isoTime(validFrom)}`;
  return undefined;
}

const isoTime = (text: string) => new Date(text).toISOString();
