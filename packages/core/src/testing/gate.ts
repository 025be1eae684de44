/** A promise that a test settles by hand. */
export class Gate<Value = void> {
  resolve: (value: Value) => void = () => {};
  reject: (reason: unknown) => void = () => {};
  readonly promise = new Promise<Value>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}
