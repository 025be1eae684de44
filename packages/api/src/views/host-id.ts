import { createHash } from "node:crypto";

/** What a user is told of the host of a server: the same for all of a project's servers there, and nothing more. */
export function hostId(projectId: string, host: string | null): string {
  return host === null ? "" : createHash("sha224").update(projectId).update(host).digest("hex");
}
