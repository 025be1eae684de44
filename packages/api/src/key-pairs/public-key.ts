import { createHash, X509Certificate } from "node:crypto";

/** The kinds of key pairs that the Compute API names. */
export const KEY_TYPES = ["ssh", "x509"] as const;

export type KeyType = (typeof KEY_TYPES)[number];

/** What a public key of each algorithm consists of, after its name: `e` and `n` of RSA, curve and point, … */
const PARTS: Readonly<Record<string, number>> = {
  "ssh-rsa": 2,
  "ssh-dss": 4,
  "ssh-ed25519": 1,
  "ecdsa-sha2-nistp256": 2,
  "ecdsa-sha2-nistp384": 2,
  "ecdsa-sha2-nistp521": 2,
  "sk-ssh-ed25519@openssh.com": 2,
  "sk-ecdsa-sha2-nistp256@openssh.com": 3,
};

/** The fingerprint of a public key, as the Compute API shows it; undefined where the text is no public key of that kind. */
export function fingerprintOf(type: KeyType, publicKey: string): string | undefined {
  return type === "ssh" ? sshFingerprint(publicKey) : certificateFingerprint(publicKey);
}

/** MD5 of the key's blob in pairs of hex digits. The key is one line of OpenSSH's: algorithm, blob, comment. */
function sshFingerprint(publicKey: string): string | undefined {
  const [algorithm, encoded] = publicKey.trim().split(/[ \t]+/);
  if (algorithm === undefined || encoded === undefined || /[\r\n]/.test(publicKey.trim())) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const blob = Buffer.from(encoded, "base64");
  if (!isKeyBlob(algorithm, blob)) return undefined;
  return pairs(createHash("md5").update(blob).digest("hex"));
}

/** True where a blob says it is of the algorithm and consists of just its parts, none of them empty. */
function isKeyBlob(algorithm: string, blob: Buffer): boolean {
  const parts = Object.hasOwn(PARTS, algorithm) ? PARTS[algorithm] : undefined;
  const strings = readStrings(blob);
  if (parts === undefined || strings?.length !== parts + 1) return false;
  return strings[0]?.toString("latin1") === algorithm && strings.every((string) => string.length > 0);
}

/** Length-prefixed strings up to the end; undefined where they do not come out even. */
function readStrings(blob: Buffer): readonly Buffer[] | undefined {
  const strings: Buffer[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    strings.push(blob.subarray(at + 4, end));
    at = end;
  }
  return strings;
}

/** SHA-1 of a certificate. */
function certificateFingerprint(certificate: string): string | undefined {
  try {
    return new X509Certificate(certificate).fingerprint.toLowerCase();
  } catch {
    return undefined;
  }
}

function pairs(hex: string): string {
  return (hex.match(/../g) ?? []).join(":");
}
