import type { DeadLetter, DeadLetters } from "@kilonova/messaging";
import { Command } from "commander";
import type { CommandWorld } from "../command-world.js";
import { declareCommand, permissionsCommand } from "./rpc-rights.js";

interface Flags {
  readonly topic?: string;
  readonly json?: boolean;
}

/** So many letters of a topic are looked at; a dead queue is no longer. */
const MOST = 10_000;
const EXAMPLE = "kilonova rpc dead list --config-file /etc/kilonova/kilonova.config.yaml";

/** `kilonova rpc dead | permissions | declare`. */
export function rpcCommand(world: CommandWorld): Command {
  const dead = new Command("dead")
    .description("Look into the casts that failed too often, or that nobody understood, and deal with them.")
    .addHelpText("after", `\nExample:\n  ${EXAMPLE}`);
  for (const make of [listCommand, showCommand, retryCommand, dropCommand]) dead.addCommand(make(world));
  return new Command("rpc")
    .description("Look after the messages between services.")
    .addHelpText("after", `\nExample:\n  ${EXAMPLE}`)
    .addCommand(dead)
    .addCommand(permissionsCommand(world))
    .addCommand(declareCommand(world));
}

function listCommand({ argv, terminal }: CommandWorld): Command {
  return withTopic(new Command("list"))
    .description("List dead letters, the oldest first.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  kilonova rpc dead list --topic compute")
    .action(async (flags: Flags) => {
      const { printDeadLetters } = await import("../rpc/print-dead-letters.js");
      const { toldLetter } = await import("../rpc/told-letter.js");
      const told = (await found(argv, flags)).map(toldLetter);
      if (flags.json) return terminal.print(JSON.stringify(told, null, 2));
      printDeadLetters(told, terminal);
    });
}

function showCommand({ argv, terminal }: CommandWorld): Command {
  return withTopic(new Command("show"))
    .description("Show one with its arguments; what looks like a secret is masked.")
    .argument("<id>", "as `list` shows it")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  kilonova rpc dead show 0f6f6a3e-8a0e-4f0c-9d3e-5a8b0e7a2c11")
    .action(async (id: string, flags: Flags) => {
      const { printDeadLetter } = await import("../rpc/print-dead-letters.js");
      const { toldLetter } = await import("../rpc/told-letter.js");
      const letter = (await found(argv, flags)).find((each) => each.id === id);
      if (!letter) throw await noSuchLetter(id);
      const told = toldLetter(letter);
      if (flags.json) return terminal.print(JSON.stringify(told, null, 2));
      printDeadLetter(told, terminal);
    });
}

function retryCommand(world: CommandWorld): Command {
  return dealingCommand(world, "retry", "Cast dead letters again, as if they had never been delivered.", {
    deal: (letters, { address, id }) => letters.retry(address.topic, id),
    done: (count) => `${count} cast again.`,
  });
}

function dropCommand(world: CommandWorld): Command {
  return dealingCommand(world, "drop", "Throw dead letters away.", {
    deal: (letters, { address, id }) => letters.drop(address.topic, id),
    done: (count) => `${count} thrown away.`,
  });
}

interface Dealing {
  readonly deal: (letters: DeadLetters, letter: DeadLetter) => Promise<boolean>;
  readonly done: (count: number) => string;
}

function dealingCommand(
  { argv, terminal }: CommandWorld,
  name: string,
  description: string,
  { deal, done }: Dealing,
): Command {
  return withTopic(new Command(name))
    .description(description)
    .argument("[id...]", "as `list` shows them")
    .option("--all", "all that there are now")
    .addHelpText("after", `\nExample:\n  kilonova rpc dead ${name} --all --topic compute`)
    .action(async (ids: readonly string[], flags: Flags & { readonly all?: boolean }, command: Command) => {
      if ((flags.all ?? false) === ids.length > 0) command.error(`error: name letters by their ids, or say --all`);
      const { withDeadLetters, listDeadLetters } = await import("@kilonova/deployment");
      const topics = await topicsOf(flags);
      const dealt = await withDeadLetters(argv, async (letters) => {
        const all = await listDeadLetters(letters, topics, MOST);
        const missing = ids.find((id) => all.every((letter) => letter.id !== id));
        if (missing !== undefined) throw await noSuchLetter(missing);
        const chosen = flags.all ? all : all.filter(({ id }) => ids.includes(id));
        let count = 0;
        for (const letter of chosen) if (await deal(letters, letter)) count++;
        return count;
      });
      terminal.print(done(dealt));
    });
}

async function found(argv: readonly string[], flags: Flags): Promise<readonly DeadLetter[]> {
  const { withDeadLetters, listDeadLetters } = await import("@kilonova/deployment");
  const topics = await topicsOf(flags);
  return withDeadLetters(argv, (letters) => listDeadLetters(letters, topics, MOST));
}

async function topicsOf({ topic }: Flags): Promise<readonly string[]> {
  const { TOPICS } = await import("@kilonova/deployment");
  return topic === undefined ? TOPICS : [topic];
}

function withTopic(command: Command): Command {
  return command.option("--topic <topic>", "of this topic; else of all services in the box");
}

async function noSuchLetter(id: string): Promise<Error> {
  const { KilonovaError } = await import("@kilonova/messaging");
  return new KilonovaError(
    "cloud.refused",
    `There is no dead letter ${id}; \`kilonova rpc dead list\` shows those there are.`,
  );
}
