#!/usr/bin/env node
import { serviceProgram } from "../main.js";

await serviceProgram("compute");
