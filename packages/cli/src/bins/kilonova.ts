#!/usr/bin/env node
import { programWith } from "../main.js";

await programWith("kilonova", process.argv.slice(2));
