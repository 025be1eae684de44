#!/usr/bin/env node
import { exitCodeOf, messageOf, RequestContext, Runtime } from "@kilonova/core";
import { exampleContract } from "./contract.js";

// example-client greet NAME | rename NAME | report
try {
  const runtime = await Runtime.create({ program: "example-client", places: [import.meta.url] });
  try {
    const [command = "report", name = "world"] = runtime.configuration.rest;
    console.log(JSON.stringify(await answer(runtime, command, name)));
  } finally {
    await runtime.close();
  }
} catch (error) {
  console.error(`example-client: ${messageOf(error)}`);
  process.exitCode = exitCodeOf(error);
}

async function answer(runtime: Runtime, command: string, name: string): Promise<unknown> {
  const { call } = runtime.rpc.client(exampleContract);
  const context = new RequestContext();
  if (command === "greet") return call.greet(context, { name });
  if (command === "report") return call.report(context);
  if (command !== "rename") throw new Error(`there is no command "${command}": greet NAME, rename NAME or report`);
  const renamed = await call.rename(context, { name });
  return renamed.ok ? renamed.value : `${renamed.refusal}: ${renamed.details.name}`;
}
