import { ADAPTER } from '../../core/features';
import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import type { AccessKey } from './access-key';
import type { Stack } from '../../aws/stack-state';

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
 * Returns instructions for giving Ghost the stack's identity, as lines for the terminal.
 *
 * @param accessKeyId ID of the access key in the configuration, if there is one
 * @param formerKeys IDs of the access keys that Ghost's user had before
 */
export function identityAdvice(stack: Stack, accessKeyId?: string, formerKeys: string[] = []): string[] {
  const { GhostPolicyArn, GhostUserName, GhostRoleName, GhostInstanceProfileName, GhostTaskRoleName } = stack.outputs;
  if (GhostUserName && accessKeyId) {
    return [
      `Ghost authenticates as the user ${GhostUserName} with the access key ${accessKeyId}. Save its secret: it is shown only once.`,
    ];
  }
  if (GhostUserName && formerKeys.length > 0) {
    return [
      `Ghost authenticates as the user ${GhostUserName}, which already has the access key ${formerKeys.join(' and ')}.`,
      "Keep it in Ghost's configuration, or replace it with --rotate-access-key.",
    ];
  }
  if (GhostUserName) {
    return [
      `Ghost authenticates as the user ${GhostUserName}, which needs an access key:`,
      `  aws iam create-access-key --user-name ${GhostUserName}`,
      'or run this command again with --create-access-key.',
    ];
  }
  if (GhostInstanceProfileName) {
    return [
      `Ghost authenticates with the role ${GhostRoleName}. Attach its profile to the instance that Ghost runs on:`,
      `  aws ec2 associate-iam-instance-profile --instance-id YOUR_INSTANCE --iam-instance-profile Name=${GhostInstanceProfileName}`,
      'In Docker on that instance, the metadata service needs a hop limit of 2.',
    ];
  }
  if (GhostTaskRoleName) {
    return [`Ghost authenticates with the role ${GhostTaskRoleName}. Set it as taskRoleArn in the task definition.`];
  }
  return [`Attach the policy ${GhostPolicyArn} to the role or user that Ghost uses.`];
}
