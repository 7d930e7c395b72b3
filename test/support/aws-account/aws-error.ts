import * as acm from '@aws-sdk/client-acm';
import * as cloudformation from '@aws-sdk/client-cloudformation';
import * as cloudfront from '@aws-sdk/client-cloudfront';
import * as iam from '@aws-sdk/client-iam';
import * as route53 from '@aws-sdk/client-route-53';
import * as s3 from '@aws-sdk/client-s3';
import * as sts from '@aws-sdk/client-sts';

type ErrorClass = new (options: object) => Error;

const SERVICES = {
  acm: { exceptions: acm, base: acm.ACMServiceException },
  cloudformation: { exceptions: cloudformation, base: cloudformation.CloudFormationServiceException },
  cloudfront: { exceptions: cloudfront, base: cloudfront.CloudFrontServiceException },
  iam: { exceptions: iam, base: iam.IAMServiceException },
  route53: { exceptions: route53, base: route53.Route53ServiceException },
  s3: { exceptions: s3, base: s3.S3ServiceException },
  sts: { exceptions: sts, base: sts.STSServiceException },
};

/** A service by the prefix of its IAM actions. */
export type ServiceName = keyof typeof SERVICES;

/**
 * Returns an error as the SDK throws it, of the SDK's class for its name or of the service's base class.
 *
 * @param name AWS's code, `NoSuchBucketPolicy`
 * @param status HTTP status of the response
 * @param headers those of the response that the SDK looks at
 */
export function awsError(
  service: ServiceName,
  name: string,
  message: string,
  status = 400,
  headers: Record<string, string> = {},
): Error {
  const { exceptions, base } = SERVICES[service];
  const Own = (exceptions as unknown as Record<string, ErrorClass | undefined>)[name] ?? (base as ErrorClass);
  const error = new Own({
    name,
    message,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status, requestId: '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9', attempts: 1 },
  });
  return Object.assign(error, { $response: { statusCode: status, headers } });
}

/** Returns a service's answer to too many requests, after the SDK has used up its retries. */
export function throttled(service: ServiceName): Error {
  if (service === 's3') {
    return awsError(service, 'SlowDown', 'Please reduce your request rate.', 503);
  }
  return awsError(service, service === 'acm' ? 'ThrottlingException' : 'Throttling', 'Rate exceeded');
}
