import { type ClientTls, clientTls } from "./client-tls.js";
import { hasTlsFiles, type TlsFiles } from "./tls-files.js";

/** Whether an address of PostgreSQL leaves TLS to the options: of its parameters only these two say anything of it. */
export function hasPlainSslMode(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { searchParams } = new URL(url);
  const names = [...searchParams.keys()].filter((name) => name.startsWith("ssl") || name === "uselibpqcompat");
  if (names.length === 0) return true;
  return names.length === 1 && ["verify-full", "disable"].includes(searchParams.get("sslmode") ?? "");
}

/** What {@link hasPlainSslMode} expects, for the option's message. */
export const PLAIN_SSL_MODE =
  "expected sslmode=verify-full or sslmode=disable and no other ssl parameter: certificates have options";

/** Files beside an address that says not to use them. */
export function contradictsSslMode({ url, ...files }: { readonly url?: string | undefined } & TlsFiles): boolean {
  return url !== undefined && sslMode(url) === "disable" && hasTlsFiles(files);
}

/**
 * How an address of PostgreSQL is connected to: over TLS, checked in full, where files are given or `sslmode=verify-full`
 * says so. The address comes back without that parameter: the driver would take it in place of the files.
 *
 * @throws ConfigurationError as `readTlsFiles` does
 */
export function postgresTls(
  group: string,
  url: string,
  files: TlsFiles,
): { readonly url: string; readonly tls?: ClientTls } {
  const mode = sslMode(url);
  if (mode !== "verify-full" && !hasTlsFiles(files)) return { url };
  const tls = clientTls(group, files);
  if (mode === undefined) return { url, tls };
  const address = new URL(url);
  address.searchParams.delete("sslmode");
  return { url: address.href, tls };
}

function sslMode(url: string): string | undefined {
  return URL.canParse(url) ? (new URL(url).searchParams.get("sslmode") ?? undefined) : undefined;
}
