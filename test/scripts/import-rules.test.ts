import { describe, expect, it } from 'vitest';
import { checkFile } from '../../scripts/lib/import-rules.mjs';

describe('checkFile', () => {
  it('lets a folder import itself, what is below, errors and shaders', () => {
    const text = `import { a } from './a';
import type { B } from '../gpu/b';
import source from '../../shaders/conv/conv.wgsl';
import { InputError } from '../errors';
export * from './deeper/c';`;
    expect(checkFile('src/kernels/x.ts', text)).toEqual([]);
    expect(checkFile('src/models/deep/x.ts', `import { a } from '../../graph/a';`)).toEqual([]);
    expect(checkFile('src/cli/x.ts', `import { a } from '../eval/a';\nimport sharp from 'sharp';`)).toEqual([]);
  });

  it('names file and line of an import upwards, in every form', () => {
    const forms = [
      `import { a } from '../graph/a';`,
      `import type { A } from '../graph/a';`,
      `import {\n  a,\n  b,\n} from '../graph/a';`,
      `export { a } from "../graph/a";`,
      `import '../graph/a';`,
      `const a = await import('../graph/a');`,
    ];
    for (const form of forms) {
      const complaints = checkFile('src/gpu/x.ts', `// first\n${form}`);
      expect(complaints, form).toHaveLength(1);
      expect(complaints[0]).toMatch(/^src\/gpu\/x\.ts:\d+: src\/gpu may not import src\/graph/);
    }
    expect(checkFile('src/gpu/x.ts', `\n\nimport {\n  a,\n} from '../graph/a';`)[0]).toMatch(/^src\/gpu\/x\.ts:5:/);
  });

  it('refuses folders beside it, folders without a place, and what lies outside', () => {
    expect(checkFile('src/eval/x.ts', `import { a } from '../data/a';`)).toHaveLength(1);
    expect(checkFile('src/eval/x.ts', `import { a } from '../train/a';`)).toHaveLength(1);
    expect(checkFile('src/new/x.ts', `import { a } from '../gpu/a';`)[0]).toMatch(/no place/);
    expect(checkFile('src/cli/x.ts', `import { a } from '../../test/a';`)[0]).toMatch(/outside/);
    expect(checkFile('src/models/x.ts', `import { a } from '../index';`)).toHaveLength(1);
  });

  it('ignores comments', () => {
    expect(checkFile('src/gpu/x.ts', `/* import '../graph/a'; */\n// device.createBuffer()`)).toEqual([]);
  });

  it('keeps Node out of the core', () => {
    for (const from of ['node:fs', 'fs', 'path/posix', 'sharp']) {
      expect(checkFile('src/kernels/x.ts', `import x from '${from}';`), from).toHaveLength(1);
    }
    expect(checkFile('src/io/safetensors.ts', `import { readFileSync } from 'node:fs';`)).toHaveLength(1);
    expect(checkFile('src/io/torch.ts', `import { readFileSync } from 'node:fs';`)).toEqual([]);
  });

  it('keeps WebGPU in src/gpu', () => {
    for (const text of [
      'device.createBuffer({ size, usage });',
      'await navigator.gpu.requestAdapter();',
      'this.device.queue.submit([commands]);',
      'await buffer.mapAsync(1);',
    ]) {
      expect(checkFile('src/graph/x.ts', text), text).toHaveLength(1);
      expect(checkFile('src/gpu/x.ts', text), text).toEqual([]);
    }
  });
});
