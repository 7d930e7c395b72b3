import { ADAPTER } from '../../core/features';
import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import type { AccessKey } from './access-key';
import type { Stack } from '../../aws/stack';

/**
 * Returns the adapter's options for Ghost's configuration. `install` activates them.
 *
 * @param secret between CloudFront and Ghost, undefined without a Ghost origin
 * @param accessKey undefined when Ghost gets its credentials elsewhere
 */
export function ghostConfigOf(stack: Stack, secret: string | undefined, accessKey?: AccessKey): GhostConfigBlock {
  const { BucketName = '', BucketRegion = '', CdnUrl = '', DistributionId = '' } = stack.outputs;
  const tenantPrefix = stack.parameters.TenantPrefix ?? '';
  return {
    storage: {
      [ADAPTER]: {
        bucket: BucketName,
        region: BucketRegion,
        cdnUrl: CdnUrl,
        ...(tenantPrefix && { tenantPrefix }),
        distributionId: DistributionId,
        ...(secret && { cdnFallbackSecret: secret }),
        ...accessKey,
      },
    },
  };
}

/**
 * Returns how to give the stack's identity to Ghost, as lines for the terminal.
 *
 * @param accessKeyId the one in the configuration, if there is one
 */
export function identityAdvice(stack: Stack, accessKeyId?: string): string[] {
  const { GhostPolicyArn, GhostUserName, GhostRoleName, GhostInstanceProfileName, GhostTaskRoleName } = stack.outputs;
  if (GhostUserName && accessKeyId) {
    return [
      `Ghost signs in as the user ${GhostUserName} with the access key ${accessKeyId}. Its secret is shown this once: keep it.`,
    ];
  }
  if (GhostUserName) {
    return [
      `Ghost signs in as the user ${GhostUserName}. It needs an access key:`,
      `  aws iam create-access-key --user-name ${GhostUserName}`,
      'or run this command again with --create-access-key.',
    ];
  }
  if (GhostInstanceProfileName) {
    return [
      `Ghost signs in by the role ${GhostRoleName}. Attach its profile to the instance that Ghost runs on:`,
      `  aws ec2 associate-iam-instance-profile --instance-id YOUR_INSTANCE --iam-instance-profile Name=${GhostInstanceProfileName}`,
      'In Docker on that instance, the metadata service needs a hop limit of 2.',
    ];
  }
  if (GhostTaskRoleName) {
    return [`Ghost signs in by the role ${GhostTaskRoleName}: write it as taskRoleArn into the task definition.`];
  }
  return [`Give the policy ${GhostPolicyArn} to the role or user that Ghost runs with.`];
}
