import { Command } from "commander";
import type { CommandWorld } from "../command-world.js";
import { stopwatch } from "../terminal.js";

/** `kilonova db migrate | status`: the schemas and roles of a cloud's database. */
export function dbCommand(world: CommandWorld): Command {
  const migrate = new Command("migrate")
    .description("Bring every schema to this release, and make the roles that own them.")
    .addHelpText("after", "\nExample:\n  kilonova db migrate --config-file /etc/kilonova/kilonova.config.yaml")
    .action(async () => {
      const { migrateDatabase } = await import("@kilonova/deployment");
      const applied = await migrateDatabase({ argv: world.argv, onProgress: stopwatch(world.terminal) });
      world.terminal.print(applied === 0 ? "Everything was up to date." : `${applied} migrations were applied.`);
    });
  const status = new Command("status")
    .description("Show which migrations each schema has, and which it lacks.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  kilonova db status --json")
    .action(async (flags: { readonly json?: boolean }) => {
      const { migrationStatus } = await import("@kilonova/deployment");
      const rows = await migrationStatus({ argv: world.argv });
      if (flags.json) return world.terminal.print(JSON.stringify(rows, null, 2));
      for (const { owner, id, state } of rows) world.terminal.print(`${owner.padEnd(12)} ${id.padEnd(36)} ${state}`);
    });
  return new Command("db")
    .description("Look after the database of services that run by `kilonova serve`.")
    .addHelpText("after", "\nExample:\n  kilonova db migrate && kilonova db status")
    .addCommand(migrate)
    .addCommand(status);
}
