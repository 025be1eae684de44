import { RequestFilter, type RequestRefusal, type RequestSpec, type ResourceRequestDraft } from "@kilonova/plugin-api";

const ZONE_KEY = "availability_zone";

/**
 * Asks for the aggregates that make up the availability zone. The default zone, where no aggregate is called so, is all
 * hosts that no aggregate puts into a zone.
 */
export class MapAzToAggregate extends RequestFilter {
  override amend({ availabilityZone: zone }: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
    if (!zone) return undefined;
    const zoned = draft.aggregates.filter(({ metadata }) => Object.hasOwn(metadata, ZONE_KEY));
    const own = zoned.filter(({ metadata }) => metadata[ZONE_KEY] === zone);
    const words = `are outside zone ${zone}`;
    if (own.length > 0) draft.requireAggregate(uuidsOf(own), words);
    else if (zone !== draft.defaultAvailabilityZone) {
      return { code: "no-such-zone", words: `there is no availability zone ${zone}` };
    } else if (zoned.length > 0) draft.forbidAggregate(uuidsOf(zoned), words);
    return undefined;
  }
}

function uuidsOf(aggregates: ResourceRequestDraft["aggregates"]): readonly string[] {
  return aggregates.map(({ uuid }) => uuid);
}
