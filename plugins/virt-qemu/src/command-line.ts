import type { Accelerator } from "./acceleration.js";

/** A network interface of the guest: the host's end as a network driver describes it, and the address the guest sees. */
export interface GuestNetworkDevice {
  /** QEMU's `netdev` in its JSON form without `id`, such as `{ type: "user" }`. */
  readonly netdev: Readonly<Record<string, unknown>>;
  readonly macAddress: string;
}

/** All that a QEMU process is started with. */
export interface GuestDescription {
  /** The server's id, a UUID: the guest's SMBIOS uuid, and how its process is recognised. */
  readonly id: string;
  /** MiB */
  readonly memoryMb: number;
  readonly vcpus: number;
  readonly accelerator: Accelerator;
  /** The qcow2 overlay. */
  readonly diskPath: string;
  readonly consoleLogPath: string;
  readonly pidFilePath: string;
  /** Relative to the process's working folder: the path of a unix socket has at most 107 bytes. */
  readonly qmpSocketName: string;
  readonly networkDevices: readonly GuestNetworkDevice[];
}

/** The least memory a guest gets, in MiB: enough for the firmware and a boot sector. */
export const MIN_MEMORY_MB = 16;

/**
 * QEMU's arguments for a guest; a pure function. Values that others chose stand in JSON or are escaped, so that none of them
 * can add an option. The server's name is not among them: a command line is readable for every user of the host.
 *
 * @throws RangeError for less memory or fewer processors than a guest can have.
 */
export function commandLine(guest: GuestDescription): string[] {
  if (!Number.isInteger(guest.memoryMb) || guest.memoryMb < MIN_MEMORY_MB) {
    throw new RangeError(`a guest has at least ${MIN_MEMORY_MB} MiB of memory, not ${guest.memoryMb}`);
  }
  if (!Number.isInteger(guest.vcpus) || guest.vcpus < 1) {
    throw new RangeError(`a guest has at least one processor, not ${guest.vcpus}`);
  }
  return [
    // A bare machine: nothing from the user's configuration, no default devices, no window.
    ...["-no-user-config", "-nodefaults", "-display", "none"],
    // A guest that breaks out of the emulation finds no way to start programs or to change users.
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    ...["-machine", "pc", ...acceleratorArguments(guest)],
    ...["-m", `${guest.memoryMb}M`, "-smp", String(guest.vcpus), "-rtc", "base=utc"],
    ...["-uuid", guest.id, "-smbios", smbios(guest.id), "-pidfile", guest.pidFilePath],
    ...diskArguments(guest.diskPath),
    ...["-chardev", `file,id=console,path=${escapeCommas(guest.consoleLogPath)},append=on`],
    ...["-device", "isa-serial,chardev=console"],
    ...["-chardev", `socket,id=qmp,path=${escapeCommas(guest.qmpSocketName)},server=on,wait=off`],
    ...["-mon", "chardev=qmp,mode=control"],
    ...guest.networkDevices.flatMap(networkArguments),
  ];
}

function acceleratorArguments({ accelerator, memoryMb }: GuestDescription): string[] {
  if (accelerator === "kvm") return ["-accel", "kvm", "-cpu", "host"];
  // TCG's cache of translated code, in MiB. Its default of up to 1 GiB would outweigh a small guest many times.
  const translationCache = Math.min(Math.max(Math.floor(memoryMb / 4), 8), 512);
  return ["-accel", `tcg,tb-size=${translationCache}`, "-cpu", "max"];
}

/** Guests (cloud-init among them) know by the product's name that OpenStack's metadata are to be had. */
function smbios(id: string): string {
  return `type=1,manufacturer=Kilonova,product=OpenStack Compute,family=Virtual Machine,serial=${id},uuid=${id}`;
}

function diskArguments(path: string): string[] {
  const node = { driver: "qcow2", "node-name": "root", discard: "unmap", file: { driver: "file", filename: path } };
  const device = { driver: "virtio-blk-pci", id: "disk0", drive: "root", bootindex: 1 };
  return ["-blockdev", JSON.stringify(node), "-device", JSON.stringify(device)];
}

function networkArguments({ netdev, macAddress }: GuestNetworkDevice, index: number): string[] {
  const id = `net${index}`;
  // No boot ROM: guests boot from disk, and the ROMs are in a package of their own that need not be there.
  const device = { driver: "virtio-net-pci", id: `nic${index}`, netdev: id, mac: macAddress, romfile: "" };
  return ["-netdev", JSON.stringify({ ...netdev, id }), "-device", JSON.stringify(device)];
}

function escapeCommas(value: string): string {
  return value.replaceAll(",", ",,");
}
