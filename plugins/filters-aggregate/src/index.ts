export { AggregateImagePropertiesIsolation } from "./aggregate-image-properties-isolation.js";
export { AggregateInstanceExtraSpecsFilter } from "./aggregate-instance-extra-specs-filter.js";
export { AggregateIoOpsFilter } from "./aggregate-io-ops-filter.js";
export { AggregateMultiTenancyIsolation } from "./aggregate-multi-tenancy-isolation.js";
export { AggregateNumInstancesFilter } from "./aggregate-num-instances-filter.js";
export { AggregateTypeAffinityFilter } from "./aggregate-type-affinity-filter.js";
export { AvailabilityZoneFilter } from "./availability-zone-filter.js";
export { filtersAggregateOptions } from "./options.js";
