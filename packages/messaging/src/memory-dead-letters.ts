import { randomUUID } from "node:crypto";
import type { Address, DeadLetter, DeadLetters } from "./transport.js";

/** So many are kept of a topic; the oldest makes room. */
const MOST = 1_000;

/** The dead letters of one process, for as long as it lives. */
export class MemoryDeadLetters implements DeadLetters {
  readonly #letters = new Map<string, DeadLetter[]>();

  /** @param cast sends a letter to its address again */
  constructor(private readonly cast: (address: Address, body: string) => void) {}

  add(letter: Omit<DeadLetter, "id" | "at">): void {
    const { topic } = letter.address;
    const letters = this.#letters.get(topic) ?? [];
    this.#letters.set(topic, letters);
    letters.push({ ...letter, id: randomUUID(), at: Date.now() });
    if (letters.length > MOST) letters.shift();
  }

  /** How many there are of a topic. */
  count(topic: string): number {
    return this.#letters.get(topic)?.length ?? 0;
  }

  async list(topic: string, most: number): Promise<readonly DeadLetter[]> {
    return (this.#letters.get(topic) ?? []).slice(0, most);
  }

  async retry(topic: string, id: string): Promise<boolean> {
    const letter = this.#take(topic, id);
    if (letter) this.cast(letter.address, letter.body);
    return letter !== undefined;
  }

  async drop(topic: string, id: string): Promise<boolean> {
    return this.#take(topic, id) !== undefined;
  }

  #take(topic: string, id: string): DeadLetter | undefined {
    const letters = this.#letters.get(topic) ?? [];
    const index = letters.findIndex((letter) => letter.id === id);
    return index < 0 ? undefined : letters.splice(index, 1)[0];
  }
}
