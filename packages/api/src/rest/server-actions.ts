import { type ApiFault, declareRoute, isApiFault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { consoleOutputBody, rebootBody, startBody, stopBody } from "../schemas/server-actions.js";
import type { ServerManager } from "../servers/server-manager.js";
import type { ServerLookup } from "./server-lookup.js";

const action = { method: "POST", path: "/servers/{server_id}/action", errors: [409] } as const;

const start = declareRoute({
  ...action,
  action: "os-start",
  policy: "os_compute_api:servers:start",
  body: startBody,
  replies: { 202: null },
});

const stop = declareRoute({
  ...action,
  action: "os-stop",
  policy: "os_compute_api:servers:stop",
  body: stopBody,
  replies: { 202: null },
});

const reboot = declareRoute({
  ...action,
  action: "reboot",
  policy: "os_compute_api:servers:reboot",
  body: rebootBody,
  replies: { 202: null },
});

const consoleOutput = declareRoute({
  ...action,
  action: "os-getConsoleOutput",
  policy: "os_compute_api:os-console-output",
  body: consoleOutputBody,
  replies: { 200: z.object({ output: z.string() }) },
  errors: [409, 501],
});

/** What can be done to a server that is there. */
export class ServerActionsController {
  constructor(
    private readonly servers: ServerLookup,
    private readonly manager: ServerManager,
  ) {}

  @route(start)
  async start(request: RouteRequest<typeof start>): Promise<Reply<typeof start>> {
    const server = await this.servers.find(request, request.params.server_id, start.policy);
    return accepted(await this.manager.start(request.context, { server }));
  }

  @route(stop)
  async stop(request: RouteRequest<typeof stop>): Promise<Reply<typeof stop>> {
    const server = await this.servers.find(request, request.params.server_id, stop.policy);
    return accepted(await this.manager.stop(request.context, { server }));
  }

  @route(reboot)
  async reboot(request: RouteRequest<typeof reboot>): Promise<Reply<typeof reboot>> {
    const server = await this.servers.find(request, request.params.server_id, reboot.policy);
    const type = request.body.reboot.type.toUpperCase() === "HARD" ? "HARD" : "SOFT";
    return accepted(await this.manager.reboot(request.context, { server, type }));
  }

  @route(consoleOutput)
  async consoleOutput(request: RouteRequest<typeof consoleOutput>): Promise<Reply<typeof consoleOutput>> {
    const server = await this.servers.find(request, request.params.server_id, consoleOutput.policy);
    const asked = request.body["os-getConsoleOutput"]?.length;
    const length = asked === undefined || asked === null || Number(asked) < 0 ? null : Number(asked);
    const output = await this.manager.consoleOutput(request.context, server, length);
    return isApiFault(output) ? output : { status: 200, body: { output: printable(output) } };
  }
}

function accepted(refusal: ApiFault | undefined): ApiFault | { status: 202 } {
  return refusal ?? { status: 202 };
}

/** A console may write anything; what no text should hold is left out. */
function printable(output: string): string {
  return output.replace(/[^\P{Cc}\t\n]/gu, "");
}
