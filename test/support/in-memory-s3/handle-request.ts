import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { authenticate } from './authenticate';
import { type AccessQuestion, isAllowed, requireAllowed } from './authorization';
import { readBodyDeclaration } from './body-declaration';
import type { Operation, OperationContext, Reply, ServerState } from './operation';
import { findOperation } from './operations';
import { Pace } from './pace';
import { receiveBody } from './receive-body';
import { assertKeyLength, readTarget } from './request-target';
import { errorXml, S3Error } from './s3-error';
import { sendReply } from './send-reply';
import { readSignature } from './signature';
import type { FaultKind, RecordedRequest } from './types';

/** Handles a request, from its headers to its answer. */
export async function handleRequest(
  state: ServerState,
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
): Promise<void> {
  const headers = joinHeaders(request.headers);
  const record = beginRecord(state, request, response, headers);
  const ids = { requestId: randomBytes(8).toString('hex').toUpperCase(), hostId: randomBytes(32).toString('base64') };
  let fault: FaultKind | undefined;
  let reply: Reply;
  try {
    const operation = identify(record, request, headers);
    fault = state.faults.strike(operation.name, record.key);
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    if (fault === 'stall') return void request.resume();
    if (typeof fault === 'object' && 'delayMs' in fault) await sleep(fault.delayMs);
    if (typeof fault === 'object' && 'until' in fault) {
      while (!fault.until() && !request.socket.destroyed) await sleep(5);
    }
    reply =
      typeof fault === 'object' && 'status' in fault
        ? faultReply(fault, request, ids)
        : typeof fault === 'object' && 'answer' in fault
          ? { status: 200, headers: { 'content-type': 'text/html' }, body: fault.answer }
          : await carryOut(state, operation, record, request, response, expectsContinue);
  } catch (error) {
    // The client that cut off its body is gone and needs no answer.
    if (request.socket.destroyed) return;
    // Node does not read the rest of a body that it has started to read.
    request.resume();
    reply = errorReply(error, request, ids);
  }
  if (state.latencyMs > 0) await sleep(state.latencyMs - Math.floor(state.latencyMs / 2));
  if (fault === 'reset-after-store') return void request.socket.resetAndDestroy();
  record.status = reply.status;
  reply.headers = {
    ...reply.headers,
    server: 'AmazonS3',
    'x-amz-request-id': ids.requestId,
    'x-amz-id-2': ids.hostId,
    // A client that waits for `100 Continue` will not send its body now. The rest of other bodies is read and discarded:
    // closing the connection could destroy the answer on its way.
    connection: expectsContinue && record.bytesReceived === 0 ? 'close' : undefined,
  };
  await sendReply(response, reply, {
    pace: paceOf(request.socket, 'down', state),
    truncate: fault === 'truncate-body',
  });
}

function beginRecord(
  state: ServerState,
  request: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string>,
): RecordedRequest {
  const now = () => performance.timeOrigin + performance.now();
  const record: RecordedRequest = {
    operation: 'Unknown',
    method: request.method ?? '',
    query: {},
    headers,
    status: 0,
    bytesReceived: 0,
    startedAtMs: now(),
    endedAtMs: 0,
  };
  state.requests.push(record);
  response.once('close', () => (record.endedAtMs = now()));
  return record;
}

function identify(record: RecordedRequest, request: IncomingMessage, headers: Record<string, string>): Operation {
  const target = readTarget(request.url ?? '/', headers.host);
  Object.assign(record, target);
  const operation = findOperation({ method: record.method, headers, ...target });
  record.operation = operation.name;
  return operation;
}

async function carryOut(
  state: ServerState,
  operation: Operation,
  record: RecordedRequest,
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
): Promise<Reply> {
  const { headers, query, key } = record;
  const signedRequest = { method: record.method, url: request.url ?? '/', headers };
  const signature = readSignature(signedRequest);
  record.accessKeyId = signature?.accessKeyId;
  const existing = record.bucket === undefined ? undefined : state.buckets.get(record.bucket);
  const { caller, signer } = authenticate(signature, signedRequest, existing, state);
  const ask = (action: string, onKey?: string, inBucket = existing): AccessQuestion => ({
    caller,
    action,
    bucket: inBucket,
    key: onKey,
    context: conditionKeys(operation, record),
  });
  const context: OperationContext = {
    state,
    request,
    bucketName: record.bucket ?? '',
    get bucket() {
      if (existing) return existing;
      throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', { BucketName: record.bucket ?? '' });
    },
    key: key ?? '',
    query,
    headers,
    caller,
    isAllowed: (action, onKey) => isAllowed(ask(action, onKey)),
    requireAllowed: (action, onKey, inBucket) => requireAllowed(ask(action, onKey, inBucket)),
    async receiveBody() {
      const declaration = readBodyDeclaration(headers, signature?.payloadHash);
      if (expectsContinue) {
        if (state.latencyMs > 0) await sleep(state.latencyMs);
        response.writeContinue();
      }
      const pace = paceOf(request.socket, 'up', state);
      const onWireBytes = (count: number) => void (record.bytesReceived += count);
      const { trustsBodies, forgetsBodies } = state;
      const body = await receiveBody(request, declaration, { signer, pace, onWireBytes, trustsBodies, forgetsBodies });
      await travelThere(state);
      return body;
    },
  };
  assertKeyLength(key);
  if (operation.level !== 'service' && operation.name !== 'CreateBucket') void context.bucket;
  if (operation.action !== undefined) context.requireAllowed(operation.action, key);
  if (!hasBody(headers)) await travelThere(state);
  return operation.run(context);
}

/** The first half of the latency, so that a request takes effect between its start and its answer. */
async function travelThere({ latencyMs }: ServerState): Promise<void> {
  if (latencyMs >= 2) await sleep(Math.floor(latencyMs / 2));
}

/** @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
function conditionKeys(
  operation: Operation,
  { query, headers, accessKeyId }: RecordedRequest,
): AccessQuestion['context'] {
  const listing = operation.name.startsWith('List') ? query : {};
  return {
    ...Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => name.startsWith('x-amz-'))
        .map(([name, value]) => [`s3:${name}`, value]),
    ),
    's3:prefix': listing.prefix,
    's3:delimiter': listing.delimiter,
    's3:max-keys': listing['max-keys'],
    's3:if-none-match': headers['if-none-match'],
    's3:if-match': headers['if-match'],
    'aws:securetransport': 'false',
    'aws:username': accessKeyId,
    'aws:useragent': headers['user-agent'],
  };
}

function errorReply(error: unknown, request: IncomingMessage, ids: { requestId: string; hostId: string }): Reply {
  const { status, code, message, details, headers } =
    error instanceof S3Error
      ? error
      : { status: 500, code: 'InternalError', message: String(error), details: {}, headers: {} };
  const isHead = request.method === 'HEAD';
  return {
    status,
    headers: { ...headers, ...(isHead && { 'content-type': 'application/xml' }) },
    body: isHead ? undefined : errorXml({ code, message, details }, { resource: pathOf(request), ...ids }),
  };
}

function faultReply(
  { status, code, message = 'Injected by the test.' }: { status: number; code: string; message?: string },
  request: IncomingMessage,
  ids: { requestId: string; hostId: string },
): Reply {
  const body =
    request.method === 'HEAD' ? undefined : errorXml({ code, message }, { resource: pathOf(request), ...ids });
  return { status, body };
}

const pacesBySocket = new WeakMap<Socket, Record<'up' | 'down', Pace>>();

function paceOf(socket: Socket, direction: 'up' | 'down', { bandwidthBytesPerSecond }: ServerState): Pace | undefined {
  if (bandwidthBytesPerSecond === undefined) return undefined;
  const paces = pacesBySocket.get(socket) ?? {
    up: new Pace(bandwidthBytesPerSecond),
    down: new Pace(bandwidthBytesPerSecond),
  };
  pacesBySocket.set(socket, paces);
  return paces[direction];
}

function hasBody(headers: Record<string, string>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? '/';
}

function joinHeaders(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')]),
  );
}
