import { createRequire } from 'node:module';
import { InputError } from '../../errors';

/** @throws InputError, saying how to install it, where a script of a clone finds no such npm package */
export function requirePackage(script: string, name: string): void {
  try {
    createRequire(script).resolve(name);
  } catch {
    throw new InputError(`the package ${name} is not installed: run \`npm ci --ignore-scripts\` in the clone`);
  }
}
