import { existsSync, readFileSync } from 'node:fs';
import { connect } from '../../../core/s3/client';
import { readableSecrets, secretsIn } from '../../../ghost-site/readable-secrets';
import { type CheckResult, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { quoted } from '../../../shell/text';

/** Names the vendor of a virtual machine. */
const VENDOR_FILE = '/sys/devices/virtual/dmi/id/sys_vendor';

/** Checks that only Ghost can read a configuration file with secrets. */
export function checkFileMode({ site }: DoctorContext): CheckResult {
  if (!site || !existsSync(site.configFile)) {
    return unchecked('there is no configuration file');
  }
  const file = site.configFile;
  const text = site.settings.text();
  const readable = readableSecrets(site.settings, text);
  return readable === undefined
    ? passed(
        secretsIn(site.settings, text)
          ? 'other users cannot read the configuration file'
          : 'the configuration file has no secrets',
      )
    : warned(
        `The command read the permissions of ${file}.`,
        `Every user of this machine can read ${readable.names.join(' and ')} in ${file} (mode ${readable.mode}).`,
        site.settings.format === 'env'
          ? `chmod 600 ${quoted(file)}`
          : `chmod o-rwx ${quoted(file)}
Ghost must own the file, or be in its group.`,
      );
}

/** Checks that a machine that can have a role does not use access keys. */
export async function checkKeys({ config }: DoctorContext): Promise<CheckResult> {
  if (!config.accessKeyId || !(await connect(config)).service.isAws) {
    return passed(config.accessKeyId ? 'only AWS has roles' : 'none in the configuration');
  }
  const host = hostWithRoles(process.env);
  return host === undefined
    ? passed('this machine cannot have a role')
    : warned(
        'The check was whether this machine can have a role.',
        `The configuration contains access keys, which never expire. ${host} can give this machine a role instead.`,
        `Give it a role (provision --identity ${host === 'EC2' ? 'ec2-role' : 'ecs-task-role'}), and remove "accessKeyId" and "secretAccessKey".`,
      );
}

/** Returns the AWS service that this machine runs on, if it is one with roles. */
function hostWithRoles(environment: NodeJS.ProcessEnv): 'ECS' | 'EC2' | undefined {
  if (environment.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ?? environment.AWS_CONTAINER_CREDENTIALS_FULL_URI) {
    return 'ECS';
  }
  return existsSync(VENDOR_FILE) && readFileSync(VENDOR_FILE, 'utf8').includes('Amazon EC2') ? 'EC2' : undefined;
}
