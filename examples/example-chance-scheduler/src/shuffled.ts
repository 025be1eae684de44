/** The items in an order in which each has the same chance at each place. */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const drawn: Item[] = [];
  for (const [index, item] of items.entries()) {
    const place = Math.floor(Math.random() * (index + 1));
    const moved = drawn[place];
    if (moved !== undefined) drawn.push(moved);
    drawn[place] = item;
  }
  return drawn;
}
