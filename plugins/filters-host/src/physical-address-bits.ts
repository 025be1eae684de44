import type { HostVerdict } from "@kilonova/plugin-api";

/**
 * Whether a host's physical addresses are wide enough.
 *
 * @param bits how wide they are, where the host says
 * @param asked as the flavor or image has it
 * @param name who asks: the name of an extra spec or image property
 */
export function addressBitsVerdict(bits: number | undefined, asked: string, name: string): HostVerdict {
  if (!/^\s*\d{1,4}\s*$/.test(asked)) {
    return { code: "address-bits-malformed", words: `cannot match ${name}=${asked}, which is no number of bits` };
  }
  if (bits === undefined) {
    return {
      code: "address-bits-unknown",
      words: `do not tell how wide their physical addresses are, and ${name} asks`,
    };
  }
  return (
    bits >= Number(asked) || {
      code: "address-bits-short",
      words: `have physical addresses of less than ${Number(asked)} bits`,
    }
  );
}
