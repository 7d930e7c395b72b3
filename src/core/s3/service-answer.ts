// The service's own words about a request that it refused.
import type { Config } from '../config';
import { asForeign, statusOf } from '../foreign-error';

/** The longest text of a service, in characters, that an error repeats. */
const MAX_CHARACTERS = 200;

/** What the SDK writes instead of a text, and texts that say no more than the status. */
const NO_TEXT = /^(Unknown(Error)?|Error|char '.*|@aws-sdk XML parse error.*)$/s;

const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

/**
 * Returns the message of a service in one line, without markup, control characters, signatures and the keys of the
 * configuration; undefined when there is none.
 */
export function messageOfService(
  error: unknown,
  config: Partial<Config>,
  maxCharacters = MAX_CHARACTERS,
): string | undefined {
  if (statusOf(error) === undefined) {
    return undefined;
  }
  const { message = '', name, Code } = asForeign(error);
  const own = NO_TEXT.test(message) || message === name || message === Code ? '' : message;
  const text = clean(own || textOf(error), config);
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text || undefined;
}

/** Returns whether the answer is a web page, which a proxy or firewall sends and no S3 service. */
export function isWebPage(error: unknown): boolean {
  const { $response, head } = asForeign(error);
  return head !== undefined || /html/i.test($response?.headers?.['content-type'] ?? '') || isHtml(bodyOf(error));
}

/** Returns the text of a body that the SDK could not read: the title of a page, or the message in JSON. */
function textOf(error: unknown): string {
  const body = bodyOf(error);
  const { head } = asForeign(error);
  if (typeof head?.title === 'string') {
    return head.title;
  }
  const title = /<title[^>]*>([^<]+)/i.exec(body) ?? /<h1[^>]*>([^<]+)/i.exec(body);
  const json = /"(?:message|error|detail)"\s*:\s*"((?:[^"\\]|\\.)*)"/i.exec(body);
  return title?.[1] ?? json?.[1] ?? body.slice(0, 10 * MAX_CHARACTERS).replace(/<(style|script)[^]*?<\/\1>/gi, ' ');
}

const bodyOf = (error: unknown): string => {
  const { $responseBodyText } = asForeign(error);
  return typeof $responseBodyText === 'string' ? $responseBodyText : '';
};

const isHtml = (body: string) => /^\s*(<!--[^]*?-->\s*)?<(!doctype html|html|head|body|center|h1)\b/i.test(body);

function clean(
  text: string,
  { accessKeyId, secretAccessKey, sessionToken, cdnFallbackSecret }: Partial<Config>,
): string {
  const secrets = [secretAccessKey, sessionToken, cdnFallbackSecret, accessKeyId].flat().filter((secret) => secret);
  return (
    secrets
      .reduce<string>((rest, secret = '') => rest.replaceAll(secret, '…'), text.slice(0, 100 * MAX_CHARACTERS))
      .replace(/<[^>]*>/g, ' ')
      .replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity)
      .replace(/\b(X-Amz-(?:Signature|Credential|Security-Token)|Signature|Credential)=[^\s&,"']+/gi, '$1=…')
      // Everything that would move the cursor, end the line, or turn the direction of the text.
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  );
}
