// Derives Debian's backports source from the sources that a machine has: the same mirror and key, another suite.

/**
 * @typedef {{ path: string, text: string }} SourceFile A file of apt sources: one-line (*.list) or deb822 (*.sources).
 * @typedef {'one-line' | 'deb822'} Format
 * @typedef {object} AptSource One enabled entry.
 * @property {Format} format
 * @property {string[]} types
 * @property {string[]} uris
 * @property {string[]} suites
 * @property {string[]} components
 * @property {string} extra What else it says, verbatim: the options in brackets, or the other deb822 fields as lines.
 * @typedef {{ kind: 'present' } | { kind: 'none' } | { kind: 'add', fileName: string, text: string }} Backports
 */

const FILE_NAME = 'mask-engine-backports';
const COMMENT =
  "# Debian's backports from this machine's own mirror, for mesa-vulkan-drivers. Written by mask-engine's set-up.";

/** Fields of a deb822 entry that are not copied: they are written anew, or describe the entry that they stand in. */
const OWN_FIELDS = new Set(['types', 'uris', 'suites', 'components', 'enabled', 'x-repolib-name', 'description']);

/**
 * @param {string} text
 * @returns {string[]}
 */
function words(text) {
  return text.split(/\s+/).filter((word) => word !== '');
}

/**
 * @param {string} text
 * @returns {AptSource[]}
 */
function parseOneLine(text) {
  const sources = [];
  for (const line of text.split('\n')) {
    const match = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?([^#]*)/.exec(line);
    const [uri, suite, ...components] = words(match?.[3] ?? '');
    if (match !== null && suite !== undefined) {
      sources.push({
        format: /** @type {Format} */ ('one-line'),
        types: [match[1]],
        uris: [uri],
        suites: [suite],
        components,
        extra: words(match[2] ?? '').join(' '),
      });
    }
  }
  return sources;
}

/**
 * @param {string} text
 * @returns {AptSource[]}
 */
function parseDeb822(text) {
  const sources = [];
  const uncommented = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');
  for (const stanza of uncommented.split(/\n(?:[ \t]*\n)+/)) {
    /** @type {Map<string, { name: string, value: string }>} */
    const fields = new Map();
    // A field goes on over the lines that start with a blank: a key may stand there in full.
    for (const [, name, value] of stanza.matchAll(/^([!-9;-~]+):[ \t]*(.*(?:\n[ \t].*)*)$/gm)) {
      fields.set(name.toLowerCase(), { name, value });
    }
    const get = (/** @type {string} */ name) => fields.get(name)?.value ?? '';
    if (fields.has('uris') && !/^(no|false|without|off|disable|0)$/i.test(get('enabled').trim())) {
      const extra = [...fields]
        .filter(([key]) => !OWN_FIELDS.has(key))
        .map(([, { name, value }]) => `${name}: ${value}`.replace(/ +\n/, '\n'));
      sources.push({
        format: /** @type {Format} */ ('deb822'),
        types: words(get('types')),
        uris: words(get('uris')),
        suites: words(get('suites')),
        components: words(get('components')),
        extra: extra.join('\n'),
      });
    }
  }
  return sources;
}

/**
 * The enabled entries of a file of apt sources.
 *
 * @param {SourceFile} file
 * @returns {AptSource[]}
 */
export function parseSources({ path, text }) {
  const unix = text.replaceAll('\r\n', '\n');
  return path.endsWith('.sources') ? parseDeb822(unix) : parseOneLine(unix);
}

/**
 * How sure it is that an entry is Debian's own archive: others (Docker, NodeSource …) also name their suites after
 * Debian's, so the key, the suites beside it and the path speak. 0: it cannot be.
 *
 * @param {AptSource} source
 * @param {readonly AptSource[]} all
 * @param {string} codename
 */
function likeness(source, all, codename) {
  const uris = source.uris.filter((uri) => !uri.startsWith('cdrom:'));
  const isSecurity = source.uris.some((uri) => /debian-security/.test(uri));
  if (
    uris.length === 0 ||
    isSecurity ||
    !source.types.includes('deb') ||
    !source.suites.includes(codename) ||
    !source.components.includes('main')
  ) {
    return 0;
  }
  const besides = all.filter((other) => other.uris.some((uri) => uris.includes(uri))).flatMap((other) => other.suites);
  return (
    1 +
    (/debian-archive/.test(source.extra) ? 8 : 0) +
    (besides.includes(`${codename}-updates`) ? 4 : 0) +
    (uris.some((uri) => /\/debian\/?$/.test(uri) || /\/debian\.list$/.test(uri)) ? 2 : 0)
  );
}

/**
 * What to do to have `CODENAME-backports` among the sources: nothing (it is there), write a file into
 * /etc/apt/sources.list.d, or give up (`none`: no entry of Debian's archive to derive it from).
 *
 * @param {readonly SourceFile[]} files
 * @param {string} codename for example bookworm
 * @returns {Backports}
 */
export function deriveBackports(files, codename) {
  const all = files.flatMap(parseSources);
  const suite = `${codename}-backports`;
  if (all.some((s) => s.types.includes('deb') && s.suites.includes(suite) && s.components.includes('main'))) {
    return { kind: 'present' };
  }
  const ranked = all
    .map((source) => ({ source, rank: likeness(source, all, codename) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank);
  if (ranked.length === 0) {
    return { kind: 'none' };
  }
  const [{ source }] = ranked;
  const uris = source.uris.filter((uri) => !uri.startsWith('cdrom:'));
  if (source.format === 'one-line') {
    const options = source.extra === '' ? '' : `[${source.extra}] `;
    return { kind: 'add', fileName: `${FILE_NAME}.list`, text: `${COMMENT}\ndeb ${options}${uris[0]} ${suite} main\n` };
  }
  const lines = [COMMENT, 'Types: deb', `URIs: ${uris.join(' ')}`, `Suites: ${suite}`, 'Components: main'];
  if (source.extra !== '') {
    lines.push(source.extra);
  }
  return { kind: 'add', fileName: `${FILE_NAME}.sources`, text: `${lines.join('\n')}\n` };
}
