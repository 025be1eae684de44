import { optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

const HEX = /^[0-9a-fA-F]{4}$/;

/** Where PCI devices may be, seen from the NUMA cells of the server. */
export const PCI_NUMA_POLICIES = ["required", "preferred", "legacy", "socket"] as const;

export type PciNumaPolicy = (typeof PCI_NUMA_POLICIES)[number];

const aliasSchema = z.strictObject({
  name: z.string().trim().min(1).max(256).meta({ mutable: true }).describe("What flavors call such devices."),
  vendor_id: z.string().regex(HEX, "expected four hexadecimal digits").meta({ mutable: true }).describe("As 10de."),
  product_id: z.string().regex(HEX, "expected four hexadecimal digits").meta({ mutable: true }).describe("As 1eb8."),
  device_type: z
    .enum(["type-PCI", "type-PF", "type-VF"])
    .optional()
    .meta({ mutable: true })
    .describe("A whole function, a physical one or a virtual one; any but physical ones where nothing is said."),
  numa_policy: z
    .enum(PCI_NUMA_POLICIES)
    .default("legacy")
    .meta({ mutable: true })
    .describe("How near the server's NUMA cells they have to be."),
});

export type PciAlias = Readonly<z.output<typeof aliasSchema>>;

/** The options of the filters that look at devices. */
export const filtersDeviceOptions = optionGroup(
  "filtersDevice",
  z.object({
    pciAliases: z
      .array(aliasSchema)
      .refine(agree, "expected aliases of one name to have one device_type and one numa_policy")
      .default([])
      .meta({ mutable: true })
      .describe(
        "The names by which flavors ask for PCI devices (pci_passthrough:alias): name, vendor_id, product_id, device_type, numa_policy. Several of one name: either will do.",
      ),
  }),
);

function agree(aliases: readonly PciAlias[]): boolean {
  const byName = new Map(aliases.map((alias) => [alias.name, alias]));
  return aliases.every(({ name, device_type, numa_policy }) => {
    const other = byName.get(name);
    return other?.device_type === device_type && other?.numa_policy === numa_policy;
  });
}
