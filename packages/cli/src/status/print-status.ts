import type { CloudStatus, OpenOperation, ServiceStatus } from "@kilonova/contracts";
import { counted } from "../scheduler/amounts.js";
import { type Column, printTable, type Row } from "../table.js";
import { styled, type Terminal } from "../terminal.js";

const SERVICES: readonly Column[] = [
  { title: "SERVICE" },
  { title: "HOST", shrinks: true },
  { title: "STATE" },
  { title: "VERSION" },
  { title: "LAST SEEN", align: "right" },
];

const OPERATIONS: readonly Column[] = [
  { title: "SERVER" },
  { title: "ACTION" },
  { title: "WAITS FOR", shrinks: true },
  { title: "SINCE", align: "right" },
  { title: "REQUEST", shrinks: true },
];

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000] as const;

/** What is wrong with a cloud. */
export interface Troubles {
  readonly down: readonly ServiceStatus[];
  readonly stuck: readonly OpenOperation[];
}

/** @param stuckAfter milliseconds after which an operation counts as stuck */
export function troublesOf({ services, operations }: CloudStatus, stuckAfter: number): Troubles {
  return { down: services.filter(({ up }) => !up), stuck: operations.filter(({ age }) => age >= stuckAfter) };
}

/** Every service, then the operations that are stuck, then the sum of it in a line. */
export function printStatus(status: CloudStatus, { down, stuck }: Troubles, terminal: Terminal): void {
  printTable(terminal, SERVICES, status.services.map(serviceRow));
  if (stuck.length > 0) {
    terminal.print("");
    printTable(terminal, OPERATIONS, stuck.map(operationRow));
  }
  terminal.print("");
  const { length } = status.services;
  const services = down.length === 0 ? `${counted(length, "service")}, all up` : `${down.length} of ${length} down`;
  const operations = `${counted(status.openOperations, "operation")} under way, ${stuck.length} stuck`;
  const isWell = down.length + stuck.length === 0;
  terminal.print(styled(terminal, isWell ? "good" : "bad", `${services}; ${operations}.`));
}

function serviceRow(service: ServiceStatus): Row {
  const { binary, host, up, version, silentFor } = service;
  const cells = [binary, host, stateText(service), version ?? "-", silentFor === null ? "never" : spanText(silentFor)];
  return up ? { cells } : { cells, style: "bad" };
}

function stateText({ up, disabled, forcedDown, disabledReason }: ServiceStatus): string {
  if (forcedDown) return "forced down";
  if (!up) return "down";
  return disabled ? `up, disabled${disabledReason === null ? "" : `: ${disabledReason}`}` : "up";
}

function operationRow({ serverId, action, state, stage, host, age, requestId }: OpenOperation): Row {
  const who = host === null ? `a ${stage}` : `${stage} on ${host}`;
  return {
    cells: [serverId, action, state === "running" ? who : `${who} to take it`, spanText(age), requestId],
    style: "bad",
  };
}

/** A span as one says it: `4 s`, `12 min`, `3 h`, `2 d`. */
export function spanText(milliseconds: number): string {
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / SECOND)} s`;
  if (milliseconds < HOUR) return `${Math.floor(milliseconds / MINUTE)} min`;
  return milliseconds < DAY ? `${Math.floor(milliseconds / HOUR)} h` : `${Math.floor(milliseconds / DAY)} d`;
}
