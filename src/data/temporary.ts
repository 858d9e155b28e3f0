import { rmSync } from 'node:fs';

const paths = new Set<string>();

/** Sees to it that a temporary file or folder is gone when the process ends, however it does (Ctrl-C, an error). */
export function removeAtExit(path: string): void {
  if (paths.size === 0) {
    process.once('exit', removeAll);
  }
  paths.add(path);
}

/** The path was renamed or removed: nothing is left to do at the end. */
export function keepAtExit(path: string): void {
  paths.delete(path);
  if (paths.size === 0) {
    process.off('exit', removeAll);
  }
}

function removeAll(): void {
  paths.forEach((path) => rmSync(path, { recursive: true, force: true }));
}
