import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readTemplate } from '../../../src/template/read';
import { PARAMETER_SETS } from './parameter-sets';

/** The template of version 1.0.0. */
export const VERSION_1_TEXT = readFileSync(path.join(__dirname, 'template-1.0.0.yaml'), 'utf8');
export const VERSION_1 = readTemplate(VERSION_1_TEXT);

/** Stacks of version 1.0.0, by their purpose: those whose parameters it knows. */
export const VERSION_1_SETS = Object.entries(PARAMETER_SETS).map(
  ([purpose, parameters]) =>
    [purpose, Object.fromEntries(Object.entries(parameters).filter(([name]) => name in VERSION_1.Parameters))] as const,
);
