import type { Links } from "@kilonova/http";

/** To a resource, and to it without a version: what every resource shows. */
export function resourceLinks(links: Links, collection: string, id: string): { rel: string; href: string }[] {
  const path = `/${collection}/${id}`;
  return [{ rel: "self", href: links.to(path) }, ...bookmarkLinks(links, collection, id)];
}

/** To a resource of whatever version. */
export function bookmarkLinks(links: Links, collection: string, id: string): { rel: string; href: string }[] {
  return [{ rel: "bookmark", href: links.bookmark(`/${collection}/${id}`) }];
}
