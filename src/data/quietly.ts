/** A promise that is awaited later: its failure until then is not an unhandled one. */
export function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
