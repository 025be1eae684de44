import {
  flavorSchema,
  identifier,
  networkInfoSchema,
  requestedNetworksSchema,
  schedulerContract,
  serverSchema,
} from "@kilonova/contracts";
import { z } from "zod";
import { type HookPointDeclaration, hookPoint } from "./hook-point.js";

/** A server as hooks see it: what a user knows of it, and where it is. */
const server = serverSchema.pick({
  id: true,
  name: true,
  projectId: true,
  userId: true,
  flavor: true,
  imageId: true,
  metadata: true,
  vmState: true,
  powerState: true,
  /** Null until a host has been found for it. */
  host: true,
  availabilityZone: true,
  createdAt: true,
});

const metadata = z.record(z.string().min(1).max(255), z.string().max(255));

/** What the user is told in place of what they asked for: an HTTP status, and words. */
const fault = z.object({ status: z.number().int(), message: z.string() });

/** Undefined where the request was accepted. */
const accepted = fault.optional();

const asked = z.object({ server });

/** A step of an operation at the host of its server. It may come again: a step that was cut short is begun anew. */
const step = z.object({ operationId: identifier, server });

/** A user asks for servers; nothing has been written yet. `post` comes when they are to be made, not when they run. */
export const serverCreate = hookPoint("server.create", {
  description: "A user asks for new servers. A veto is a 403 in its words.",
  version: "1.0",
  stability: "stable",
  payload: z.object({
    /** Each gets a number behind it where there are several. */
    name: z.string().min(1).max(255),
    description: z.string().max(255).nullable(),
    flavor: flavorSchema,
    imageId: identifier,
    networks: requestedNetworksSchema,
    metadata,
    /** Scheduler hints. */
    hints: z.record(z.string(), z.unknown()),
    availabilityZone: z.string().nullable(),
    keyName: z.string().optional(),
    /** So many have to be made, or none. */
    minCount: z.number().int().positive(),
    /** So many are made where the quota has room. */
    maxCount: z.number().int().positive(),
  }),
  amendable: ["name", "description", "metadata", "networks", "hints"],
  result: z.union([z.object({ servers: z.array(server) }), fault]),
});

/** A user asks for a server to be deleted. */
export const serverDelete = hookPoint("server.delete", {
  description: "A user asks for a server to be deleted. A veto is a 403 in its words.",
  version: "1.0",
  stability: "stable",
  payload: asked,
  result: accepted,
});

/** A user asks for a server to be started. */
export const serverStart = hookPoint("server.start", {
  description: "A user asks for a server to be started. A veto is a 403 in its words.",
  version: "1.0",
  stability: "stable",
  payload: asked,
  result: accepted,
});

/** A user asks for a server to be stopped. */
export const serverStop = hookPoint("server.stop", {
  description: "A user asks for a server to be stopped. A veto is a 403 in its words.",
  version: "1.0",
  stability: "stable",
  payload: asked,
  result: accepted,
});

/** A user asks for a server to be rebooted. */
export const serverReboot = hookPoint("server.reboot", {
  description: "A user asks for a server to be rebooted. A veto is a 403 in its words.",
  version: "1.0",
  stability: "stable",
  payload: asked.extend({ type: z.enum(["SOFT", "HARD"]) }),
  result: accepted,
});

/** The host that was chosen makes the guest; `post` comes when it runs, with the interfaces that it got. */
export const serverBuild = hookPoint("server.build", {
  description: "A host makes the guest of a new server. A veto ends the server in error, its words are the fault.",
  version: "1.0",
  stability: "stable",
  payload: step,
  result: z.object({ networkInfo: networkInfoSchema }),
});

/** The interfaces and addresses of a server are got, within its build; `post` is told them. */
export const serverNetworkInfo = hookPoint("server.networkInfo", {
  description:
    "The interfaces and addresses of a new server are got. A veto ends the server in error, its words are the fault.",
  version: "1.0",
  stability: "stable",
  payload: step.extend({ networks: requestedNetworksSchema }),
  result: networkInfoSchema,
});

/** Hosts are sought and claimed for servers that one request spec describes. */
export const schedulerSelectDestinations = hookPoint("scheduler.selectDestinations", {
  description: "Hosts are sought for servers. A veto ends the servers in error, its words are the fault.",
  version: "1.0",
  stability: "stable",
  payload: schedulerContract.methods.selectDestinations.args,
  amendable: ["ignoredHosts"],
  result: z.union([
    z.object({ ok: z.literal(true), value: schedulerContract.methods.selectDestinations.result }),
    z.object({ ok: z.literal(false), refusal: z.string(), details: z.looseObject({}) }),
  ]),
});

/** A host removes a guest, with its interfaces, addresses and allocation. A veto leaves the server as it was. */
export const guestDestroy = hookPoint("guest.destroy", {
  description: "A host removes a server's guest and all that it has. A veto leaves the server as it was, with a fault.",
  version: "1.0",
  stability: "internal",
  payload: step,
});

export const guestPowerOn = hookPoint("guest.powerOn", {
  description: "A host starts a server's guest. A veto leaves the server as it was, with a fault.",
  version: "1.0",
  stability: "internal",
  payload: step,
});

export const guestPowerOff = hookPoint("guest.powerOff", {
  description: "A host stops a server's guest. A veto leaves the server as it was, with a fault.",
  version: "1.0",
  stability: "internal",
  payload: step,
});

export const guestReboot = hookPoint("guest.reboot", {
  description: "A host reboots a server's guest. A veto leaves the server as it was, with a fault.",
  version: "1.0",
  stability: "internal",
  payload: step,
});

/**
 * The hook points of the cloud that are more than an RPC method, each in one place of the code: `server.*` where a user
 * asks (api), but for `server.build` and `server.networkInfo`, which are, as `guest.*`, where the guest is (compute).
 * User, project and request id are in the event's context.
 */
export const CLOUD_HOOK_POINTS: readonly HookPointDeclaration[] = [
  serverCreate,
  serverDelete,
  serverStart,
  serverStop,
  serverReboot,
  serverBuild,
  serverNetworkInfo,
  guestDestroy,
  guestPowerOn,
  guestPowerOff,
  guestReboot,
  schedulerSelectDestinations,
];
