import { existsSync, readFileSync, statSync } from 'node:fs';
import { FEATURES, ADAPTER, type Feature } from '../../../core/features';
import { connect } from '../../../core/s3/client';
import { adapterOptionsOf, readGhostConfig, type StorageSettings, storageOf } from '../../../ghost-site/config';
import { type CheckResult, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';

/** The options that other users must not be able to read. */
const SECRETS = ['secretAccessKey', 'sessionToken', 'cdnFallbackSecret'];

/** Names the vendor of a virtual machine. */
const VENDOR_FILE = '/sys/devices/virtual/dmi/id/sys_vendor';

/** Checks that only Ghost can read a configuration file with secrets. */
export function checkFileMode({ site }: DoctorContext): CheckResult {
  if (!site || !existsSync(site.configFile)) {
    return unchecked('there is no configuration file');
  }
  const file = site.configFile;
  const storage = storageOf(readGhostConfig(readFileSync(file, 'utf8'), file));
  const inFile = SECRETS.filter((name) => FEATURES.some((feature) => name in optionsOf(storage, feature)));
  const mode = statSync(file).mode & 0o777;
  if (process.platform === 'win32' || inFile.length === 0 || (mode & 0o004) === 0) {
    return passed(inFile.length === 0 ? 'none in the file' : 'not everybody may read the file');
  }
  return warned(
    `The permissions of ${file} were read.`,
    `Every user of this machine may read it (mode ${mode.toString(8)}), and ${inFile.join(' and ')} in it.`,
    `chmod o-rwx ${file} – Ghost must own it, or be in its group.`,
  );
}

/** Checks that a machine which can have a role does not use access keys. */
export async function checkKeys({ config }: DoctorContext): Promise<CheckResult> {
  if (!config.accessKeyId || !(await connect(config)).service.isAws) {
    return passed(config.accessKeyId ? 'in the configuration' : 'none in the configuration');
  }
  const host = hostWithRoles(process.env);
  return host === undefined
    ? passed('in the configuration, as this machine has no role')
    : warned(
        'It was looked whether this machine can have a role.',
        `It is ${host}, and there are keys in the configuration, which never expire.`,
        `Give it a role (provision --identity ${host === 'EC2' ? 'ec2-role' : 'ecs-task-role'}), and remove "accessKeyId" and "secretAccessKey".`,
      );
}

/** Returns the options for a feature, with those of an adapter that is not in use yet. */
const optionsOf = (storage: StorageSettings, feature: Feature) => ({
  ...(storage[ADAPTER] as object | undefined),
  ...adapterOptionsOf(storage, feature),
});

/** Returns the AWS service that this machine runs on, if it is one with roles. */
function hostWithRoles(environment: NodeJS.ProcessEnv): 'ECS' | 'EC2' | undefined {
  if (environment.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ?? environment.AWS_CONTAINER_CREDENTIALS_FULL_URI) {
    return 'ECS';
  }
  return existsSync(VENDOR_FILE) && readFileSync(VENDOR_FILE, 'utf8').includes('Amazon EC2') ? 'EC2' : undefined;
}
