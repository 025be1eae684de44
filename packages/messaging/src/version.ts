/** A version of a contract. A new minor version adds only what an older peer may ignore; a new major one breaks. */
export type Version = `${number}.${number}`;

/** What a version looks like on the wire. */
export const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

/** True for text that is a version. */
export function isVersion(text: string): text is Version {
  return VERSION.test(text);
}

/** The two numbers of a version. @throws TypeError for other text. */
export function parseVersion(version: string): readonly [major: number, minor: number] {
  const [, major, minor] = VERSION.exec(version) ?? [];
  if (major === undefined || minor === undefined) throw new TypeError(`"${version}" is no version such as "1.4"`);
  return [Number(major), Number(minor)];
}

/** True where a peer of version `offered` understands all of version `needed`: same major, minor not lower. */
export function isCompatible(offered: string, needed: string): boolean {
  const [offeredMajor, offeredMinor] = parseVersion(offered);
  const [neededMajor, neededMinor] = parseVersion(needed);
  return offeredMajor === neededMajor && offeredMinor >= neededMinor;
}

/** The higher of two versions of one major. */
export function higherVersion(one: Version, other: Version): Version {
  return isCompatible(one, other) ? one : other;
}

/** The lowest of some versions, of whichever major. */
export function lowestVersion(first: Version, ...others: readonly Version[]): Version {
  return others.reduce((lowest, each) => (isLower(each, lowest) ? each : lowest), first);
}

function isLower(one: Version, other: Version): boolean {
  const [major, minor] = parseVersion(one);
  const [otherMajor, otherMinor] = parseVersion(other);
  return major === otherMajor ? minor < otherMinor : major < otherMajor;
}
