/** As much of vitest as the tests of the kernels use, for a page: its `expect`, and tests that run one after the other. */
import { JestChaiExpect } from '@vitest/expect';
import * as chai from 'chai';

interface Matchers extends Record<`to${string}`, (...expected: unknown[]) => unknown> {
  readonly rejects: Record<`to${string}`, (...expected: unknown[]) => Promise<unknown>>;
}

/** As vitest declares it; matchers that the tests do not use are there too. */
interface Expect {
  (actual: unknown, message?: string): Matchers;
  fail(message: string): never;
}

chai.use(JestChaiExpect);
export const expect = chai.expect as unknown as Expect;

type Body = (...args: unknown[]) => unknown;

interface Registered {
  readonly name: string;
  readonly body: () => unknown;
  /** Made ready for the tests after it: told only where it fails. */
  readonly hook?: boolean;
}

export interface PageTestResult {
  readonly name: string;
  /** What the test failed with. */
  readonly error?: string;
  readonly milliseconds: number;
}

const registered: Registered[] = [];
const groups: string[] = [];

/** `$name` of an object, `%s`, `%i` and `%o` of a list, as in vitest's names. */
function nameOf(template: string, row: unknown, args: readonly unknown[]): string {
  let next = 0;
  return template
    .replace(/%[sio]/g, (kind) => (kind === '%o' ? JSON.stringify(args[next++]) : String(args[next++])))
    .replace(/\$(\w+)/g, (_, key: string) => String((row as Record<string, unknown>)[key]));
}

function withEach(define: (name: string, body: Body) => void): typeof define & {
  each: (rows: readonly unknown[]) => typeof define;
} {
  return Object.assign(define, {
    each: (rows: readonly unknown[]) => (name: string, body: Body) => {
      for (const row of rows) {
        const args: unknown[] = Array.isArray(row) ? row : [row];
        define(nameOf(name, row, args), () => body(...args));
      }
    },
  });
}

export const test = withEach((name, body) => {
  registered.push({ name: [...groups, name].join(' > '), body: () => body() });
});

/** Runs once, in its place between the tests: so it stands before those that need it. */
export function beforeAll(body: () => unknown): void {
  registered.push({ name: [...groups, 'beforeAll'].join(' > '), body, hook: true });
}

const group = withEach((name, body) => {
  groups.push(name);
  body();
  groups.pop();
});

export const describe = Object.assign(group, {
  skipIf: (condition: boolean) => (condition ? (): void => undefined : group),
});

/** Runs what was registered, in order. */
export async function runRegistered(report: (result: PageTestResult) => void): Promise<void> {
  for (const { name, body, hook } of registered) {
    const start = performance.now();
    let failure: Pick<PageTestResult, 'error'> = {};
    try {
      await body();
    } catch (error) {
      failure = { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
    }
    if (hook !== true || failure.error !== undefined) {
      report({ name, ...failure, milliseconds: performance.now() - start });
    }
  }
}
