import type { IncomingMessage, ServerResponse } from 'node:http';

// By itself, as the published types contain it: the build of the types reads a file with everything that it imports, and
// for the rest of the middleware that is the whole SDK.

/** The part of an Express middleware that is used here: plain Node requests and responses. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
