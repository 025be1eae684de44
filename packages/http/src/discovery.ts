import type { VersionDocument } from "./web-service.js";

/** What a version document says, in the words that most services share. */
interface VersionFacts {
  /** `v2.1` */
  readonly id: string;
  /** The microversions, where there are any. */
  readonly max?: string;
  readonly min?: string;
  /** An instant without milliseconds. */
  readonly updated: string;
}

/** The Compute API's documents at `/compute` and `/compute/v2.1`. */
export function computeDiscovery({ id, max = "", min = "", updated }: VersionFacts) {
  const version = (root: string) => ({
    id,
    status: "CURRENT",
    version: max,
    min_version: min,
    updated,
    links: [{ rel: "self", href: `${root}/` }],
  });
  return {
    unversioned: { status: 200, body: ({ root }) => ({ versions: [version(root)] }) },
    versioned: {
      status: 200,
      body: ({ root }) => ({
        version: {
          ...version(root),
          "media-types": [
            { base: "application/json", type: `application/vnd.openstack.compute+json;version=${id.slice(1)}` },
          ],
        },
      }),
    },
  } satisfies Record<string, VersionDocument>;
}

/** The Identity API's documents at `/identity` and `/identity/v3`. */
export function identityDiscovery({ id, updated }: VersionFacts) {
  const version = (root: string) => ({
    id,
    status: "stable",
    updated,
    links: [{ rel: "self", href: `${root}/` }],
    "media-types": [{ base: "application/json", type: "application/vnd.openstack.identity-v3+json" }],
  });
  return {
    unversioned: { status: 300, body: ({ root }) => ({ versions: { values: [version(root)] } }) },
    versioned: { status: 200, body: ({ root }) => ({ version: version(root) }) },
  } satisfies Record<string, VersionDocument>;
}

/** The Image API's document at `/image`. */
export function imageDiscovery(ids: readonly string[]) {
  const body: VersionDocument["body"] = ({ root }) => ({
    versions: ids.map((id, index) => ({
      id,
      status: index === 0 ? "CURRENT" : "SUPPORTED",
      links: [{ rel: "self", href: `${root}/` }],
    })),
  });
  return { unversioned: { status: 300, body } } satisfies Record<string, VersionDocument>;
}

/** The Network API's documents at `/network` and `/network/v2.0`. */
export function networkDiscovery() {
  return {
    unversioned: {
      status: 200,
      body: ({ root }) => ({
        versions: [{ id: "v2.0", status: "CURRENT", links: [{ rel: "self", href: `${root}/` }] }],
      }),
    },
    versioned: { status: 200, body: () => ({ resources: [] }) },
  } satisfies Record<string, VersionDocument>;
}
