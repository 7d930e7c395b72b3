import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen, stop } from './local-server';
import type { TestBucket } from './use-bucket';

/** An account with one image server, on a bucket of the S3 under test. */
export interface TestImageServer {
  /** The environment in which commands sign in to the account. */
  environment: Record<string, string>;
  /** The folders that the image server has. */
  folders: string[];
  close(): Promise<void>;
}

const CALLER = 'arn:aws:iam::123456789012:user/ada';

const members = (items: [string, string][], key: string, value: string) =>
  items.map(([name, text]) => `<member><${key}>${name}</${key}><${value}>${text}</${value}></member>`).join('');

/** Starts the two AWS services over HTTP that tell a command who it is, and which image servers there are. */
export async function startImageServer(bucket: TestBucket): Promise<TestImageServer> {
  const folders = ['downloads', 'press'];
  const { endpoint, region, credentials } = bucket.server;
  const describeStacks = () => {
    const parameters = { Domain: 'images.example.com', CertificateArn: 'arn:aws:acm:us-east-1:1:certificate/1' };
    const named = folders.map((name, index): [string, string] => [`Folder${index + 1}`, name]);
    const outputs = { BucketName: bucket.name, BucketRegion: region, CdnUrl: 'https://images.example.com' };
    return (
      '<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>ghost-images-example-com</StackName>' +
      '<StackId>arn:aws:cloudformation:::stack/ghost-images-example-com/1</StackId><StackStatus>CREATE_COMPLETE</StackStatus>' +
      `<Parameters>${members([...Object.entries(parameters), ...named], 'ParameterKey', 'ParameterValue')}</Parameters>` +
      `<Outputs>${members(Object.entries(outputs), 'OutputKey', 'OutputValue')}</Outputs>` +
      '</member></Stacks></DescribeStacksResult></DescribeStacksResponse>'
    );
  };
  const identity =
    `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${CALLER}</Arn><Account>123456789012</Account>` +
    '</GetCallerIdentityResult></GetCallerIdentityResponse>';
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const action = new URLSearchParams(body).get('Action');
      const answer = { GetCallerIdentity: identity, DescribeStacks: describeStacks() }[action ?? ''];
      response.writeHead(answer ? 200 : 400, { 'content-type': 'text/xml' }).end(answer);
    });
  });
  const port = await listen(server);
  return {
    environment: {
      AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}`,
      AWS_ENDPOINT_URL_CLOUDFORMATION: `http://127.0.0.1:${port}`,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    folders,
    close: () => stop(server),
  };
}
