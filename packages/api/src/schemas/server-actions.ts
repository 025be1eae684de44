import { z } from "zod";
import { integer } from "./parameter-types.js";

/** Bodies of `POST /servers/{id}/action`, by action. */
export const startBody = z.strictObject({ "os-start": z.unknown() });
export const stopBody = z.strictObject({ "os-stop": z.unknown() });
export const rebootBody = z.strictObject({
  reboot: z.strictObject({ type: z.enum(["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]) }),
});
export const consoleOutputBody = z.strictObject({
  "os-getConsoleOutput": z.strictObject({ length: integer(-1).nullable().optional() }).nullable(),
});
