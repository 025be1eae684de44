/**
 * The boot sector's program. The BIOS loads the sector at 0000:7C00 and jumps there in 16-bit real mode; nothing but
 * `cs:ip` may be relied on. Jumps are relative, counted from the end of the jump.
 */
const PROGRAM = Buffer.from(
  [
    "fc", //     00        cld              lodsb counts upwards
    "31c0", //   01        xor ax, ax
    "8ed8", //   03        mov ds, ax       the greeting is addressed from segment 0
    "be0000", // 05        mov si, GREETING its address is written in below
    "ac", //     08 next:  lodsb            al = the next byte
    "84c0", //   09        test al, al
    "7412", //   0b        jz done          a zero ends the greeting
    "88c4", //   0d        mov ah, al       al is needed for the port's status
    "bafd03", // 0f        mov dx, 0x3fd    line status register of COM1
    "ec", //     12 wait:  in al, dx
    "a820", //   13        test al, 0x20    bit 5: the transmitter takes a byte
    "74fb", //   15        jz wait
    "88e0", //   17        mov al, ah
    "baf803", // 19        mov dx, 0x3f8    data register of COM1
    "ee", //     1c        out dx, al
    "ebe9", //   1d        jmp next
    "fa", //     1f done:  cli              without the timer's interrupts the halted guest costs no CPU time
    "f4", //     20 halt:  hlt
    "ebfd", //   21        jmp halt         an interrupt that cannot be masked wakes it once
  ].join(""),
  "hex",
);

const LOAD_ADDRESS = 0x7c00;
const GREETING_ADDRESS_OFFSET = 0x06;
/** Where a disk's signature and partition table begin: they stay zero, so that tools see a disk without partitions. */
const PROGRAM_AREA = 440;
const SIGNATURE_OFFSET = 510;
const IMAGE_SIZE = 1024 * 1024;

/** The longest greeting that fits, in characters; a line break counts twice. */
export const MAX_GREETING_LENGTH = PROGRAM_AREA - PROGRAM.length - "\r\n\0".length;

/**
 * A raw disk image of 1 MiB whose boot sector writes a greeting and a line break to the first serial port and halts: the
 * smallest guest there is, for first starts and tests. It needs 16 MiB of memory and never answers ACPI.
 *
 * @param options.greeting printable ASCII and line breaks (`\n`), at most `MAX_GREETING_LENGTH`.
 * @throws RangeError for any other greeting.
 */
export function tinyImage({ greeting }: { readonly greeting: string }): Buffer {
  const text = greeting.replaceAll("\n", "\r\n");
  if (!/^[\x20-\x7e\r\n]*$/.test(text)) throw new RangeError("a greeting holds printable ASCII and line breaks only");
  if (text.length > MAX_GREETING_LENGTH) {
    throw new RangeError(`a greeting has at most ${MAX_GREETING_LENGTH} characters, this one has ${text.length}`);
  }
  const image = Buffer.alloc(IMAGE_SIZE);
  PROGRAM.copy(image);
  image.writeUInt16LE(LOAD_ADDRESS + PROGRAM.length, GREETING_ADDRESS_OFFSET);
  image.write(`${text}\r\n\0`, PROGRAM.length, "latin1");
  image.writeUInt16LE(0xaa55, SIGNATURE_OFFSET);
  return image;
}
