import { readTemplate } from '../../src/template/read';
import { blocks, BY_HAND, docs } from './docs';
import { recordScript } from './recorded-script';
import { PSEUDO_PARAMETERS, render, withReferencesAsText } from './template/render';

/** The names and IDs that AWS gives to what is created by hand. */
export const CREATED = {
  account: PSEUDO_PARAMETERS['AWS::AccountId'] ?? '',
  bucket: `ghost-images-example-com-${PSEUDO_PARAMETERS['AWS::AccountId']}`,
  accessControl: 'E327GJI25M56DG',
  imageHeaders: '57f99797-3b20-4e1b-a728-27972a74082a',
  fileHeaders: '67f7725c-6f97-4210-82d7-5512b31e9d03',
  pathFunction: `arn:aws:cloudfront::${PSEUDO_PARAMETERS['AWS::AccountId']}:function/ghost-images-example-com-paths`,
  sizeFunction: `arn:aws:cloudfront::${PSEUDO_PARAMETERS['AWS::AccountId']}:function/ghost-images-example-com-sizes`,
  corsFunction: `arn:aws:cloudfront::${PSEUDO_PARAMETERS['AWS::AccountId']}:function/ghost-images-example-com-cors`,
  distribution: 'E1A2B3C4D5E6F7',
  distributionDomain: 'd111111abcdef8.cloudfront.net',
  certificate: 'arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0',
  secret: '5f2b8c1d9e7a4036b1c2d3e4f5061728394a5b6c7d8e9f00',
  policy: 'arn:aws:iam::123456789012:policy/ghost-images-example-com',
};

/** What the recorded programs print, by their first words. */
const ANSWERS: Record<string, string> = {
  'aws sts get-caller-identity': CREATED.account,
  'aws cloudfront create-origin-access-control': CREATED.accessControl,
  'aws cloudfront create-response-headers-policy --response-headers-policy-config file://image': CREATED.imageHeaders,
  'aws cloudfront create-response-headers-policy --response-headers-policy-config file://file': CREATED.fileHeaders,
  'aws cloudfront create-distribution': CREATED.distribution,
  'aws cloudfront create-function': 'ETVPDKIKX0DER',
  'aws cloudfront describe-function --name ghost-images-example-com-paths --stage LIVE': CREATED.pathFunction,
  'aws cloudfront describe-function --name ghost-images-example-com-cors --stage LIVE': CREATED.corsFunction,
  'aws cloudfront describe-function --name ghost-images-example-com-sizes --stage LIVE': CREATED.sizeFunction,
  'aws cloudfront describe-function': 'ETVPDKIKX0DER',
  'aws cloudfront get-distribution --': CREATED.distributionDomain,
  'aws cloudfront get-': 'E2QWRUHAPOMQZL',
  'aws acm request-certificate': CREATED.certificate,
  'aws acm describe-certificate': '_3f1c.images.example.com.',
  'aws route53 list-hosted-zones-by-name': '/hostedzone/Z0123456789ABCDEFGHIJ',
  'aws iam create-policy': CREATED.policy,
  'aws wafv2 create-web-acl': `arn:aws:wafv2:us-east-1:${CREATED.account}:global/webacl/images/473e64fd`,
  'aws iam list-access-keys': 'AKIAIOSFODNN7EXAMPLE',
  'openssl rand': CREATED.secret,
  'npx ghost-storage-s3-cloudfront policy': '{ "Version": "2012-10-17", "Statement": [] }',
  jq: '{ "Version": "2012-10-17", "Statement": [] }',
};

/** Bash blocks that use AWS, in the order in which a reader runs them: build first, leave last. */
const order = [BY_HAND, ...Object.keys(docs).filter((file) => !/aws-by-hand|leaving/.test(file)), 'docs/leaving.md'];
const script = order.flatMap((file) =>
  blocks(docs[file] ?? '', 'bash').filter((block) => file === BY_HAND || /\baws /.test(block)),
);

/** What the commands of the docs would do. */
export const recorded = recordScript(script.join('\n'), ANSWERS);
export const awsCommands = recorded.commands.filter(({ name }) => name === 'aws');

export const commandsOf = (operation: string) =>
  awsCommands.filter(({ args }) => args.slice(0, 2).join(' ') === operation);

/**
 * Returns the argument of an option, or the content of the file that it names.
 *
 * @param operation `s3api create-bucket`
 * @param index among the commands of the operation
 */
export function valueOf(operation: string, option: string, index = 0): string {
  const command = commandsOf(operation)[index];
  const word = command?.args[command.args.indexOf(option) + 1] ?? '';
  return command?.files[word] ?? word;
}

export const documentOf = (operation: string, option: string, index = 0) =>
  JSON.parse(valueOf(operation, option, index)) as Record<string, unknown>;

const STACK_PARAMETERS = {
  Domain: 'images.example.com',
  CertificateArn: CREATED.certificate,
  GhostHost: 'blog.example.com',
  FallbackSecret: CREATED.secret,
  GhostPath: '',
  HostedZoneId: 'Z0123456789ABCDEFGHIJ',
  Identity: 'policy-only',
};

/** Returns the properties of a resource in the template, with the names and IDs that AWS gave by hand. */
export function propertiesOf(name: string, parameters: Record<string, string> = {}): Record<string, unknown> {
  const names: Record<string, string> = {
    Bucket: CREATED.bucket,
    'Bucket.Arn': `arn:aws:s3:::${CREATED.bucket}`,
    'Bucket.RegionalDomainName': `${CREATED.bucket}.s3.eu-central-1.amazonaws.com`,
    Distribution: CREATED.distribution,
    'Distribution.DomainName': CREATED.distributionDomain,
    'OriginAccessControl.Id': CREATED.accessControl,
    ImageHeaders: CREATED.imageHeaders,
    FileHeaders: CREATED.fileHeaders,
    'PathFunction.FunctionARN': CREATED.pathFunction,
    'CorsFunction.FunctionARN': CREATED.corsFunction,
    'SizeFunction.FunctionARN': CREATED.sizeFunction,
    GhostPolicy: CREATED.policy,
  };
  const stack = withReferencesAsText(render(readTemplate(), { ...STACK_PARAMETERS, ...parameters }));
  const text = JSON.stringify(stack.Resources[name]?.Properties);
  return JSON.parse(text.replace(/\$\{([\w.]+)\}/g, (_, reference: string) => names[reference] ?? reference)) as Record<
    string,
    unknown
  >;
}

/** Values that CloudFront requires and CloudFormation adds by itself. Keys are in lower case. */
const ADDED_BY_CLOUDFORMATION: Record<string, unknown> = {
  httpport: 80,
  httpsport: 443,
  originkeepalivetimeout: 5,
  originpath: '',
  origincustomheaders: [],
  smoothstreaming: false,
  lambdafunctionassociations: [],
  fieldlevelencryptionid: '',
};

/** Names that CloudFormation spells differently, in lower case. */
const NAMES: Record<string, string> = { isipv6enabled: 'ipv6enabled', customheaders: 'origincustomheaders' };

/**
 * Returns a document of CloudFront's API, or the template's version of it, in one form for both.
 *
 * @throws Error when a Quantity is not the number of its Items
 */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(comparable);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const { Quantity, Items = [], ...others } = value as { Quantity?: number; Items?: unknown[] };
  if (Quantity !== undefined && Quantity !== Items.length) {
    throw new Error(`Quantity ${Quantity}, but ${Items.length} Items: ${JSON.stringify(value)}`);
  }
  if ((Quantity !== undefined || 'Items' in value) && Object.keys(others).length === 0) {
    return comparable(Items);
  }
  const entries = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
    if (key === 'AllowedMethods' && !Array.isArray(member)) {
      const { CachedMethods, ...allowed } = member as { CachedMethods: unknown };
      return [
        ['allowedmethods', comparable(allowed)],
        ['cachedmethods', comparable(CachedMethods)],
      ];
    }
    const name = key.toLowerCase();
    return [[NAMES[name] ?? name, comparable(member)]];
  });
  return Object.fromEntries(
    entries.filter(([name, member]) => JSON.stringify(member) !== JSON.stringify(ADDED_BY_CLOUDFORMATION[name])),
  );
}
