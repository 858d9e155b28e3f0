import { parse, stringify } from 'yaml';
import { isMapping } from './yaml-file';

/** A resolved configuration without its comments and all that concerns training, paths among them: for weights to pass on. */
export function modelSection(resolvedYaml: string): string {
  const config: unknown = parse(resolvedYaml);
  return stringify({ model: isMapping(config) ? config.model : undefined });
}
