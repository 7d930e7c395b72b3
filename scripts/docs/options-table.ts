// Builds the table of options in docs/configuration.md from the comments of `interface Config`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { OPTION_NAMES } from '../../src/core/config';

const SOURCE = path.resolve(__dirname, '../../src/core/config.ts');
const MIB = 1024 * 1024;

/** What users need to know about an option. */
export interface OptionDocs {
  name: string;
  isRequired: boolean;
  text: string;
  /** As in the comment: JSON, or words. */
  default?: string;
  /** JSON. */
  example: string;
}

/**
 * Reads the documentation of all options.
 *
 * @throws Error when an option has no example, or is missing in the interface
 */
export function readOptions(): OptionDocs[] {
  const source = ts.createSourceFile(SOURCE, readFileSync(SOURCE, 'utf8'), ts.ScriptTarget.Latest, true);
  const config = source.statements.filter(ts.isInterfaceDeclaration).find(({ name }) => name.text === 'Config');
  const options = (config?.members ?? []).filter(ts.isPropertySignature).map((member): OptionDocs => {
    const [comment] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
    const tagOf = (tag: string) =>
      textOf(comment?.tags?.find(({ tagName }) => tagName.text === tag)?.comment) || undefined;
    const name = member.name?.getText() ?? '';
    const [standard, example] = [tagOf('default'), tagOf('example')];
    if (example === undefined) {
      throw new Error(`The option ${name} has no @example.`);
    }
    return {
      name,
      isRequired: !member.questionToken && standard === undefined,
      text: textOf(comment?.comment),
      default: standard,
      example,
    };
  });
  if (
    options
      .map(({ name }) => name)
      .sort()
      .join() !== [...OPTION_NAMES].sort().join()
  ) {
    throw new Error('The interface Config and its schema have different options.');
  }
  return options;
}

const textOf = (comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string =>
  (ts.getTextOfJSDocComment(comment) ?? '').replace(/\s+/g, ' ').trim();

/** Returns the table of all options. */
export function optionsTable(): string {
  const rows = readOptions().map((option) => [`\`${option.name}\``, option.text, defaultOf(option)]);
  return [['Option', 'What it is', 'Default'], ['---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function defaultOf({ isRequired, default: standard }: OptionDocs): string {
  if (isRequired) {
    return '**required**';
  }
  if (standard === undefined || !isJson(standard)) {
    return standard ?? 'none';
  }
  const value = JSON.parse(standard) as unknown;
  const size = typeof value === 'number' && value % MIB === 0 ? ` (${value / MIB} MiB)` : '';
  return `\`${String(value)}\`${size}`;
}

/** Returns a line for each option that sets it to its example in the environment. */
export function optionVariables(): string {
  const lines = readOptions().map(({ name, example }) => `storage__S3CloudFrontStorage__${name}=${valueOf(example)}`);
  return `\`\`\`ini\n${lines.join('\n')}\n\`\`\``;
}

const valueOf = (example: string) => String(JSON.parse(example));

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const PARTS: Record<string, () => string> = { options: optionsTable, variables: optionVariables };

/**
 * Replaces the generated parts of a document.
 *
 * @param text a document with parts between `<!-- generated: NAME -->` and `<!-- end -->`
 * @throws Error for an unknown part
 */
export function withOptions(text: string): string {
  return text.replace(
    /(<!-- generated: (\w+) -->\n).*?(<!-- end -->)/gs,
    (_, begin: string, name: string, end: string) => {
      const make = PARTS[name];
      if (!make) {
        throw new Error(`There is no part "${name}". There are: ${Object.keys(PARTS).join(', ')}`);
      }
      return `${begin}\n${make()}\n\n${end}`;
    },
  );
}
