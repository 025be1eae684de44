// Decorators come from plugin-api; core hands them on for authors of services.
export * from "@kilonova/plugin-api";
export { adminAddress } from "./admin/admin-address.js";
export { Health, type Readiness } from "./admin/health.js";
export { Container, type MadeObject } from "./container/container.js";
export { endpointOf } from "./container/explorer.js";
export { ObjectLoader } from "./container/object-loader.js";
export { checkDeclaredOptions } from "./declared-options.js";
export type { HookCount } from "./hooks/entered-hook.js";
export { type HookListWorld, type HookPointRow, type HookRow, hookList, loadHookPoints } from "./hooks/hook-list.js";
export { cloudHookPoints, type HookPoint, HookPoints, hookPointsOf, hookPointsOfModule } from "./hooks/hook-points.js";
export { type HookCountAtPoint, type HookSummary, Hooks } from "./hooks/hooks.js";
export { loadTransport } from "./load-transport.js";
export { KeyedMutex } from "./locks/keyed-mutex.js";
export { type HeldLock, LOCKS, type Locks } from "./locks/locks.js";
export { type ProcessLogger, processLogger } from "./logging.js";
export { LoopWatch, type LoopWatchSettings } from "./loop-watch/loop-watch.js";
export { watchedCommand } from "./loop-watch/watched-command.js";
export { METRICS, type MetricGroup, type MetricSample, type Metrics, noMetrics } from "./metrics/metrics.js";
export { NotificationCenter, type NotificationCenterSettings } from "./notifications/notification-center.js";
export type { NotificationOutlet, NotifierCount } from "./notifications/notification-queue.js";
export {
  adminOptions,
  hooksOptions,
  logOptions,
  notificationsOptions,
  pluginsOptions,
  servicegroupOptions,
  serviceOptions,
  tracingOptions,
  transportOptions,
} from "./options.js";
export * from "./plugins/index.js";
export { beginProcess, type ProcessBeginning } from "./process/begin-process.js";
export { exitCodeOf } from "./process/exit-code.js";
export { keepWorkers, type PrimaryProcess, workersWanted } from "./process/keep-workers.js";
export { endProcess } from "./process/process-end.js";
export { onSignals, type SignalHandlers } from "./process/process-signals.js";
export { programName } from "./process/program.js";
export { type RunServiceSettings, runService } from "./process/run-service.js";
export { StartInterruption } from "./process/start-interruption.js";
export { type ProcessWork, untilStopped, type WorkingProcess } from "./process/until-stopped.js";
export { isWorkerProcess, reportReady, type WorkerReady } from "./process/worker-process.js";
export { RUNTIME_GROUPS, Runtime, type RuntimeSettings, type StateFactory } from "./runtime.js";
export { PeriodicTasks } from "./service/periodic-tasks.js";
export { RecordServiceGroup } from "./service/record-service-group.js";
export { Service } from "./service/service.js";
export { SERVICE_RECORDS, type ServiceRecords, type ServiceRegistration } from "./service/service-records.js";
export type { ServiceSettings } from "./service/service-settings.js";
export { type Pin, ServiceVersions, type VersionsWorld } from "./service/service-versions.js";
export { leavingStep } from "./service/way-out.js";
export { conductorState } from "./state/conductor-state.js";
export type { FrameworkState } from "./state/framework-state.js";
export { memoryState } from "./state/memory-state.js";
export { isUnanswered, patientCall, STEP_DEADLINE } from "./time/patient-call.js";
export { inSpan, isTraced } from "./tracing/span.js";
export { Weaver } from "./weaver.js";
