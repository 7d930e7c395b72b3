import type { Aws } from '../../aws/sign-in';
import type { Stack } from '../../aws/stack-state';
import { checked } from '../../template/checked-parameter';
import type { Problem } from './problem';

/** The region that CloudWatch Logs delivers CloudFront's logs from, wherever the bucket is. */
const LOGS_REGION = 'us-east-1';

/**
 * The longest name of a delivery source, in characters.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html
 */
const MAX_NAME = 60;

/** The start of a bucket's ARN. */
const ARN = 'arn:aws:s3:::';

/**
 * Reads `--access-logs`.
 *
 * @param value name of a bucket, or `none`
 * @returns the template's parameter
 * @throws Failure for an invalid bucket name
 */
export function readAccessLogs(value: string): string {
  return value === 'none' ? `${ARN}NONE` : checked('--access-logs', 'AccessLogDestination', `${ARN}${value}`);
}

/** Returns the name of the bucket in the template's parameter; undefined for none. */
export function logBucketOf(parameter = `${ARN}NONE`): string | undefined {
  const name = parameter.slice(ARN.length);
  return name === 'NONE' ? undefined : name;
}

/**
 * Checks that the stack can deliver CloudFront's logs to a bucket.
 *
 * @param parameter value of `--access-logs` as `readAccessLogs` returns it, undefined without the option
 * @param stack undefined when there is none yet
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
 */
export function checkAccessLogs(
  parameter: string | undefined,
  { region, account }: Pick<Aws, 'region' | 'account'>,
  { stack, stackName, imageBucket }: { stack?: Stack; stackName: string; imageBucket?: string },
): Problem | undefined {
  const refused = (cause: string, cure: string) => ({ check: 'access logs', refuses: true, cause, cure });
  const wanted = logBucketOf(parameter);
  if (!wanted) {
    return undefined;
  }
  if (region !== LOGS_REGION) {
    const id = stack?.outputs.DistributionId;
    return refused(
      `--access-logs: AWS delivers CloudFront's logs from ${LOGS_REGION}, so a stack in ${region} cannot set them up.`,
      `Run the command without --access-logs. Then set up the logs yourself${id ? '' : ', replacing DISTRIBUTION_ID with the ID of the distribution'}. Later updates keep them:\n${commandLines(
        { name: stackName.slice(0, MAX_NAME), account, bucket: wanted, id: id ?? 'DISTRIBUTION_ID' },
      )}`,
    );
  }
  if (wanted === imageBucket) {
    return refused(
      `--access-logs is ${wanted}, which is the image bucket.`,
      'Choose another bucket. Logs contain the IP addresses of visitors, and AWS adds a statement to the bucket policy.',
    );
  }
  const present = logBucketOf(stack?.parameters.AccessLogDestination);
  return present && present !== wanted
    ? refused(
        `--access-logs is ${wanted}, but the stack ${stackName} delivers its logs to ${present}. CloudFormation cannot change that in one step.`,
        'Run the command with --access-logs none first, then again with the new bucket.',
      )
    : undefined;
}

const commandLines = ({ name, account, bucket, id }: Record<'name' | 'account' | 'bucket' | 'id', string>): string =>
  [
    `put-delivery-source --region ${LOGS_REGION} --name ${name} --log-type ACCESS_LOGS --resource-arn arn:aws:cloudfront::${account}:distribution/${id}`,
    `put-delivery-destination --region ${LOGS_REGION} --name ${name} --output-format w3c --delivery-destination-configuration destinationResourceArn=arn:aws:s3:::${bucket}`,
    `create-delivery --region ${LOGS_REGION} --delivery-source-name ${name} --delivery-destination-arn arn:aws:logs:${LOGS_REGION}:${account}:delivery-destination:${name}`,
  ]
    .map((command) => `  aws logs ${command}`)
    .join('\n');
