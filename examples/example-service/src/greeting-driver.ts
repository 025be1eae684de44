/** Who greets. Option `example.driver` names one; one object per process. */
export interface GreetingDriver {
  /** The words for somebody. */
  greet(name: string): Promise<string>;
}
