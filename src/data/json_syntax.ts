/** Where and how a text stops being JSON. Lines and columns count from 1. */
export interface JsonError {
  readonly line: number;
  readonly column: number;
  /**
   * "end" the text ends before the JSON is complete; "constant" `token` is NaN or an Infinity, as Python's json module
   * writes them; "unexpected" anything else.
   */
  readonly kind: 'end' | 'constant' | 'unexpected';
  readonly token: string;
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or close' | 'end of text';

const CONSTANT = /-?(?:NaN|Infinity)\b/y;
const LITERAL = /(?:true|false|null)\b/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
/** A beginning of an escape that the end of the text has cut. */
const CUT_ESCAPE = /^\\(?:u[0-9a-fA-F]{0,3})?$/;
/** A beginning of a literal, number or constant that the end of the text may have cut. */
const CUT_TOKEN = /^(?:t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?|-?\d*\.?\d*(?:[eE][+-]?\d*)?)$/;

/**
 * Finds the first error of a text that JSON.parse refused: V8 does not always say where it stopped.
 * Returns null for a text that is JSON.
 */
export function findJsonError(text: string): JsonError | null {
  const error = new JsonScanner(text).firstError();
  if (error === null) {
    return null;
  }
  const before = text.slice(0, error.position);
  const { kind, token } = error;
  return { line: before.split('\n').length, column: error.position - before.lastIndexOf('\n'), kind, token };
}

interface Failure {
  readonly position: number;
  readonly kind: JsonError['kind'];
  readonly token: string;
}

/** Walks over a JSON text without building it; nesting is kept in a list, so that depth cannot exhaust the stack. */
class JsonScanner {
  private position = 0;
  private expected: Expected = 'value';
  private readonly open: ('{' | '[')[] = [];

  constructor(private readonly text: string) {}

  firstError(): Failure | null {
    for (;;) {
      this.skipWhitespace();
      if (this.position >= this.text.length) {
        return this.expected === 'end of text' ? null : this.failure('end');
      }
      const failure = this.step(this.text[this.position]);
      if (failure !== null) {
        return failure;
      }
    }
  }

  private step(character: string): Failure | null {
    switch (this.expected) {
      case 'value':
      case 'value or ]':
        return character === ']' && this.expected === 'value or ]' ? this.close('[') : this.value(character);
      case 'key':
      case 'key or }':
        if (character === '}' && this.expected === 'key or }') {
          return this.close('{');
        }
        return character === '"' ? this.string('colon') : this.failure('unexpected');
      case 'colon':
        return character === ':' ? this.advance(1, 'value') : this.failure('unexpected');
      case 'comma or close':
        if (character === ',') {
          return this.advance(1, this.open.at(-1) === '{' ? 'key' : 'value');
        }
        return character === '}' ? this.close('{') : character === ']' ? this.close('[') : this.failure('unexpected');
      case 'end of text':
        return this.failure('unexpected');
    }
  }

  private value(character: string): Failure | null {
    if (character === '{' || character === '[') {
      this.open.push(character);
      return this.advance(1, character === '{' ? 'key or }' : 'value or ]');
    }
    if (character === '"') {
      return this.string(this.afterValue());
    }
    const token = this.match(LITERAL) ?? this.match(NUMBER);
    if (token !== null) {
      return this.advance(token.length, this.afterValue());
    }
    const constant = this.match(CONSTANT);
    if (constant !== null) {
      return this.failure('constant', constant);
    }
    const rest = this.text.slice(this.position, this.position + 40);
    return CUT_TOKEN.test(rest) ? this.failureAtEnd() : this.failure('unexpected');
  }

  private string(next: Expected): Failure | null {
    let i = this.position + 1;
    for (; i < this.text.length; i++) {
      const code = this.text.charCodeAt(i);
      if (code === 0x22) {
        return this.advance(i + 1 - this.position, next);
      }
      if (code === 0x5c) {
        const escape = this.match(ESCAPE, i);
        if (escape === null) {
          return CUT_ESCAPE.test(this.text.slice(i, i + 6)) ? this.failureAtEnd() : this.failureAt(i);
        }
        i += escape.length - 1;
      } else if (code < 0x20) {
        return this.failureAt(i);
      }
    }
    return this.failureAtEnd();
  }

  private close(bracket: '{' | '['): Failure | null {
    if (this.open.at(-1) !== bracket) {
      return this.failure('unexpected');
    }
    this.open.pop();
    return this.advance(1, this.afterValue());
  }

  private afterValue(): Expected {
    return this.open.length === 0 ? 'end of text' : 'comma or close';
  }

  private advance(length: number, expected: Expected): null {
    this.position += length;
    this.expected = expected;
    return null;
  }

  private skipWhitespace(): void {
    while (' \t\n\r'.includes(this.text[this.position] ?? 'x')) {
      this.position++;
    }
  }

  private match(pattern: RegExp, position = this.position): string | null {
    pattern.lastIndex = position;
    return pattern.exec(this.text)?.[0] ?? null;
  }

  private failure(kind: JsonError['kind'], token = ''): Failure {
    return { position: this.position, kind, token };
  }

  private failureAt(position: number): Failure {
    return { position, kind: 'unexpected', token: '' };
  }

  private failureAtEnd(): Failure {
    return { position: this.text.length, kind: 'end', token: '' };
  }
}
