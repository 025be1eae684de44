/** A path as a shell takes it for one word, to be copied. */
export function shellWord(path: string): string {
  if (/^[\w./:@%+=,][\w./:@%+=,-]*$/.test(path)) return path;
  if (process.platform === "win32") return `"${path}"`;
  // A dash in front would be an option of cd.
  const plain = path.startsWith("-") ? `./${path}` : path;
  return `'${plain.replaceAll("'", "'\\''")}'`;
}
