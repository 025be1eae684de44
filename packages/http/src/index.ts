export { ApiFault, type FaultDetails, fault, isApiFault } from "./api-fault.js";
export { type ByVersion, byVersion } from "./by-version.js";
export { computeDiscovery, identityDiscovery, imageDiscovery, networkDiscovery } from "./discovery.js";
export {
  computeFaults,
  type FaultFacts,
  type FaultStyle,
  identityFaults,
  imageFaults,
  networkFaults,
  placementFaults,
} from "./fault-style.js";
export { Links } from "./links.js";
export { Microversion, type MicroversionText, type VersionRange } from "./microversion.js";
export {
  admin,
  adminOrOwner,
  allOf,
  anyOf,
  anyone,
  authenticated,
  owner,
  type Policies,
  PolicyCheck,
  type PolicyRule,
  type PolicyTarget,
  role,
  self,
} from "./policy.js";
export {
  type AnyReply,
  type CheckedRequest,
  declareRoute,
  type HttpMethod,
  type Reply,
  type ReplySchema,
  type RouteMark,
  type RouteRequest,
  type RouteSpec,
  route,
  routesOf,
} from "./route.js";
export { TokenAuthenticator } from "./token-authenticator.js";
export {
  DEFAULT_BODY_LIMIT,
  type HealthStatus,
  type ServerTls,
  type WebAddress,
  WebListener,
  type WebListenerOptions,
} from "./web-listener.js";
export type {
  Microversions,
  UnroutedRequest,
  VersionDocument,
  WebService,
  WebServiceFactory,
} from "./web-service.js";
