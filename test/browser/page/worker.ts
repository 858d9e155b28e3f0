/** A worker that runs the test file named in its address and posts each result, then null. */
import { runRegistered, type PageTestResult } from './vitest';

const scope = globalThis as unknown as {
  readonly location: { readonly search: string };
  postMessage(message: PageTestResult | null): void;
};

const file = new URLSearchParams(scope.location.search).get('file');
try {
  await import(`/tests/${file}.js`);
  await runRegistered((result) => scope.postMessage(result));
} catch (error) {
  scope.postMessage({ name: `${file}, while it loads`, error: String(error), milliseconds: 0 });
}
scope.postMessage(null);
