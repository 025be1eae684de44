import type { RestClient } from "@kilonova/deployment";
import { z } from "zod";

const IMAGE_BYTES = 512;

/** What servers are made of where a test does not say. */
export interface Furniture {
  /** Ids */
  readonly flavor: string;
  readonly image: string;
}

/** Puts a flavor and an image into an empty cloud. */
export async function furnish(admin: RestClient): Promise<Furniture> {
  const made = z.object({ flavor: z.object({ id: z.string() }) });
  const flavor = { name: "sample", vcpus: 1, ram: 64, disk: 1 };
  const answer = await admin.json(made, "POST", "compute", "/flavors", { flavor });
  const record = { name: "sample", disk_format: "raw", container_format: "bare", visibility: "public" };
  const { id } = await admin.json(z.object({ id: z.string() }), "POST", "image", "/v2/images", record);
  await admin.upload("image", `/v2/images/${id}/file`, new Uint8Array(IMAGE_BYTES));
  return { flavor: answer.flavor.id, image: id };
}
