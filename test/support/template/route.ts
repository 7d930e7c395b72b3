import vm from 'node:vm';
import { withReferencesAsText, type RenderedTemplate } from './render';

export interface Behavior {
  PathPattern?: string;
  TargetOriginId: string;
  ResponseHeadersPolicyId: string;
  FunctionAssociations?: { EventType: string; FunctionARN: string }[];
}

export interface Origin {
  Id: string;
  DomainName: string;
  OriginPath?: string;
  S3OriginConfig?: object;
  CustomOriginConfig?: object;
  OriginCustomHeaders?: { HeaderName: string; HeaderValue: string }[];
}

export interface OriginGroup {
  Id: string;
  FailoverCriteria: { StatusCodes: { Quantity: number; Items: number[] } };
  Members: { Quantity: number; Items: { OriginId: string }[] };
}

export interface DistributionConfig {
  Aliases: string[];
  Origins: Origin[];
  OriginGroups?: { Quantity: number; Items: OriginGroup[] };
  CacheBehaviors: Behavior[];
  DefaultCacheBehavior: Behavior;
  [setting: string]: unknown;
}

/** Returns the distribution's settings, with references as text. */
export function distributionConfig(stack: RenderedTemplate): DistributionConfig {
  return withReferencesAsText(stack.Resources.Distribution?.Properties.DistributionConfig) as DistributionConfig;
}

/** Returns all behaviors, in the order in which CloudFront tries them. */
export function behaviorsOf({ CacheBehaviors, DefaultCacheBehavior }: DistributionConfig): Behavior[] {
  return [...CacheBehaviors, DefaultCacheBehavior];
}

/**
 * Follows a request through the distribution: the first behavior that matches, its function, its origins.
 *
 * @param path as the viewer requests it
 * @returns the origins that are asked one after the other while the response is a 404 (`bucket:` and the key, or a URL of
 * Ghost), and the headers policy of the response
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
 */
export function route(stack: RenderedTemplate, path: string): { asked: string[]; headers: string } {
  const config = distributionConfig(stack);
  const behavior = behaviorsOf(config).find(({ PathPattern }) => matches(PathPattern ?? '*', path)) as Behavior;
  const group = config.OriginGroups?.Items.find(({ Id }) => Id === behavior.TargetOriginId);
  const targets = group ? group.Members.Items.map(({ OriginId }) => OriginId) : [behavior.TargetOriginId];
  const uri = afterFunction(stack, behavior, path);
  const asked = targets.map((target) => {
    const origin = config.Origins.find(({ Id }) => Id === target);
    if (!origin) {
      throw new Error(`No origin ${target}`);
    }
    const asked = `${origin.OriginPath ?? ''}${uri}`;
    return origin.S3OriginConfig ? `bucket:${asked.slice(1)}` : `https://${origin.DomainName}${asked}`;
  });
  return { asked, headers: behavior.ResponseHeadersPolicyId };
}

function matches(pattern: string, path: string): boolean {
  const literally = (text: string) => text.replace(/[.@~$]/g, '\\$&');
  return new RegExp(`^${pattern.split('*').map(literally).join('.*')}$`).test(path);
}

/** CloudFront's functions are plain scripts that define `handler`. */
function afterFunction(stack: RenderedTemplate, { FunctionAssociations = [] }: Behavior, uri: string): string {
  const [association] = FunctionAssociations;
  if (!association) {
    return uri;
  }
  const [, name = ''] = /^\$\{(\w+)\.FunctionARN\}$/.exec(association.FunctionARN) ?? [];
  const code = String(stack.Resources[name]?.Properties.FunctionCode);
  return vm.runInNewContext(`${code}; handler(${JSON.stringify({ request: { uri } })}).uri`) as string;
}
