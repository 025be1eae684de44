export { capacityOf, freeAt, isUnitOf, usedAt } from "./capacity.js";
export { hasRoom, type Lack, lacksOf } from "./lack.js";
export { allocationsAt, type Candidate, ProviderIndex } from "./provider-index.js";
export type { ResourceRequest } from "./resource-request.js";
export { withTaken } from "./taken.js";
