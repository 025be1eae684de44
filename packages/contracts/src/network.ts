import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { fence, hostName, identifier } from "./identifier.js";
import { networkInfoSchema, requestedNetworksSchema } from "./network-info.js";

const staleFence = z.object({ serverId: identifier, newest: fence });

export const networkSchema = z.object({
  id: identifier,
  name: z.string(),
  /** CIDR */
  range: z.string(),
  gateway: z.string().nullable(),
  shared: z.boolean(),
});

export type Network = Readonly<z.output<typeof networkSchema>>;

export const networkContract = rpcContract("network", "1.0", {
  /** The networks that the context's project may use. */
  listNetworks: method({ result: z.array(networkSchema) }),
  /** Gives a server its ports and addresses; again for the same server and networks: the same ones. */
  allocateForServer: method({
    fromHost: { argument: "host" },
    args: z.object({
      serverId: identifier,
      projectId: identifier,
      fence,
      host: hostName,
      networks: requestedNetworksSchema,
    }),
    result: networkInfoSchema,
    refusals: {
      staleFence,
      networkNotFound: z.object({ networkId: identifier }),
      noMoreAddresses: z.object({ networkId: identifier }),
      addressInUse: z.object({ address: z.string() }),
      /** Outside the network, or one that no server may have. */
      invalidAddress: z.object({ address: z.string() }),
    },
    deadline: "20s",
  }),
  /** Frees all that a server has. Safe to repeat; keeps the fence. */
  deallocateForServer: method({
    fromHost: "handler",
    args: z.object({ serverId: identifier, fence }),
    refusals: { staleFence },
    deadline: "20s",
  }),
});

export type NetworkService = typeof networkContract;
