import type { IncomingMessage, ServerResponse } from 'node:http';

/** A middleware of Express, as far as it is needed: Node's own request and response do. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
