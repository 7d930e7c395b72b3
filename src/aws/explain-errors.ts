import { explain } from './errors';

/** Which command of which client is running. */
interface Context {
  clientName?: string;
  commandName?: string;
}

/** The part of an SDK client that takes middleware. */
interface Client {
  middlewareStack: {
    add(
      middleware: <I, O>(next: (args: I) => Promise<O>, context: Context) => (args: I) => Promise<O>,
      options: { step: 'initialize'; priority: 'high'; name: string },
    ): void;
  };
}

/** The actions that IAM does not name after the command. */
const ACTIONS: Record<string, string> = {
  // Every object is deleted with its version ID.
  's3:DeleteObjects': 's3:DeleteObjectVersion',
  's3:GetBucketLifecycleConfiguration': 's3:GetLifecycleConfiguration',
  's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
  's3:HeadBucket': 's3:ListBucket',
  's3:ListObjectVersions': 's3:ListBucketVersions',
};

/**
 * Makes every call of a client fail with an explained error, see `explain`.
 *
 * @returns the client
 * @see https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/middleware-stack.html
 */
export function explainErrors<T extends Client>(client: T): T {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw explain(actionOf(context), error);
      }
    },
    // Before everything else, so that errors of credentials and retries pass through it.
    { step: 'initialize', priority: 'high', name: 'explainErrors' },
  );
  return client;
}

/** Returns the action that IAM has to allow for a command, `acm:RequestCertificate`. */
function actionOf({ clientName = '', commandName = '' }: Context): string {
  const service = clientName.replace(/Client$/, '').toLowerCase();
  const action = `${service}:${commandName.replace(/Command$/, '')}`;
  return ACTIONS[action] ?? action;
}
