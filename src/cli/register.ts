import type { Command } from 'commander';

/** Adds one command to the program. Each command is a file here that exports such a function. */
export type Register = (program: Command) => void;
