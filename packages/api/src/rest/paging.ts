import type { Links } from "@kilonova/http";
import { z } from "zod";

/** What every list in pages may be asked with. */
export const pageQuery = {
  limit: z.number().int().nonnegative().optional(),
  marker: z.string().max(255).optional(),
};

/** The most that a page is to hold. */
export function pageLimit(asked: number | undefined, maximum: number): number {
  return Math.min(asked ?? maximum, maximum);
}

/** The link to what comes after a full page; none where the page is not full. */
export function nextLinks(
  links: Links,
  path: string,
  queryText: string,
  page: { readonly size: number; readonly limit: number; readonly last: string | undefined },
): { rel: string; href: string }[] | undefined {
  if (page.size < page.limit || page.last === undefined) return undefined;
  const query = new URLSearchParams(queryText);
  query.set("marker", page.last);
  return [{ rel: "next", href: `${links.to(path)}?${query}` }];
}
