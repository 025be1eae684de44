import { v5 } from "uuid";

/** Under which the ids of compute nodes are made from their names. Never changes. */
const NODES = "3a2f7c52-6d1b-4b8e-9d53-0c6b2f0e7a91";

/**
 * The id of a compute node and of its root provider: the same for ever for the same host and hypervisor, and no other
 * host's. Who has the id and the hypervisor's name can tell whose it is.
 */
export function computeNodeId(host: string, hypervisorHostname: string): string {
  return v5(`${host}\n${hypervisorHostname}`, NODES);
}
