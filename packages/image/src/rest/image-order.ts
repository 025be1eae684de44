import { fault } from "@kilonova/http";
import { and, or, type SQL, sql } from "drizzle-orm";
import { images } from "../tables.js";

/** What a list can be sorted by; what is missing counts as the lowest. */
const KEYS: ReadonlyMap<string, SQL> = new Map([
  ["name", sql`coalesce(${images.name}, '')`],
  ["status", sql`${images.status}`],
  ["visibility", sql`${images.visibility}`],
  ["owner", sql`${images.ownerId}`],
  ["container_format", sql`coalesce(${images.containerFormat}, '')`],
  ["disk_format", sql`coalesce(${images.diskFormat}, '')`],
  ["size", sql`coalesce(${images.size}, -1)`],
  ["min_disk", sql`${images.minDisk}`],
  ["min_ram", sql`${images.minRam}`],
  ["id", sql`${images.id}`],
  ["created_at", sql`${images.createdAt}`],
  ["updated_at", sql`${images.updatedAt}`],
]);

interface OrderTerm {
  readonly key: string;
  readonly by: SQL;
  readonly direction: "asc" | "desc";
}

/** How a query of a list asks to sort. */
export interface OrderQuery {
  readonly sort?: string | undefined;
  readonly sort_key?: readonly string[] | undefined;
  readonly sort_dir?: readonly string[] | undefined;
}

/** The order of a list: total, so that a page can go on behind any image. */
export class ImageOrder {
  readonly #terms: readonly OrderTerm[];

  /** @throws ApiFault 400 */
  constructor(query: OrderQuery) {
    const asked = askedTerms(query);
    const last = asked.at(-1)?.direction ?? "desc";
    const missing = ["created_at", "id"].filter((key) => !asked.some((one) => one.key === key));
    this.#terms = [...asked, ...missing.map((key) => termOf(key, last))];
  }

  get clauses(): SQL[] {
    return this.#terms.map(({ by, direction }) => (direction === "asc" ? sql`${by} asc` : sql`${by} desc`));
  }

  /** The images that come after one, which must be there. */
  after(id: string): SQL | undefined {
    const ofMarker = ({ by }: OrderTerm) => sql`(select ${by} from ${images} where ${images.id} = ${id})`;
    return or(
      ...this.#terms.map((term, index) =>
        and(
          ...this.#terms.slice(0, index).map((equal) => sql`${equal.by} = ${ofMarker(equal)}`),
          term.direction === "asc" ? sql`${term.by} > ${ofMarker(term)}` : sql`${term.by} < ${ofMarker(term)}`,
        ),
      ),
    );
  }
}

function askedTerms({ sort, sort_key: keys = [], sort_dir: directions = [] }: OrderQuery): OrderTerm[] {
  if (sort !== undefined) {
    if (keys.length + directions.length > 0) throw fault(400, "sort cannot go with sort_key and sort_dir.");
    return sort.split(",").map((part) => {
      const [key = "", direction] = part.trim().split(":");
      return termOf(key, direction ?? "desc");
    });
  }
  if (directions.length > Math.max(keys.length, 1)) throw fault(400, "There are more sort_dir than sort_key.");
  if (keys.length === 0) return directions.map((direction) => termOf("created_at", direction));
  return keys.map((key, index) => termOf(key, directions[index] ?? directions[0] ?? "desc"));
}

function termOf(key: string, direction: string): OrderTerm {
  const by = KEYS.get(key);
  if (!by) throw fault(400, `Images can be sorted by ${[...KEYS.keys()].join(", ")}.`);
  if (direction !== "asc" && direction !== "desc") throw fault(400, "Images are sorted asc or desc.");
  return { key, by, direction };
}
