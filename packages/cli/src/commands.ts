import type { Command } from "commander";
import type { CommandWorld } from "./command-world.js";
import { configCommand } from "./commands/config.js";
import { dbCommand } from "./commands/db.js";
import { downCommand } from "./commands/down.js";
import { hooksCommand } from "./commands/hooks.js";
import { pluginCommand } from "./commands/plugin-create.js";
import { pluginsCommand } from "./commands/plugins.js";
import { rpcCommand } from "./commands/rpc.js";
import { schedulerCommand } from "./commands/scheduler.js";
import { serveCommand } from "./commands/serve.js";
import { statusCommand } from "./commands/status.js";
import { upCommand } from "./commands/up.js";

/**
 * Every command, in the order of the help. All are made at each run, so a command's module imports what it works with
 * inside its action: the services take a second to load, which `--version` or a mistyped flag should not cost.
 */
export const COMMANDS: readonly ((world: CommandWorld) => Command)[] = [
  upCommand,
  downCommand,
  serveCommand,
  statusCommand,
  dbCommand,
  configCommand,
  pluginCommand,
  pluginsCommand,
  hooksCommand,
  schedulerCommand,
  rpcCommand,
];
