import { KilonovaError } from "@kilonova/messaging";
import { z } from "zod";
import type { CloudClient } from "../cloud/cloud-client.js";
import { isId } from "./find-server.js";
import type { Hints } from "./hints.js";

/** The hint that names a profile of the schedulers'. */
const PROFILE_HINT = "scheduler_profile";

/** What servers are imagined, as the command line says it. */
export interface DryRunFlags {
  readonly flavor: string;
  readonly image: string;
  readonly count: number;
  readonly availabilityZone?: string;
  readonly host?: string;
  readonly profile?: string;
  readonly hint: Hints;
}

const resource = z.object({ id: z.string(), name: z.string().nullable() });

/**
 * The body that asks for a dry run. Flavor and image may be named by id or by name.
 *
 * @throws KilonovaError `cloud.refused` where there is no such flavor or image, or more than one
 */
export async function dryRunBody(cloud: CloudClient, flags: DryRunFlags) {
  const { count, availabilityZone, host, profile, hint } = flags;
  return {
    server: {
      name: "dry-run",
      flavorRef: await flavorId(cloud, flags.flavor),
      imageRef: await imageId(cloud, flags.image),
      min_count: count,
      max_count: count,
      ...(availabilityZone === undefined ? {} : { availability_zone: availabilityZone }),
      ...(host === undefined ? {} : { host }),
      networks: "none",
    },
    "os:scheduler_hints": { ...hint, ...(profile === undefined ? {} : { [PROFILE_HINT]: profile }) },
  };
}

async function flavorId(cloud: CloudClient, text: string): Promise<string> {
  const { flavors } = await cloud.get(z.object({ flavors: z.array(resource) }), "/flavors", { is_public: "None" });
  return oneOf(flavors, "flavor", text);
}

async function imageId(cloud: CloudClient, text: string): Promise<string> {
  if (isId(text)) return text;
  const reply = z.object({ images: z.array(resource) });
  const { images } = await cloud.getFrom("image", reply, "/v2/images", { name: text });
  return oneOf(images, "image", text);
}

function oneOf(found: readonly z.output<typeof resource>[], what: string, text: string): string {
  if (found.some(({ id }) => id === text)) return text;
  const named = found.filter(({ name }) => name === text);
  const [one, ...others] = named;
  if (!one) {
    const advice =
      found.length > 0
        ? ` There is ${found
            .map(({ name, id }) => name ?? id)
            .slice(0, 20)
            .join(", ")}.`
        : "";
    throw new KilonovaError("cloud.refused", `There is no ${what} ${text}.${advice}`);
  }
  if (others.length === 0) return one.id;
  const ids = named.map(({ id }) => id).join(", ");
  throw new KilonovaError("cloud.refused", `${named.length} ${what}s are named ${text}; say which by its id: ${ids}.`);
}
