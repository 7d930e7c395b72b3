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

/** Settings by stack: a test follows many requests through one. */
const configs = new WeakMap<RenderedTemplate, DistributionConfig>();

/** Returns the distribution's settings, with references as text. */
export function distributionConfig(stack: RenderedTemplate): DistributionConfig {
  const config =
    configs.get(stack) ??
    (withReferencesAsText(stack.Resources.Distribution?.Properties.DistributionConfig) as DistributionConfig);
  configs.set(stack, config);
  return config;
}

/** Returns all behaviors, in the order in which CloudFront tries them. */
export function behaviorsOf({ CacheBehaviors, DefaultCacheBehavior }: DistributionConfig): Behavior[] {
  return [...CacheBehaviors, DefaultCacheBehavior];
}

/**
 * Follows a request through the distribution: the first behavior that matches, its function, its origins.
 *
 * @param path as the viewer requests it
 * @param accept the viewer's Accept header
 * @returns the origins that are asked one after the other while the response is a 404 (`bucket:` and the key, or a URL of
 * Ghost; none when the function answers itself), and the headers policy of the response
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
 */
export function route(stack: RenderedTemplate, path: string, accept?: string): { asked: string[]; headers: string } {
  const config = distributionConfig(stack);
  const behavior = behaviorOf(stack, path);
  const group = config.OriginGroups?.Items.find(({ Id }) => Id === behavior.TargetOriginId);
  const targets = group ? group.Members.Items.map(({ OriginId }) => OriginId) : [behavior.TargetOriginId];
  const { uri, status } = afterFunction(stack, path, accept);
  if (status !== undefined) {
    return { asked: [], headers: behavior.ResponseHeadersPolicyId };
  }
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

/** Path patterns as regular expressions. */
const patterns = new Map<string, RegExp>();

function matches(pattern: string, path: string): boolean {
  const literally = (text: string) => text.replace(/[.@~$]/g, '\\$&');
  const expression = patterns.get(pattern) ?? new RegExp(`^${pattern.split('*').map(literally).join('.*')}$`);
  patterns.set(pattern, expression);
  return expression.test(path);
}

/**
 * Runs the function for a viewer's request.
 *
 * @param accept the viewer's Accept header
 * @returns the path for the cache and the origins or, if the function answers itself, the status of its answer
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
 */
export function afterFunction(
  stack: RenderedTemplate,
  path: string,
  accept?: string,
): { uri: string; status?: undefined } | { uri?: undefined; status: number } {
  const headers = accept === undefined ? {} : { accept: { value: accept } };
  const event = { request: { method: 'GET', uri: path, querystring: {}, headers, cookies: {} } };
  const changed = (runFunction(stack, behaviorOf(stack, path), 'viewer-request', event) ?? event.request) as
    | { uri: string }
    | { statusCode: number };
  return 'statusCode' in changed ? { status: changed.statusCode } : { uri: changed.uri };
}

/**
 * Runs a behavior's function for an event. CloudFront's functions are plain scripts that define `handler`.
 *
 * @returns what the function returns; undefined without a function
 */
function runFunction(
  stack: RenderedTemplate,
  { FunctionAssociations = [] }: Behavior,
  eventType: string,
  event: object,
): unknown {
  const association = FunctionAssociations.find(({ EventType }) => EventType === eventType);
  if (!association) {
    return undefined;
  }
  const [, name = ''] = /^\$\{(\w+)\.FunctionARN\}$/.exec(association.FunctionARN) ?? [];
  const code = String(stack.Resources[name]?.Properties.FunctionCode);
  let handler = handlers.get(code);
  if (!handler) {
    handler = vm.runInNewContext(`${code}; (event) => JSON.stringify(handler(JSON.parse(event)))`) as Handler;
    handlers.set(code, handler);
  }
  return JSON.parse(handler(JSON.stringify(event)));
}

type Handler = (event: string) => string;

/** Functions by their code: a context for each takes milliseconds. */
const handlers = new Map<string, Handler>();

/**
 * Returns the headers that the functions add to an answer, by lower-case names.
 *
 * @param path as the viewer requests it
 * @param answer as CloudFront has it: the status, and the headers of the origin and of the headers policy
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html: functions
 * do not run for answers of 400 and above
 */
export function headersAfterFunction(
  stack: RenderedTemplate,
  path: string,
  answer: { status: number; headers: Record<string, string> },
): Record<string, string> {
  const { status, headers } = answer;
  if (status >= 400) {
    return headers;
  }
  const event = {
    response: {
      statusCode: status,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { value }])),
    },
  };
  const changed = runFunction(stack, behaviorOf(stack, path), 'viewer-response', event) ?? event.response;
  return Object.fromEntries(
    Object.entries((changed as typeof event.response).headers).map(([name, { value }]) => [name, value]),
  );
}

const behaviorOf = (stack: RenderedTemplate, path: string) =>
  behaviorsOf(distributionConfig(stack)).find(({ PathPattern }) => matches(PathPattern ?? '*', path)) as Behavior;
