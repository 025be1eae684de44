import type { RequestContext } from "@kilonova/messaging";
import { eq, or, type SQL, sql } from "drizzle-orm";
import { type ImageRow, images } from "./tables.js";

/** Whether a request may know of an image. Community images are for whoever knows their id. */
export function canSee(context: RequestContext, image: Pick<ImageRow, "visibility" | "ownerId">): boolean {
  if (context.isAdmin || image.visibility === "public" || image.visibility === "community") return true;
  return context.projectId !== undefined && context.projectId === image.ownerId;
}

/** The images that a request finds in a list; those of the community where it asks for them. */
export function listed(context: RequestContext, withCommunity: boolean): SQL | undefined {
  if (context.isAdmin) return undefined;
  return or(
    eq(images.visibility, "public"),
    withCommunity ? eq(images.visibility, "community") : undefined,
    context.projectId === undefined ? sql`false` : eq(images.ownerId, context.projectId),
  );
}
