export {
  type ClientTls,
  clientTls,
  type Duration,
  duration,
  hasTlsFiles,
  milliseconds,
  type OptionGroup,
  type Options,
  objectPath,
  optionGroup,
  tlsClientFiles,
} from "@kilonova/config";
export * from "@kilonova/contracts";
export {
  type Args,
  type Handlers,
  isKilonovaError,
  KilonovaError,
  messageOf,
  method,
  type Outcome,
  ok,
  RequestContext,
  type Result,
  type RpcClient,
  type RpcContract,
  refused,
  rpcContract,
  since,
} from "@kilonova/messaging";
export { Authenticator, type RequestHeaders } from "./authenticator.js";
export { CLOCK, type Clock, systemClock } from "./clock.js";
export {
  CLOUD_HOOK_POINTS,
  guestDestroy,
  guestPowerOff,
  guestPowerOn,
  guestReboot,
  schedulerSelectDestinations,
  serverBuild,
  serverCreate,
  serverDelete,
  serverNetworkInfo,
  serverReboot,
  serverStart,
  serverStop,
} from "./cloud-hook-points.js";
export {
  CLOUD_NOTIFICATIONS,
  INSTANCE_NOTIFICATIONS,
  type InstanceNotifications,
  rpcError,
  serviceDegraded,
} from "./cloud-notifications.js";
export { DRIVER_STATE, type DriverState, type DriverValue } from "./driver-state.js";
export { type ExtraSpecRequirement, extraSpecRequirement } from "./extra-spec-operators.js";
export {
  type Hook,
  type HookAt,
  type HookableMethod,
  type HookEntry,
  type HookEvent,
  type HookMark,
  hook,
  hooksOf,
  type PreAnswer,
} from "./hook.js";
export {
  type HookPointDeclaration,
  type HookPointSpec,
  hookPoint,
  isHookPoint,
  type PayloadAt,
  type ResultAt,
} from "./hook-point.js";
export { HostFilter, type HostNarrowing, type HostRefusal, type HostVerdict, type Outlook } from "./host-filter.js";
export { aggregateValues, freeOf, type HostState, type ResourceState } from "./host-state.js";
export { HostWeigher } from "./host-weigher.js";
export { type HttpFetch, type HttpRequest, httpFetch } from "./http-fetch.js";
export { type ByteRange, ImageStore, type StoredImage } from "./image-store.js";
export { type Inbox, inboxOf } from "./inbox.js";
export {
  constructedBy,
  driver,
  drivers,
  type Injection,
  inject,
  injectionsOf,
  options,
  optionsToken,
} from "./inject.js";
export { lockFence, withLockFence } from "./lock-fence.js";
export { LOGGER, type LogFields, type Logger, silentLogger } from "./logger.js";
export {
  contractOf,
  type DueTasks,
  endpoint,
  Manager,
  manager,
  type PeriodicTaskMark,
  type PeriodicTaskSpec,
  periodicTask,
  periodicTasksOf,
  rpcInboxesOf,
  rpcMethod,
  rpcMethodsOf,
} from "./manager.js";
export type { Constructor } from "./metadata.js";
export { NAMED_RATIO, namedRatios } from "./named-ratios.js";
export { NetworkDriver, type PluggedVif } from "./network-driver.js";
export { NetworkManager } from "./network-manager.js";
export {
  isNotificationType,
  NOTIFICATIONS,
  type Notification,
  type NotificationPriority,
  type Notifications,
  type NotificationType,
  notificationType,
} from "./notification.js";
export { Notifier } from "./notifier.js";
export {
  isOfKind,
  isPluginKind,
  PLUGIN_KIND,
  PLUGIN_KINDS,
  type PluginKind,
  type PluginTag,
  pluginTagOf,
} from "./plugin-kind.js";
export { type PluginManifest, pluginManifestSchema } from "./plugin-manifest.js";
export { RequestFilter, type RequestRefusal, type ResourceRequestDraft } from "./request-filter.js";
export { BASE_DIRECTORY, HOST, RPC } from "./runtime-tokens.js";
export {
  CLAIMS,
  type Claims,
  HOST_STATES,
  type HostStates,
  SchedulerDriver,
  type SelectDestinations,
  type SelectedDestinations,
  type ServerClaim,
} from "./scheduler-driver.js";
export type { SchedulingRequest } from "./scheduling-request.js";
export { ServiceGroupDriver } from "./service-group-driver.js";
export {
  type LockName,
  type SynchronizedMark,
  type SynchronizedSpec,
  synchronized,
  synchronizedMethodsOf,
} from "./synchronized.js";
export { describeToken, driverToken, readDriverToken, type Token, token } from "./token.js";
export {
  type GuestEvent,
  type GuestImage,
  type GuestSpec,
  type HypervisorResources,
  type ImageSource,
  type PowerOffOptions,
  VirtDriver,
} from "./virt-driver.js";
