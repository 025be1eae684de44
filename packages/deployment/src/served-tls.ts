import { type ClientTls, type Configuration, clientTls, readTlsFiles } from "@kilonova/config";
import type { ServerTls } from "@kilonova/http";
import { httpOptions } from "./options.js";

/** How web services are served by TLS, for their listener; nothing where no certificate is configured. */
export function servedTls(configuration: Configuration): { readonly tls?: () => ServerTls } {
  const { sslCertFile, sslKeyFile } = configuration.get(httpOptions);
  if (sslCertFile === undefined && sslKeyFile === undefined) return {};
  return { tls: () => readTlsFiles("http", { sslCertFile, sslKeyFile }) };
}

/**
 * How a cloud in one process trusts its own web services; undefined where it does as Node.js does.
 *
 * @throws ConfigurationError for the file
 */
export function ownTrust(configuration: Configuration): ClientTls | undefined {
  const { sslCaFile } = configuration.get(httpOptions);
  return sslCaFile === undefined ? undefined : clientTls("http", { sslCaFile });
}
