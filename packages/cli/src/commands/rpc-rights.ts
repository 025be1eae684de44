import { Command } from "commander";
import type { CommandWorld } from "../command-world.js";

interface Flags {
  readonly host: readonly string[];
  readonly together: readonly string[];
  readonly json?: boolean;
  readonly commands?: boolean;
}

/** `kilonova rpc permissions`: what the broker user of each process needs. */
export function permissionsCommand({ argv, terminal }: CommandWorld): Command {
  return new Command("permissions")
    .description(
      "Print what the broker user of each service, of each host's compute, and of the operator must be allowed.",
    )
    .option("--host <name>", "a host that runs a compute; may be said again", collect, [])
    .option("--together <user=service,…>", "services that share a process and its user; may be said again", collect, [])
    .option("--commands", "print them as commands for rabbitmqctl")
    .option("--json", "print JSON, as `rabbitmqctl import_definitions` takes it")
    .addHelpText(
      "after",
      `
Users must be there before: rabbitmqctl add_user compute.node1 (it asks for the password).

Example:
  kilonova rpc permissions --host node1 --host node2 --together control=identity,image,placement,network --commands`,
    )
    .action(async ({ host: hosts, together, json, commands }: Flags, command: Command) => {
      if (json && commands) command.error("error: say --json or --commands, not both");
      const { brokerRightsOf } = await import("@kilonova/deployment");
      const told = await brokerRightsOf(argv, { hosts, together: togetherOf(together, command) });
      const { printRights, rightsAsCommands, rightsAsDefinitions } = await import("../rpc/print-rights.js");
      if (json) return terminal.print(JSON.stringify(rightsAsDefinitions(told), null, 2));
      if (!commands) return printRights(told, terminal);
      for (const line of rightsAsCommands(told)) terminal.print(line);
    });
}

/** `kilonova rpc declare`: once, before the first compute whose user may not declare what all share. */
export function declareCommand({ argv, terminal }: CommandWorld): Command {
  return new Command("declare")
    .description(
      "Declare at the broker what the services share: users that are bound to a host may not. Safe to repeat.",
    )
    .argument("[topic...]", "of these topics; else of all services in the box")
    .addHelpText("after", "\nExample:\n  kilonova rpc declare --config-file /etc/kilonova/operator.config.yaml")
    .action(async (chosen: readonly string[]) => {
      const { declareTopics, TOPICS } = await import("@kilonova/deployment");
      const topics = chosen.length > 0 ? chosen : TOPICS;
      await declareTopics(argv, topics);
      terminal.print(`Declared: ${topics.join(", ")}.`);
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function togetherOf(said: readonly string[], command: Command): ReadonlyMap<string, readonly string[]> {
  return new Map(
    said.map((text) => {
      const [, user, services] = /^([^=.]+)=(.+)$/.exec(text) ?? [];
      if (user === undefined || services === undefined)
        command.error(`error: --together ${text} is not of the form user=service,service (no dot in the user's name)`);
      return [user, services.split(",")] as const;
    }),
  );
}
