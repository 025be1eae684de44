import { readTlsFiles, type TlsMaterial } from "./read-tls-files.js";
import type { TlsFiles } from "./tls-files.js";

/**
 * How a client speaks TLS: 1.2 or later, and only with a server whose certificate is from an authority that it trusts and
 * is for the name by which it was reached. There is no way to do without.
 */
export interface ClientTls {
  /** For `tls.connect` and all that hands its settings on to it. Holds a secret. */
  readonly settings: TlsMaterial;
  /** Why a handshake failed, in words that name option and file; undefined where the error is none of TLS. */
  explain(error: unknown): string | undefined;
}

/**
 * Reads a client's files. What is in force are the files as they were then.
 *
 * @param group the name of the option group, for messages
 * @throws ConfigurationError as `readTlsFiles` does
 */
export function clientTls(group: string, files: TlsFiles): ClientTls {
  return { settings: readTlsFiles(group, files), explain: (error) => explained(group, files, error) };
}

/** The peer's certificate is from nobody whom we know. */
const UNKNOWN_AUTHORITY = new Set([
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** OpenSSL's names of the alerts by which a peer refuses what we showed it, or that we showed nothing. */
const OUR_CERTIFICATE = /ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|HANDSHAKE_FAILURE)/;
const NO_TLS = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/;
const OLD_TLS = /^ERR_SSL_(UNSUPPORTED_PROTOCOL|TLSV1_ALERT_PROTOCOL_VERSION|VERSION_TOO_LOW)$/;

function explained(group: string, { sslCaFile, sslCertFile }: TlsFiles, error: unknown): string | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  if (UNKNOWN_AUTHORITY.has(code)) {
    const trusted = sslCaFile === undefined ? "Node.js trusts by itself" : `${sslCaFile} names`;
    return `its certificate is from no authority that ${trusted}, ${code}; see option ${group}.sslCaFile`;
  }
  if (code === "CERT_HAS_EXPIRED") return "its certificate, or that of its authority, has expired";
  if (code === "CERT_NOT_YET_VALID") return "its certificate is not valid yet; do both clocks agree?";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return `its certificate is for another name: ${Reflect.get(Object(error), "reason")}`;
  if (OUR_CERTIFICATE.test(code)) {
    const shown =
      sslCertFile === undefined ? "asks for a certificate" : `does not take the certificate in ${sslCertFile}`;
    return `it ${shown}, ${code}; see options ${group}.sslCertFile and ${group}.sslKeyFile`;
  }
  if (NO_TLS.test(code)) return `it does not speak TLS at that port, ${code}`;
  if (OLD_TLS.test(code)) return `it does not speak TLS 1.2 or later, ${code}`;
  return code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") ? code : undefined;
}

/** OpenSSL's words in a message that Node.js has given a code of sockets: what broke while something was written. */
const WORDS = /SSL routines:[^:]*:([^:]+):/;

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  const [, words] = (error.code === "EPROTO" && WORDS.exec(error.message)) || [];
  return words === undefined ? error.code : `ERR_SSL_${words.toUpperCase().replaceAll(/[ /]/g, "_")}`;
}
