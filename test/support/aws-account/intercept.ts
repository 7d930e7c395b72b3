import { ACMClient } from '@aws-sdk/client-acm';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { IAMClient } from '@aws-sdk/client-iam';
import { Route53Client } from '@aws-sdk/client-route-53';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import type { ServiceName } from './aws-error';
import type { ClientConfig } from './switchboard';

/** The SDK's clients, as far as this file reaches into them. */
const CLIENTS = {
  acm: ACMClient,
  cloudformation: CloudFormationClient,
  cloudfront: CloudFrontClient,
  iam: IAMClient,
  route53: Route53Client,
  s3: S3Client,
  sts: STSClient,
} as unknown as Record<ServiceName, { prototype: Client }>;

interface Client {
  config: { region: () => Promise<string>; profile?: string; followRegionRedirects?: boolean };
  send: (this: Client, command: Command, ...rest: unknown[]) => unknown;
}

interface Command {
  middlewareStack: { add(middleware: Middleware, options: object): void };
}

type Middleware = (
  next: (args: object) => Promise<object>,
  context: { __s3RegionRedirect?: string },
) => (args: { input: Record<string, unknown> }) => Promise<object>;

/** A command that a client sends. */
export interface SentCommand {
  service: ServiceName;
  /** `HeadBucket` */
  operation: string;
  input: Record<string, unknown>;
  client: ClientConfig;
  /** Whether the client looks for a bucket in other regions, as that of `provision` does. */
  followsRegions: boolean;
}

/**
 * Answers the commands of all clients from inside each client's middleware stack, in the place of the request: the
 * middleware that wraps it runs as it does on AWS.
 *
 * @param answer returns the output, or undefined to have the request sent
 * @returns gives the clients back to AWS
 */
export function interceptClients(answer: (command: SentCommand) => Promise<object> | object | undefined): () => void {
  const middlewareFor =
    (service: ServiceName, { config }: Client, command: Command): Middleware =>
    (next, context) =>
    async (args) => {
      const region = context.__s3RegionRedirect ?? (await config.region());
      const output = await answer({
        service,
        operation: command.constructor.name.replace(/Command$/, ''),
        input: args.input,
        client: { region, profile: config.profile },
        followsRegions: config.followRegionRedirects ?? false,
      });
      return output === undefined ? next(args) : { output, response: {} };
    };
  for (const [service, { prototype }] of Object.entries(CLIENTS) as [ServiceName, { prototype: Client }][]) {
    const { send } = prototype;
    prototype.send = function (command, ...rest) {
      // Before the input is serialized, which would take credentials.
      const options = { step: 'serialize', priority: 'high', name: 'awsAccount', override: true };
      command.middlewareStack.add(middlewareFor(service, this, command), options);
      return send.call(this, command, ...rest);
    };
  }
  return () => Object.values(CLIENTS).forEach(({ prototype }) => Reflect.deleteProperty(prototype, 'send'));
}
