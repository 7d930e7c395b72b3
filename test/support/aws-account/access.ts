import { awsError, type ServiceName } from './aws-error';
import type { Call } from './switchboard';

/** The permissions that the caller of the account lacks. */
export class Access {
  private readonly denied = new Set<string>();

  constructor(
    readonly accountId: string,
    readonly callerArn: string,
  ) {}

  deny(action: string): void {
    this.denied.add(action);
  }

  allow(action: string): void {
    this.denied.delete(action);
  }

  allows(action: string): boolean {
    return !this.denied.has(action);
  }

  /** Returns the error for a call, if it is denied. */
  refusal({ action, operation, input, client }: Call): Error | undefined {
    const denied = [action, ...furtherActions(operation, input)].find((needed) => !this.allows(needed));
    if (!denied) {
      return undefined;
    }
    // The response to a HEAD has no body, so the SDK has only its status.
    if (operation === 'HeadBucket') {
      return awsError('s3', 'Unknown', 'UnknownError', 403);
    }
    const service = action.split(':')[0] as ServiceName;
    const name = service === 'acm' ? 'AccessDeniedException' : 'AccessDenied';
    return awsError(service, name, this.message(denied, this.resource(service, input, client.region)), 403);
  }

  /** Returns AWS's message for an action that is not allowed. */
  message(action: string, resource: string): string {
    return (
      `User: ${this.callerArn} is not authorized to perform: ${action} on resource: ${resource} ` +
      `because no identity-based policy allows the ${action} action`
    );
  }

  private resource(service: ServiceName, input: Record<string, unknown>, region: string): string {
    const text = (name: string) => input[name] as string | undefined;
    switch (service) {
      case 'acm':
        return text('CertificateArn') ?? `arn:aws:acm:${region}:${this.accountId}:certificate/*`;
      case 'cloudformation': {
        const stack = text('StackName') ?? '*';
        return stack.startsWith('arn:') ? stack : `arn:aws:cloudformation:${region}:${this.accountId}:stack/${stack}/*`;
      }
      case 'cloudfront':
        return `arn:aws:cloudfront::${this.accountId}:distribution/${text('Id') ?? text('DistributionId') ?? '*'}`;
      case 'iam':
        return text('PolicySourceArn') ?? text('PolicyArn') ?? `user ${text('UserName') ?? text('RoleName')}`;
      case 'route53': {
        const zone = (text('HostedZoneId') ?? text('Id'))?.replace('/hostedzone/', '');
        return zone ? `arn:aws:route53:::hostedzone/${zone}` : '*';
      }
      case 's3':
        return `"arn:aws:s3:::${text('Bucket') ?? '*'}"`;
      case 'sts':
        return '*';
    }
  }
}

/** Returns what else a call requires: setting tags is a permission of its own. */
function furtherActions(operation: string, { Tags = [] }: { Tags?: unknown[] }): string[] {
  const tagging: Record<string, string> = {
    CreateChangeSet: 'cloudformation:TagResource',
    RequestCertificate: 'acm:AddTagsToCertificate',
  };
  const action = tagging[operation];
  return action && Tags.length > 0 ? [action] : [];
}
