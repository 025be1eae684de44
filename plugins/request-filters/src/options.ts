import { optionGroup } from "@kilonova/plugin-api";
import { z } from "zod";

const off = (what: string) => z.boolean().default(false).meta({ mutable: true }).describe(what);

export const requestFiltersOptions = optionGroup(
  "requestFilters",
  z.object({
    limitTenantsToPlacementAggregate: off(
      "A project's servers go only to hosts of aggregates whose metadata filter_tenant_id… is the project; one that has none goes anywhere.",
    ),
    placementAggregateRequiredForTenants: off(
      "Along with limitTenantsToPlacementAggregate: a project that has no such aggregate gets no servers.",
    ),
    queryPlacementForImageTypeSupport: off(
      "Servers go only to hosts that say they take images in their image's format.",
    ),
    enableIsolatedAggregateFiltering: off(
      "Aggregates with metadata trait:NAME=required take only servers whose flavor or image asks for that trait.",
    ),
    imageMetadataPrefilter: off(
      "Servers go only to hosts that say they have the devices and the architecture that image properties name.",
    ),
    queryPlacementForRoutedNetworkAggregates: off(
      "Servers go only to hosts of their network's segments. As long as networks have no segments it changes nothing.",
    ),
    requireOwnerNova: off("Servers go only to providers with trait OWNER_NOVA: to those that computes made."),
  }),
);
