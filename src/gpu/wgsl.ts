/**
 * A small template language over WGSL, for kernels that are unrolled or that come in variants. Sources stay .wgsl files.
 *
 *   //#if EXPR  //#elif EXPR  //#else  //#end     lines kept or dropped
 *   //#for NAME FROM TO  …  //#end                lines repeated for NAME in [FROM, TO)
 *   ${EXPR}                                       replaced by the value
 *
 * EXPR knows integers, 'text', names of `defines` and loops, + - * / % (whole division), comparisons, && || !, ?:, parentheses,
 * and the functions xyzw(i) (component name), min(a, b), max(a, b), ceilDiv(a, b).
 */
export type Defines = Readonly<Record<string, number | boolean | string>>;
type Value = number | string;

const TOKEN = /\s*(?:(\d+)|([A-Za-z_]\w*)|('[^']*')|(&&|\|\||[<>=!]=|[-+*/%<>!?:(),]))/y;

class Expression {
  private readonly tokens: string[] = [];
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly names: ReadonlyMap<string, Value>,
  ) {
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.trimEnd().length) {
      const match = TOKEN.exec(text);
      if (match === null) {
        throw new Error(`WGSL template: cannot read "${text}"`);
      }
      this.tokens.push(match[0].trim());
    }
  }

  evaluate(): Value {
    const value = this.conditional();
    if (this.at !== this.tokens.length) {
      throw new Error(`WGSL template: unexpected "${this.tokens[this.at]}" in "${this.text}"`);
    }
    return value;
  }

  private take(...wanted: string[]): string | undefined {
    const token = this.tokens[this.at];
    if (token !== undefined && wanted.includes(token)) {
      this.at++;
      return token;
    }
    return undefined;
  }

  private expect(token: string): void {
    if (this.take(token) === undefined) {
      throw new Error(`WGSL template: "${token}" missing in "${this.text}"`);
    }
  }

  private conditional(): Value {
    const test = this.binary(0);
    if (this.take('?') === undefined) {
      return test;
    }
    const yes = this.conditional();
    this.expect(':');
    const no = this.conditional();
    return test !== 0 ? yes : no;
  }

  private static readonly LEVELS = [['||'], ['&&'], ['==', '!='], ['<', '<=', '>', '>='], ['+', '-'], ['*', '/', '%']];

  private binary(level: number): Value {
    const operators = Expression.LEVELS[level];
    if (operators === undefined) {
      return this.unary();
    }
    let left = this.binary(level + 1);
    for (let op = this.take(...operators); op !== undefined; op = this.take(...operators)) {
      left = this.combine(op, left, this.binary(level + 1));
    }
    return left;
  }

  private combine(op: string, left: Value, right: Value): Value {
    if (op === '==' || op === '!=') {
      return Number((left === right) === (op === '=='));
    }
    if (typeof left === 'string' || typeof right === 'string') {
      throw new Error(`WGSL template: "${op}" needs numbers in "${this.text}"`);
    }
    switch (op) {
      case '+':
        return left + right;
      case '-':
        return left - right;
      case '*':
        return left * right;
      case '/':
        return Math.floor(left / right);
      case '%':
        return left % right;
      case '<':
        return Number(left < right);
      case '<=':
        return Number(left <= right);
      case '>':
        return Number(left > right);
      case '>=':
        return Number(left >= right);
      case '&&':
        return Number(left !== 0 && right !== 0);
      default:
        return Number(left !== 0 || right !== 0);
    }
  }

  private unary(): Value {
    if (this.take('!') !== undefined) {
      return Number(this.unary() === 0);
    }
    if (this.take('-') !== undefined) {
      return this.combine('-', 0, this.unary());
    }
    if (this.take('(') !== undefined) {
      const value = this.conditional();
      this.expect(')');
      return value;
    }
    const token = this.tokens[this.at++];
    if (token === undefined) {
      throw new Error(`WGSL template: "${this.text}" ends early`);
    }
    if (/^\d/.test(token)) {
      return Number(token);
    }
    if (token.startsWith("'")) {
      return token.slice(1, -1);
    }
    if (this.tokens[this.at] === '(') {
      return this.call(token);
    }
    const value = this.names.get(token);
    if (value === undefined) {
      throw new Error(`WGSL template: "${token}" is not defined, in "${this.text}"`);
    }
    return value;
  }

  private call(name: string): Value {
    this.expect('(');
    const args: number[] = [];
    do {
      args.push(Number(this.conditional()));
    } while (this.take(',') !== undefined);
    this.expect(')');
    switch (name) {
      case 'xyzw':
        return 'xyzw'.charAt(args[0]);
      case 'min':
        return Math.min(...args);
      case 'max':
        return Math.max(...args);
      case 'ceilDiv':
        return Math.ceil(args[0] / args[1]);
      default:
        throw new Error(`WGSL template: no function "${name}", in "${this.text}"`);
    }
  }
}

const DIRECTIVE = /^\s*\/\/#(\w+)\s*(.*)$/;

class Expander {
  private readonly out: string[] = [];

  constructor(
    private readonly lines: readonly string[],
    private readonly names: Map<string, Value>,
  ) {}

  expand(): string {
    this.block(0, this.lines.length);
    return this.out.join('\n');
  }

  private evaluate(text: string): Value {
    return new Expression(text, this.names).evaluate();
  }

  /** The line of the directive that closes or continues the block opened at `open`. */
  private next(open: number, continuing: boolean): number {
    let depth = 0;
    for (let at = open + 1; at < this.lines.length; at++) {
      const word = DIRECTIVE.exec(this.lines[at])?.[1];
      if (word === 'if' || word === 'for') {
        depth++;
      } else if (word === 'end') {
        if (depth === 0) {
          return at;
        }
        depth--;
      } else if (continuing && depth === 0 && (word === 'else' || word === 'elif')) {
        return at;
      }
    }
    throw new Error(`WGSL template: no //#end for "${this.lines[open].trim()}"`);
  }

  private block(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const line = this.lines[at];
      const directive = DIRECTIVE.exec(line);
      if (directive === null) {
        this.out.push(line.replace(/\$\{([^}]*)\}/g, (_, text: string) => String(this.evaluate(text))));
      } else if (directive[1] === 'if') {
        at = this.conditional(at);
      } else if (directive[1] === 'for') {
        at = this.loop(at, directive[2]);
      } else {
        throw new Error(`WGSL template: unexpected "${line.trim()}"`);
      }
    }
  }

  private conditional(open: number): number {
    const end = this.next(open, false);
    for (let at = open; at < end;) {
      const [, word, text] = DIRECTIVE.exec(this.lines[at]) ?? [];
      const stop = this.next(at, true);
      if (word === 'else' || this.evaluate(text) !== 0) {
        this.block(at + 1, stop);
        break;
      }
      at = stop;
    }
    return end;
  }

  private loop(open: number, header: string): number {
    const end = this.next(open, false);
    const [name, from, ...to] = header.split(/\s+/);
    const last = Number(this.evaluate(to.join(' ')));
    for (let i = Number(this.evaluate(from)); i < last; i++) {
      this.names.set(name, i);
      this.block(open + 1, end);
    }
    this.names.delete(name);
    return end;
  }
}

/** Expands a template with the given defines (booleans count as 1 and 0). */
export function expandWgsl(source: string, defines: Defines): string {
  const names = new Map<string, Value>();
  for (const [name, value] of Object.entries(defines)) {
    names.set(name, typeof value === 'boolean' ? Number(value) : value);
  }
  return new Expander(source.split('\n'), names).expand();
}
