#!/usr/bin/env node
// Takes the place of the program `aws` for a script: answers its commands from AWS_STAND_IN/answers.json, which
// provision-script.ts writes, and records them in AWS_STAND_IN/calls. Applies --query, and prints the text format.
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers';
import { search } from '@jmespath-community/jmespath';

const folder = process.env.AWS_STAND_IN ?? '';
const args = process.argv.slice(2);
const operation = args.slice(0, 2).join(' ');

const names = args.filter((word) => word.startsWith('file://'));
const files = Object.fromEntries(names.map((name) => [name, readFileSync(name.slice(7), 'utf8')]));
const modes = names.flatMap((name) => [name.slice(7), path.dirname(name.slice(7))]).map((file) => statSync(file).mode);
const before = existsSync(path.join(folder, 'calls')) ? readFileSync(path.join(folder, 'calls'), 'utf8') : '';
const number = before.split('\n').filter((line) => line.startsWith('{"name":"aws"')).length;
appendFileSync(path.join(folder, 'calls'), `${JSON.stringify({ name: 'aws', args, files, modes })}\n`);

const state = JSON.parse(readFileSync(path.join(folder, 'answers.json'), 'utf8'));
const isFailing = number === state.failing;
const answer = isFailing ? 'An error occurred (Throttling): Rate exceeded' : state.answers[operation];
Object.assign(state.answers, isFailing ? {} : state.after[operation]);
writeFileSync(path.join(folder, 'answers.json'), JSON.stringify(state));

if (answer === 'hangs') {
  process.stdout.write('hangs\n');
  setTimeout(() => {}, 60_000);
} else if (answer === undefined || typeof answer === 'string') {
  process.stderr.write(`${answer ?? `The stand-in has no answer to aws ${operation}.`}\n`);
  process.exitCode = 254;
} else {
  const query = args.includes('--query') ? args[args.indexOf('--query') + 1] : '@';
  process.stdout.write(asText(search(filtered(answer), query)));
}

/** Leaves the certificates that have one of the statuses that were asked for. */
function filtered(whole) {
  const { CertificateSummaryList: certificates } = whole ?? {};
  return certificates ? { CertificateSummaryList: certificates.filter(({ Status }) => args.includes(Status)) } : whole;
}

/** As awscli's text formatter prints values that are not objects: a list is a line, and a list of lists several. */
function asText(value) {
  if (!Array.isArray(value)) {
    return typeof value === 'object' && value ? '' : `${value ?? 'None'}\n`;
  }
  return value.some(Array.isArray)
    ? value.map(asText).join('')
    : value.length > 0
      ? `${value.map((item) => item ?? 'None').join('\t')}\n`
      : '';
}
