import type { BootstrapEndpoint, BootstrapRequest, BootstrapUser } from "./bootstrap.js";
import type { IdentityOptions } from "./options.js";

/** The types and names that clients look services up by in a catalog. */
const SERVICES = {
  identity: { type: "identity", name: "keystone" },
  image: { type: "image", name: "glance" },
  network: { type: "network", name: "neutron" },
  compute: { type: "compute", name: "nova" },
} as const;

type ServiceName = keyof typeof SERVICES;

/** What the options say is to be there: users whose password is set, services whose address is. */
export function bootstrapRequestOf(options: IdentityOptions): BootstrapRequest {
  return { users: usersOf(options), region: options.region, endpoints: endpointsOf(options) };
}

function usersOf({ adminPassword, userPassword }: IdentityOptions): readonly BootstrapUser[] {
  const users: BootstrapUser[] = [];
  if (adminPassword !== undefined) {
    users.push({ name: "admin", password: adminPassword, projectName: "admin", roles: ["admin", "member", "reader"] });
  }
  if (userPassword !== undefined) {
    users.push({ name: "kilonova", password: userPassword, projectName: "kilonova", roles: ["member", "reader"] });
  }
  return users;
}

function endpointsOf({ endpoints }: IdentityOptions): readonly BootstrapEndpoint[] {
  return (Object.keys(SERVICES) as readonly ServiceName[]).flatMap((service) => {
    const url = endpoints[service];
    return url === undefined ? [] : [{ ...SERVICES[service], url }];
  });
}
