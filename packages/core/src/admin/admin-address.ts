/** Where an admin listener listens. */
export type AdminAddress = { readonly host: string; readonly port: number } | { readonly path: string };

const LOOPBACK = "127.0.0.1";
const LAST_PORT = 65_535;
const ADDRESS = /^(?:(?:\[(?<ipv6>[0-9A-Fa-f:.]+)\]|(?<host>[A-Za-z0-9._-]+)):)?(?<port>[0-9]{1,5})$/;
/** Bytes: what the kernel takes of a unix socket's path. */
const LONGEST_PATH = 100;

/**
 * Reads option `admin.listen`: `9180`, `0.0.0.0:9180`, `[::1]:9180`, or `/run/kilonova/api.sock`. Port 0 is any free one.
 *
 * @returns undefined for what is none of these
 */
export function adminAddress(text: string): AdminAddress | undefined {
  if (text.startsWith("/")) return Buffer.byteLength(text) <= LONGEST_PATH ? { path: text } : undefined;
  const { ipv6, host, port } = ADDRESS.exec(text)?.groups ?? {};
  if (port === undefined || Number(port) > LAST_PORT) return undefined;
  return { host: ipv6 ?? host ?? LOOPBACK, port: Number(port) };
}

/** Each worker of a process has its own: the first the address as it is written. @param worker from 1 */
export function addressOfWorker(address: AdminAddress, worker: number): AdminAddress {
  if (worker === 1) return address;
  if ("path" in address) return { path: `${address.path}.${worker}` };
  return address.port === 0 ? address : { ...address, port: address.port + worker - 1 };
}

/** `http://127.0.0.1:9180`, or the path. */
export function adminAddressText(address: AdminAddress): string {
  if ("path" in address) return address.path;
  return `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
