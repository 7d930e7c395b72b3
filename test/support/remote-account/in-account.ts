// Loaded before a command, in its program: its AWS clients call the account of `startRemoteAccount`, and DNS is what the test says.
import fs from 'node:fs';
import dns from 'node:dns/promises';
import timers from 'node:timers/promises';
import { awsError } from '../aws-account/aws-error';
import { interceptClients } from '../aws-account/intercept';
import { type NameRecords, resolverOf } from '../resolver';
import { fromWire, toWire } from './wire';

const { REMOTE_ACCOUNT = '', REMOTE_DNS = '{}' } = process.env;

/** The adapter's own requests go to a real S3 server; those of `provision` to the account. */
const isForAccount = (service: string, followsRegions: boolean) => service !== 's3' || followsRegions;

interceptClients(async (command) => {
  if (!isForAccount(command.service, command.followsRegions)) {
    return undefined as unknown as object;
  }
  const response = await fetch(REMOTE_ACCOUNT, { method: 'POST', body: toWire({ pid: process.pid, command }) });
  const { output, error } = fromWire(await response.text()) as {
    output?: object;
    error?: { name: string; message: string; status?: number; headers?: Record<string, string> };
  };
  if (error) {
    throw awsError(command.service, error.name, error.message, error.status, error.headers);
  }
  return output ?? {};
});

const live = JSON.parse(REMOTE_DNS) as Record<string, NameRecords>;
Object.assign(dns, {
  Resolver: class {
    constructor() {
      Object.assign(this, resolverOf(live));
    }
  },
});

/** CloudFormation's pauses and those for DNS take no time here. */
const { setTimeout: wait } = timers;
Object.assign(timers, {
  setTimeout: (ms: number, value: unknown, options: object) => wait(ms >= 3_000 ? 10 : ms, value, options),
});

/** A disk that is full: no file of these names gets any bytes. */
const { FULL_DISK = '' } = process.env;
if (FULL_DISK !== '') {
  const { openSync, closeSync, writeFileSync, writeSync } = fs;
  const full = new Set<number>();
  fs.openSync = (file, ...rest) => {
    const opened = openSync(file, ...rest);
    if (rest[0] !== 'r' && String(file).includes(FULL_DISK)) full.add(opened);
    return opened;
  };
  fs.closeSync = (opened) => {
    full.delete(opened);
    closeSync(opened);
  };
  const refuse = (file: unknown) => {
    if (full.has(file as number)) {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
    }
  };
  fs.writeFileSync = (file, ...rest) => {
    refuse(file);
    writeFileSync(file, ...rest);
  };
  fs.writeSync = ((opened: number, ...rest: [string]) => {
    refuse(opened);
    return writeSync(opened, ...rest);
  }) as typeof writeSync;
}

/** Kills the process where it is about to have Ghost use the adapter. */
const { renameSync } = fs;
fs.renameSync = (from, to) => {
  const isConfig = String(to).endsWith('config.production.json');
  if (isConfig && process.env.KILLS_BEFORE_SWITCH === 'yes' && fs.readFileSync(from, 'utf8').includes('"active"')) {
    process.kill(process.pid, 'SIGKILL');
  }
  renameSync(from, to);
};

/** Waits that have a limit of minutes end after seconds. */
if (process.env.HURRIES === 'yes') {
  const { performance } = globalThis;
  const now = performance.now.bind(performance);
  performance.now = () => now() * 10;
}
