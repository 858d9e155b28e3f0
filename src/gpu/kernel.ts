import { expandWgsl, type Defines } from './wgsl';

/** How a kernel uses one of its buffers. `element` is the WGSL type of an array's element, such as `vec4f`. */
export interface BindingUse<Target> {
  readonly target: Target;
  readonly element: string;
  readonly access: 'read' | 'read_write';
}

/** One scalar of a kernel's uniform `params`. */
export interface Param {
  readonly type: 'u32' | 'i32' | 'f32';
  readonly value: number;
}

/**
 * One dispatch. The declarations are generated: each binding becomes a storage array of its name, `params` becomes the
 * struct `params` in uniform memory, so a .wgsl file holds the code alone and cannot disagree with its caller.
 */
export interface KernelCall<Target> {
  /** Shown in profiles and errors; the file's name and variant. */
  readonly kernel: string;
  readonly source: string;
  readonly defines?: Defines;
  readonly bindings: Readonly<Record<string, BindingUse<Target>>>;
  readonly params?: Readonly<Record<string, Param>>;
  readonly workgroups: readonly [number, number, number];
  /** Arithmetic of the dispatch, for the profile. */
  readonly flops?: number;
  /** Bytes that the dispatch has to read and write; left out, the sizes of its bindings. */
  readonly bytes?: number;
}

export const u32 = (value: number): Param => ({ type: 'u32', value });
export const i32 = (value: number): Param => ({ type: 'i32', value });
export const f32 = (value: number): Param => ({ type: 'f32', value });

/** The types of 16-bit floats: numbers, vectors and matrices. */
const HALF_TYPE = /\b(f16|vec[234]h|mat[234]x[234]h)\b/;

/** Functions among the lanes of a subgroup, and what tells a lane from another. */
const SUBGROUP_VALUE = /\bsubgroup([A-Z]|_(id|invocation_id|size)\b)/;

/** The complete WGSL of a call, with the language features that its types and functions ask for. */
export function kernelCode(call: KernelCall<unknown>): string {
  const body = expandWgsl(call.source, call.defines ?? {});
  const lines: string[] = [];
  const statements = body.replace(/\/\/.*/g, '');
  const elements = Object.values(call.bindings).map(({ element }) => element);
  if ([statements, ...elements].some((text) => HALF_TYPE.test(text))) {
    lines.push('enable f16;');
  }
  if (SUBGROUP_VALUE.test(statements)) {
    lines.push('enable subgroups;', 'diagnostic(off, subgroup_uniformity);');
  }
  if (/\bsubgroup_matrix_/.test(statements)) {
    lines.push('enable chromium_experimental_subgroup_matrix;');
  }
  Object.entries(call.bindings).forEach(([name, use], index) => {
    lines.push(`@group(0) @binding(${index}) var<storage, ${use.access}> ${name}: array<${use.element}>;`);
  });
  const params = Object.entries(call.params ?? {});
  if (params.length > 0) {
    const fields = params.map(([name, param]) => `${name}: ${param.type}`).join(', ');
    const index = Object.keys(call.bindings).length;
    lines.push(`struct Params { ${fields} }`, `@group(0) @binding(${index}) var<uniform> params: Params;`);
  }
  return `${lines.join('\n')}\n${body}`;
}

/** What the pipeline layout of a call depends on. */
export function layoutKey(call: KernelCall<unknown>): string {
  const uses = Object.values(call.bindings).map((use) => (use.access === 'read' ? 'r' : 'w'));
  return uses.join('') + (call.params === undefined ? '' : 'p');
}

/** Bytes of the uniform struct. */
export function paramsSize(call: KernelCall<unknown>): number {
  return Math.ceil((Object.keys(call.params ?? {}).length * 4) / 16) * 16;
}

export function writeParams(call: KernelCall<unknown>, view: DataView, offset: number): void {
  Object.values(call.params ?? {}).forEach(({ type, value }, index) => {
    const at = offset + index * 4;
    if (type === 'f32') {
      view.setFloat32(at, value, true);
    } else if (type === 'i32') {
      view.setInt32(at, value, true);
    } else {
      view.setUint32(at, value, true);
    }
  });
}
