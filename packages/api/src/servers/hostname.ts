/**
 * What a guest calls itself: its server's name as far as a host name may have it, else its id.
 *
 * @param index counts the servers of one request from 1; undefined where there is just one
 */
export function hostnameOf(name: string, serverId: string, index: number | undefined): string {
  const suffix = index === undefined ? "" : `-${index}`;
  const clean = name
    .replace(/[ _]/g, "-")
    .replace(/[^A-Za-z0-9.-]/g, "")
    .toLowerCase()
    .slice(0, 63 - suffix.length)
    .replace(/^[.-]+|[.-]+$/g, "");
  return clean === "" ? `server-${serverId}` : clean + suffix;
}
