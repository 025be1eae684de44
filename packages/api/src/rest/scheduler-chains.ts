import { type SchedulerChain, schedulerChainSchema, schedulerContract } from "@kilonova/contracts";
import { declareRoute, type Reply, type RouteRequest, route } from "@kilonova/http";
import type { RequestContext, Rpc, RpcClient } from "@kilonova/messaging";
import { z } from "zod";
import type { ComputeServices } from "../hosts/compute-services.js";

/** Milliseconds that a scheduler has to answer. */
const PATIENCE = 3_000;

const list = declareRoute({
  method: "GET",
  path: "/kilonova/scheduler/chains",
  policy: "kilonova:scheduler:chains",
  replies: {
    200: z.object({
      chains: z.array(schedulerChainSchema),
      /** Hosts of schedulers that live and did not answer. */
      silent: z.array(z.string()),
      /** False where two that answered run something different. */
      agree: z.boolean(),
    }),
  },
});

/** By which rules the schedulers decide at this moment: each that lives is asked. */
export class SchedulerChainsController {
  readonly #schedulers: RpcClient<typeof schedulerContract>;

  constructor(
    private readonly services: ComputeServices,
    rpc: Rpc,
  ) {
    this.#schedulers = rpc.client(schedulerContract);
  }

  @route(list)
  async list({ context }: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const hosts = (await this.services.all())
      .filter(({ service, up }) => service.topic === "scheduler" && up)
      .map(({ service }) => service.host);
    const answers = await Promise.all(hosts.map((host) => this.#ask(context, host)));
    const chains = answers.filter((answer) => answer !== undefined);
    const silent = hosts.filter((_, index) => answers[index] === undefined);
    const agree = new Set(chains.map(({ digest }) => digest)).size <= 1;
    return { status: 200, body: { chains, silent, agree } };
  }

  /** Undefined where it does not answer, for whatever reason: that it is silent is what there is to tell. */
  async #ask(context: RequestContext, host: string): Promise<SchedulerChain | undefined> {
    try {
      return await this.#schedulers.prepare({ server: host }).call.chain(context.within(PATIENCE));
    } catch {
      return undefined;
    }
  }
}
