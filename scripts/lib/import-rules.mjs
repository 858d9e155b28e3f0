// The direction of imports under src/, and who may speak to what. Pure: from paths and texts to complaints.
import { builtinModules } from 'node:module';
import { posix } from 'node:path';

/** For each folder of src/ the folders that it may import from, beside itself; files of src/ itself are below all. */
const GRAPHICS = ['gpu', 'kernels', 'graph', 'models'];
/** @type {Record<string, readonly string[]>} */
const MAY_IMPORT = {
  gpu: [],
  kernels: ['gpu'],
  graph: ['gpu', 'kernels'],
  models: ['gpu', 'kernels', 'graph'],
  config: ['models', 'io', 'node'],
  io: GRAPHICS,
  node: ['gpu', 'io'],
  eval: [...GRAPHICS, 'io', 'config', 'node'],
  data: [...GRAPHICS, 'io', 'config', 'node', 'eval'],
  report: ['eval', 'data'],
  train: [...GRAPHICS, 'io', 'config', 'node', 'data', 'eval', 'report'],
  bench: [...GRAPHICS, 'io', 'config', 'node', 'data', 'eval', 'report', 'train'],
  cli: [...GRAPHICS, 'io', 'config', 'node', 'data', 'eval', 'report', 'train', 'bench'],
};

/** Files of src/ itself that every folder may import. */
const FOR_ALL = ['errors', 'text_table'];
/** Files of src/ itself that gather what the package exports: nobody imports them but each other. */
const ENTRIES = ['core', 'index', 'browser'];

/** What runs in a browser: the core, the files of io/ that it takes in, eval/, and the numeric parts of train/. */
const NODE_FREE =
  /^src\/(?:(?:gpu|kernels|graph|models|eval)\/|io\/(?:checkpoint|elements|families|match|names|safetensors|text)\.ts$|train\/(?:average|lbfgs\w*|optimizer\w*|schedules)\.ts$|(?:errors|text_table|core|browser)\.ts$)/;

/** The files outside src/gpu that hold WebGPU's entry: the two hosts. */
const WEBGPU_FREE_EXCEPTIONS = new Set(['src/node/webgpu.ts', 'src/browser.ts']);
const WEBGPU_CALLS =
  /\bnavigator\b|\.(?:requestAdapter|requestDevice|createBuffer|createTexture|createShaderModule|createComputePipeline(?:Async)?|createPipelineLayout|createBindGroup(?:Layout)?|createCommandEncoder|createQuerySet|beginComputePass|mapAsync|getMappedRange|onSubmittedWorkDone)\s*\(|\bqueue\s*\.\s*(?:submit|writeBuffer|writeTexture)\s*\(/;

/**
 * @param {string} text
 * @returns {{ to: string, line: number }[]} what is imported, with the number of the line
 */
function importsOf(text) {
  const found = [];
  const pattern =
    /(?:^|[\n;])\s*(?:import|export)\b[^'"`;]*?\bfrom\s*(['"])([^'"]+)\1|(?:^|[\n;])\s*import\s*(['"])([^'"]+)\3|\bimport\s*\(\s*(['"])([^'"]+)\5/g;
  for (const match of text.matchAll(pattern)) {
    const to = match[2] ?? match[4] ?? match[6];
    const line = text.slice(0, match.index + match[0].length).split('\n').length;
    found.push({ to, line });
  }
  return found;
}

/** @param {string} text */
function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '));
}

/**
 * @param {string} path of a file under src/, with / and from the root of the repository
 * @param {string} to a relative import of it
 * @returns {string | undefined} what is wrong with it
 */
function directionComplaint(path, to) {
  const target = posix.normalize(posix.join(posix.dirname(path), to.replace(/\?(?:script|thread|text)$/, '')));
  if (!target.startsWith('src/')) {
    return target.startsWith('shaders/') || target === 'package.json' ? undefined : `${to} lies outside src/`;
  }
  const [from, into] = [path, target].map((file) => file.split('/'));
  const folder = from.length > 2 ? from[1] : undefined;
  const intoFolder = into.length > 2 || into[1] in MAY_IMPORT ? into[1] : undefined;
  if (folder === undefined || folder === 'types') {
    return undefined;
  }
  if (!(folder in MAY_IMPORT)) {
    return `src/${folder} has no place in the order of imports: give it one in scripts/lib/import-rules.mjs`;
  }
  if (intoFolder === undefined) {
    const name = into[1].replace(/\.ts$/, '');
    return ENTRIES.includes(name) || !FOR_ALL.includes(name)
      ? `src/${folder} may not import src/${name}.ts`
      : undefined;
  }
  if (intoFolder === folder || MAY_IMPORT[folder].includes(intoFolder)) {
    return undefined;
  }
  return `src/${folder} may not import src/${intoFolder}, which is above it or beside it`;
}

/**
 * What a file under src/ does against the rules: one line each, with file and line.
 *
 * @param {string} path with / and from the root of the repository
 * @param {string} text
 * @returns {string[]}
 */
export function checkFile(path, text) {
  const code = withoutComments(text);
  const complaints = [];
  for (const { to, line } of importsOf(code)) {
    const isNode = to.startsWith('node:') || builtinModules.includes(to);
    const complaint = to.startsWith('.') ? directionComplaint(path, to) : undefined;
    if (complaint !== undefined) {
      complaints.push(`${path}:${line}: ${complaint}`);
    }
    if (NODE_FREE.test(path) && (isNode || !to.startsWith('.'))) {
      complaints.push(`${path}:${line}: imports "${to}", and must run in a browser as it is`);
    }
  }
  if (!path.startsWith('src/gpu/') && !WEBGPU_FREE_EXCEPTIONS.has(path)) {
    code.split('\n').forEach((line, index) => {
      const call = WEBGPU_CALLS.exec(line);
      if (call !== null) {
        complaints.push(`${path}:${index + 1}: ${call[0].trim()}: only src/gpu speaks to WebGPU`);
      }
    });
  }
  return complaints;
}
