import type { Owner } from "./database.js";

/** An address without its password, for people. */
export function maskedAddress(url: string): string {
  const address = parsed(url);
  const user = address.username ? `${address.username}@` : "";
  return `postgresql://${user}${decodeURIComponent(address.hostname)}${address.port ? `:${address.port}` : ""}${address.pathname}`;
}

/**
 * The role that has an owner's rights. Roles belong to a whole server, so the database's name is part of theirs.
 *
 * @throws TypeError where PostgreSQL would cut the name short
 */
export function roleOf(databaseName: string, owner: Owner): string {
  const role = `${databaseName}_${owner}`;
  if (Buffer.byteLength(role) > 63)
    throw new TypeError(`the name of role ${role} is longer than PostgreSQL's 63 bytes`);
  return role;
}

/** The address with an owner's role in place of its user; the same address where the owner has no password. */
export function addressOfOwner(url: string, owner: Owner, password: string | undefined): string {
  if (password === undefined) return url;
  const address = parsed(url);
  address.username = encodeURIComponent(roleOf(databaseNameOf(url), owner));
  address.password = encodeURIComponent(password);
  return address.href;
}

/** The name of the database that an address leads to. */
export function databaseNameOf(url: string): string {
  return decodeURIComponent(parsed(url).pathname.slice(1));
}

/** The folder of a unix socket may stand percent-encoded in place of the host. */
function parsed(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new TypeError("option database.url is no address such as postgresql://user:password@host:port/name");
}
