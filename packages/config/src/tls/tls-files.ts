import { isAbsolute } from "node:path";
import { z } from "zod";

/** The files of TLS as options have them; OpenStack's names. */
export interface TlsFiles {
  readonly sslCaFile?: string | undefined;
  readonly sslCertFile?: string | undefined;
  readonly sslKeyFile?: string | undefined;
}

/** Whether any file is told. */
export function hasTlsFiles({ sslCaFile, sslCertFile, sslKeyFile }: TlsFiles): boolean {
  return [sslCaFile, sslCertFile, sslKeyFile].some((file) => file !== undefined);
}

/** An option that is the path of a PEM file. What is in the file is looked at where it is used, not here. */
export function pemFile(description: string) {
  return z
    .string()
    .refine(isAbsolute, "expected the absolute path of a PEM file")
    .optional()
    .meta({ title: "absolute path of a PEM file", description });
}

/**
 * The options by which a client is told its files, to be spread into a group's object.
 *
 * @param peer whom it talks to, for the descriptions
 */
export function tlsClientFiles(peer: string) {
  return {
    sslCaFile: pemFile(
      `Certificates of the authorities that ${peer}'s certificate may be from; where nothing is said, those that Node.js trusts.`,
    ),
    sslCertFile: pemFile(
      `The certificate that is shown to ${peer} where it asks for one, followed by those between it and its authority.`,
    ),
    sslKeyFile: pemFile("The private key of sslCertFile, not encrypted."),
  };
}

/** The options by which a server is told its certificate, to be spread into a group's object. */
export function tlsServerFiles(serving: string) {
  return {
    sslCertFile: pemFile(
      `The certificate that ${serving} is served with, over TLS alone then, followed by those between it and its authority; read again at SIGHUP.`,
    ),
    sslKeyFile: pemFile("The private key of sslCertFile, not encrypted; read again at SIGHUP."),
  };
}
