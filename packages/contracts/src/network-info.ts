import { z } from "zod";
import { identifier } from "./identifier.js";

/** An address that a server has. */
export const fixedAddressSchema = z.object({
  address: z.string(),
  version: z.union([z.literal(4), z.literal(6)]),
  /** Bits of the network's prefix. */
  prefix: z.number().int().nonnegative(),
  gateway: z.string().nullable(),
});

/** A virtual interface: one port of one server on one network. */
export const vifSchema = z.object({
  portId: identifier,
  networkId: identifier,
  /** The network's name: the key of `addresses` in the Compute API. */
  networkName: z.string(),
  macAddress: z.string(),
  addresses: z.array(fixedAddressSchema),
  nameservers: z.array(z.string()),
  /** Bytes */
  mtu: z.number().int().positive(),
});

/** All interfaces of a server, in the order it sees them. */
export const networkInfoSchema = z.array(vifSchema);

export type FixedAddress = Readonly<z.output<typeof fixedAddressSchema>>;
export type Vif = Readonly<z.output<typeof vifSchema>>;
export type NetworkInfo = readonly Vif[];

/** What networks a server asks for: none, whatever there is, or these. */
export const requestedNetworksSchema = z.union([
  z.literal("none"),
  z.literal("auto"),
  z.array(z.object({ networkId: identifier, fixedAddress: z.string().optional() })),
]);

export type RequestedNetworks = Readonly<z.output<typeof requestedNetworksSchema>>;
