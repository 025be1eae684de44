export type { Candidate } from "./candidate.js";
export { capacityOf, freeAt, isUnitOf, usedAt } from "./capacity.js";
export { type CompiledRequest, flatRequest } from "./compiled-request.js";
export { SHARES_VIA_AGGREGATE } from "./forest.js";
export type { Lack } from "./lack.js";
export { type CandidatesAtOptions, type CandidatesOptions, type Overrides, ProviderIndex } from "./provider-index.js";
export { withTaken } from "./taken.js";
