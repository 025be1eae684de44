import type { Configuration } from "@kilonova/config";

/** What runs a service: its manager, its web service, or both. */
export const SERVICE_PARTS = ["manager", "web"] as const;
export type ServicePart = (typeof SERVICE_PARTS)[number];

/** The object path of a part of a service, whether or not its option group is declared; undefined where it has none. */
export function servicePart(configuration: Configuration, service: string, part: ServicePart): string | undefined {
  const name = `${service}.${part}`;
  const written = configuration.writtenText(name);
  if (written !== undefined) return written;
  const group = configuration.groups().find((each) => each.name === service);
  if (!group || !Object.hasOwn(group.schema.shape, part)) return undefined;
  const { value } = configuration.lookUp(name);
  return typeof value === "string" ? value : undefined;
}
