import { objectPath, optionGroup } from "@kilonova/config";
import ipaddr from "ipaddr.js";
import { z } from "zod";

/** Networks, and what does them on hosts. */
export const networkOptions = optionGroup(
  "network",
  z.object({
    manager: objectPath("network-manager")
      .default("@kilonova/network#FlatManager")
      .describe("The strategy of networks: by default one flat network for all servers."),
    web: objectPath().default("@kilonova/network#NetworkWeb").describe("The Network API."),
    driver: objectPath("network-driver")
      .default("@kilonova/network-user#UserNetworkDriver")
      .describe("What does networks on each compute host."),
    networkName: z.string().min(1).max(255).default("private").describe("The name of the flat network."),
    fixedRange: z
      .string()
      .refine((text) => ipaddr.isValidCIDR(text), "expected a range of addresses such as 10.0.0.0/16")
      .default("10.0.0.0/16")
      .describe("The addresses of the flat network. The first is its gateway's."),
    nameservers: z.array(z.string()).default([]).describe("The name servers that guests are told of."),
    mtu: z.number().int().min(68).max(65_535).default(1500).describe("Bytes of a packet on the flat network."),
  }),
);
