import type { IncomingMessage, ServerResponse } from 'node:http';

// In a file of its own, because the published types contain it: the build of the types reads everything that a file
// imports, and for the rest of the middleware that is the whole SDK.

/** The part of an Express middleware that is used here: plain Node requests and responses. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
