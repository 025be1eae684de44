import { describe, expect, it } from "vitest";
import { commandLine, type GuestDescription } from "./command-line.js";

const GUEST: GuestDescription = {
  id: "11111111-2222-4333-8444-555555555555",
  memoryMb: 64,
  vcpus: 2,
  accelerator: "tcg",
  diskPath: "/guests/1/disk",
  consoleLogPath: "/guests/1/console.log",
  pidFilePath: "/guests/1/qemu.pid",
  qmpSocketName: "qmp.sock",
  networkDevices: [],
};

function valuesOf(args: readonly string[], option: string): string[] {
  return args.filter((_, index) => args[index - 1] === option);
}

describe("commandLine", () => {
  it("describes a machine without anything that was not asked for, in a sandbox", () => {
    const args = commandLine(GUEST);
    expect(args).toEqual(expect.arrayContaining(["-no-user-config", "-nodefaults", "-display", "none"]));
    expect(valuesOf(args, "-sandbox")).toEqual([expect.stringContaining("spawn=deny")]);
    expect(valuesOf(args, "-netdev")).toEqual([]);
  });

  it("gives the guest the server's id, its memory and its processors", () => {
    const args = commandLine(GUEST);
    expect(valuesOf(args, "-uuid")).toEqual([GUEST.id]);
    expect(valuesOf(args, "-m")).toEqual(["64M"]);
    expect(valuesOf(args, "-smp")).toEqual(["2"]);
    expect(valuesOf(args, "-smbios")[0]).toContain(`uuid=${GUEST.id}`);
  });

  it("keeps TCG's cache of translated code in proportion to the guest", () => {
    const cacheOf = (memoryMb: number) => valuesOf(commandLine({ ...GUEST, memoryMb }), "-accel")[0];
    expect(cacheOf(16)).toBe("tcg,tb-size=8");
    expect(cacheOf(512)).toBe("tcg,tb-size=128");
    expect(cacheOf(65_536)).toBe("tcg,tb-size=512");
  });

  it("uses the host's processor under KVM", () => {
    const args = commandLine({ ...GUEST, accelerator: "kvm" });
    expect(valuesOf(args, "-accel")).toEqual(["kvm"]);
    expect(valuesOf(args, "-cpu")).toEqual(["host"]);
  });

  it("gives every network device an id of its own, whatever its description says", () => {
    const netdev = { type: "user", id: "other", hostname: "a,b=c" };
    const args = commandLine({
      ...GUEST,
      networkDevices: [1, 2].map((n) => ({ netdev, macAddress: `fa:16:3e:00:00:0${n}` })),
    });
    const netdevs = valuesOf(args, "-netdev").map((json) => JSON.parse(json));
    expect(netdevs).toEqual([
      { ...netdev, id: "net0" },
      { ...netdev, id: "net1" },
    ]);
    const nics = valuesOf(args, "-device").filter((device) => device.includes("virtio-net"));
    expect(nics.map((json) => JSON.parse(json).mac)).toEqual(["fa:16:3e:00:00:01", "fa:16:3e:00:00:02"]);
  });

  it("lets no path add an option", () => {
    const args = commandLine({ ...GUEST, consoleLogPath: "/a,append=off", diskPath: '/a","driver":"nbd' });
    expect(valuesOf(args, "-chardev")[0]).toBe("file,id=console,path=/a,,append=off,append=on");
    expect(JSON.parse(valuesOf(args, "-blockdev")[0] ?? "")).toMatchObject({
      driver: "qcow2",
      file: { filename: '/a","driver":"nbd' },
    });
  });

  it("refuses a machine that cannot be", () => {
    expect(() => commandLine({ ...GUEST, memoryMb: 15 })).toThrow(RangeError);
    expect(() => commandLine({ ...GUEST, vcpus: 0 })).toThrow(RangeError);
    expect(() => commandLine({ ...GUEST, vcpus: 1.5 })).toThrow(RangeError);
  });
});
