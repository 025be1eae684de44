export { AuditHook } from "./audit-hook.js";
export { auditOptions } from "./options.js";
