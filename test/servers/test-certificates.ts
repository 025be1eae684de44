import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** A certificate and its key, as files and as a group of options has them. */
export interface CertificateFiles {
  readonly sslCertFile: string;
  readonly sslKeyFile: string;
}

export interface CertificateWish {
  /** As openssl writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names?: readonly string[];
  /** Negative: it has expired. */
  readonly days?: number;
}

/** An authority of a test's own, in a temporary folder, which signs whatever is asked. Made by openssl, as the guide says. */
export class TestAuthority {
  #count = 0;

  private constructor(
    readonly folder: string,
    readonly caFile: string,
    private readonly keyFile: string,
  ) {}

  static async make(): Promise<TestAuthority> {
    const folder = await mkdtemp(join(tmpdir(), "kilonova-tls-"));
    const [caFile, keyFile] = [join(folder, "ca.crt"), join(folder, "ca.key")];
    await openssl("req", "-x509", ...NEW_KEY, "-keyout", keyFile, "-out", caFile, "-days", "2", "-subj", "/CN=Test CA");
    return new TestAuthority(folder, caFile, keyFile);
  }

  /** A certificate for a server or a client. */
  async sign({ names = ["DNS:localhost", "IP:127.0.0.1"], days = 2 }: CertificateWish = {}): Promise<CertificateFiles> {
    this.#count += 1;
    const path = (ending: string) => join(this.folder, `${this.#count}.${ending}`);
    await openssl("req", ...NEW_KEY, "-keyout", path("key"), "-out", path("csr"), "-subj", "/CN=kilonova");
    await writeFile(path("ext"), `subjectAltName=${names.join(",")}\n`);
    const request = ["-in", path("csr"), "-extfile", path("ext"), "-days", String(days), "-out", path("crt")];
    await openssl("x509", "-req", "-CA", this.caFile, "-CAkey", this.keyFile, "-CAcreateserial", ...request);
    await chmod(path("key"), 0o600);
    return { sslCertFile: path("crt"), sslKeyFile: path("key") };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

async function openssl(...args: readonly string[]): Promise<void> {
  await execute("openssl", [...args], { timeout: 30_000 });
}
