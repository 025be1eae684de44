import { apiOptions, quotaOptions } from "@kilonova/api";
import { computeOptions, imageClientOptions } from "@kilonova/compute";
import { conductorOptions } from "@kilonova/conductor";
import type { OptionGroup } from "@kilonova/config";
import { RUNTIME_GROUPS } from "@kilonova/core";
import { databaseOptions } from "@kilonova/database";
import { identityOptions } from "@kilonova/identity";
import { imageOptions } from "@kilonova/image";
import { networkOptions } from "@kilonova/network";
import { placementOptions } from "@kilonova/placement";
import { schedulerOptions } from "@kilonova/scheduler";
import { httpOptions } from "./options.js";

/** The option groups of all that is in the box, plugins apart: every process knows them, whatever it runs. */
export const IN_BOX_GROUPS: readonly OptionGroup[] = [
  ...RUNTIME_GROUPS,
  databaseOptions,
  httpOptions,
  identityOptions,
  imageOptions,
  placementOptions,
  networkOptions,
  schedulerOptions,
  conductorOptions,
  computeOptions,
  imageClientOptions,
  apiOptions,
  quotaOptions,
];
