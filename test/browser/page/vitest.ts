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
  /** What a scope needs before or after its tests: told only where it fails. */
  readonly hook?: boolean;
}

export interface PageTestResult {
  readonly name: string;
  /** What the test failed with. */
  readonly error?: string;
  readonly milliseconds: number;
}

/** A file or a group: what stands in it, in order, and what runs after it. */
interface Scope {
  readonly names: readonly string[];
  /** Groups are entered when they are reached, so that their bodies may be asynchronous. */
  readonly entries: (() => readonly Registered[] | Promise<readonly Registered[]>)[];
  readonly endings: Registered[];
}

let scope: Scope = { names: [], entries: [], endings: [] };

function named(name: string): string {
  return [...scope.names, name].join(' > ');
}

function register(one: Registered): void {
  scope.entries.push(() => [one]);
}

async function collect(of: Scope): Promise<Registered[]> {
  const found: Registered[] = [];
  for (const entry of of.entries) {
    found.push(...(await entry()));
  }
  return [...found, ...of.endings];
}

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
  register({ name: named(name), body: () => body() });
});

/** Runs once, in its place between the tests: so it stands before those that need it. */
export function beforeAll(body: () => unknown): void {
  register({ name: named('beforeAll'), body, hook: true });
}

/** Runs once, after the tests of its scope; the one that was registered last is the first. */
export function afterAll(body: () => unknown): void {
  scope.endings.unshift({ name: named('afterAll'), body, hook: true });
}

const group = withEach((name, body) => {
  const inner: Scope = { names: [...scope.names, name], entries: [], endings: [] };
  scope.entries.push(async () => {
    scope = inner;
    await body();
    return collect(inner);
  });
});

export const describe = Object.assign(group, {
  skipIf: (condition: boolean) => (condition ? (): void => undefined : group),
});

/** Runs what was registered, in order. @throws what a group's body fails with, before any test has run */
export async function runRegistered(report: (result: PageTestResult) => void): Promise<void> {
  for (const { name, body, hook } of await collect(scope)) {
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
