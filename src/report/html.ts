import { createHash } from 'node:crypto';
import styles from './client/page.css?text';
import { escapeXml } from './svg';

export interface ReportPage {
  readonly title: string;
  /** HTML within `<body>`, written by the caller: texts from files go through `escapeHtml`. */
  readonly body: string;
  /** What the script reads by `readData(id)`: any JSON value under each id. Large parts get an id of their own, so that the page parses them when it needs them. */
  readonly data: Readonly<Record<string, unknown>>;
  /** A browser script, as `import script from './client/x?script'` gives it. */
  readonly script: string;
  /** More styles, after those of every page (`client/page.css`). */
  readonly styles?: string;
}

/**
 * A page that is one file: styles, script, data and images within it. Its Content-Security-Policy lets the page load
 * nothing else, and run no script but this one. The same input gives the same bytes.
 */
export function reportPage({ title, body, data, script, styles: more = '' }: ReportPage): string {
  const code = scriptText(script);
  const policy = [
    "default-src 'none'",
    'img-src data:',
    "style-src 'unsafe-inline'",
    `script-src 'sha256-${createHash('sha256').update(code, 'utf8').digest('base64')}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const blocks = Object.entries(data).map(
    ([id, value]) => `<script type="application/json" id="${escapeHtml(id)}">${jsonText(value)}</script>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${styleText(styles + more)}
</style>
</head>
<body>
${body}
${blocks.join('\n')}
<script>${code}</script>
</body>
</html>
`;
}

/** Text as it may stand in HTML, between tags and in quoted attributes. */
export const escapeHtml = escapeXml;

/** JSON as it may stand within a script element: nothing in it ends the element, or begins a comment. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same program, without what would end the script element or begin a comment within it. In strings and regular expressions alone can these stand. */
function scriptText(script: string): string {
  return script.replace(/<(?=\/script|script|!--)/gi, '\\x3c');
}

function styleText(text: string): string {
  return text.replace(/<(?=\/style)/gi, '\\3c ');
}
