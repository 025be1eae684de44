import type { ToldRights } from "@kilonova/deployment";
import { styled, type Terminal } from "../terminal.js";

/** For people. */
export function printRights({ vhost, rights }: ToldRights, terminal: Terminal): void {
  terminal.print(`In virtual host ${vhost}; \`--commands\` prints it for rabbitmqctl.`);
  for (const { user, configure, write, read, topics } of rights) {
    terminal.print("");
    terminal.print(styled(terminal, "heading", user));
    for (const [what, pattern] of Object.entries({ configure, write, read })) {
      terminal.print(`  ${what.padEnd(9)}  ${pattern}`);
    }
    for (const topic of topics) {
      terminal.print(`  through ${topic.exchange}`);
      for (const [what, pattern] of Object.entries({ write: topic.write, read: topic.read })) {
        terminal.print(`    ${what.padEnd(7)}  ${pattern}`);
      }
    }
  }
}

/** As RabbitMQ's definitions, for `rabbitmqctl import_definitions`. The users must be there. */
export function rightsAsDefinitions({ vhost, rights }: ToldRights): object {
  return {
    permissions: rights.map(({ user, configure, write, read }) => ({ user, vhost, configure, write, read })),
    topic_permissions: rights.flatMap(({ user, topics }) =>
      topics.map(({ exchange, write, read }) => ({ user, vhost, exchange, write, read })),
    ),
  };
}

/** As commands for a shell. The users must be there. */
export function rightsAsCommands({ vhost, rights }: ToldRights): readonly string[] {
  const command = (name: string, ...words: readonly string[]) =>
    ["rabbitmqctl", name, "-p", ...[vhost, ...words].map(shellWord)].join(" ");
  return rights.flatMap(({ user, configure, write, read, topics }) => [
    command("set_permissions", user, configure, write, read),
    ...topics.map((topic) => command("set_topic_permissions", user, topic.exchange, topic.write, topic.read)),
  ]);
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
