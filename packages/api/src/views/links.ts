import type { Links } from "@kilonova/http";

/** To a resource, and to it without a version: what every resource shows. */
export function resourceLinks(links: Links, collection: string, id: string): { rel: string; href: string }[] {
  const path = `/${collection}/${id}`;
  return [
    { rel: "self", href: links.to(path) },
    { rel: "bookmark", href: links.bookmark(path) },
  ];
}
