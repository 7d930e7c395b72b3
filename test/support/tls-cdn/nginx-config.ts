import type { GhostOrigin } from '../cdn-stand-in';
import {
  CORS,
  DENIED,
  DROPPED_HEADERS,
  ERROR_TTL_SECONDS,
  FALLBACK,
  headersToGhost,
  IMAGES,
  POLICY_HEADERS,
  TTL_SECONDS,
  UNCACHED,
  VIA,
} from '../cloudfront-rules';

export interface NginxSettings {
  /** The folder for all of nginx's files. */
  folder: string;
  hostname: string;
  /** On 127.0.0.1. */
  port: number;
  certificateFile: string;
  keyFile: string;
  s3: { endpoint: string; bucket: string };
  ghost?: GhostOrigin;
  /** The stack's `Formats`; default: that of a new stack. */
  formats?: string;
}

/** The header with the path for the cache and the origins. */
export const FUNCTION_RESULT = 'x-origin-path';
/** A path of the internal server that answers 404, in place of the function. */
export const NOT_FOUND = '/.not-found';

/** Names of files below the folder. */
export const ACCESS_LOG = 'access.log';
export const ERROR_LOG = 'error.log';
export const CACHE = 'cache';
export const INTERNAL_SOCKET = 'origins.sock';
/** A path of the internal server that answers 204 once all earlier requests are in the log. */
export const PING = '/.ping';

/** nginx omits a header without a value. */
const POLICY = { ...POLICY_HEADERS, 'content-security-policy': '$image_policy', [CORS.header]: '$allowed_origin' };

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/**
 * Writes a configuration with two servers, one behind the other.
 *
 * Viewers see the edge, which does TLS, methods, cache and headers. It first asks another server for the path that the
 * distribution's function makes of a request. Then it asks the internal server, which chooses the
 * origin and says in `X-Accel-Expires` how long the answer is cached, so that the cache follows CloudFront's rules rather
 * than nginx's. Paths are passed on unchanged: nginx would decode them, CloudFront does not.
 *
 * @param functionPort port of a server on 127.0.0.1 that runs the distribution's function: it answers with the header
 * `FUNCTION_RESULT`
 * @see https://nginx.org/en/docs/http/ngx_http_proxy_module.html
 * @see https://nginx.org/en/docs/http/ngx_http_auth_request_module.html
 */
export function nginxConfig(settings: NginxSettings, functionPort: number): string {
  const { folder, hostname, port, certificateFile, keyFile } = settings;
  const hidden = [...Object.keys(POLICY), ...DROPPED_HEADERS, 'x-cdn-origin'];
  return `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
# One, so that a later request finds the earlier ones in the log.
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/${ERROR_LOG} warn;
events { worker_connections 1024; }

http {
  ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server_tokens off;
  merge_slashes off;
  proxy_http_version 1.1;
  proxy_redirect off;

  # The path as it came, without the query string. The root is the default root object: no listing of the bucket.
  map $request_uri $path {
    "~^/([?]|$)" /index.html;
    "~^(?<raw_path>[^?]*)" $raw_path;
  }

${internalServer(settings)}

  map $path $image_policy {
    "~^${IMAGES.path}" "${IMAGES.contentSecurityPolicy}";
    default "";
  }
  map "$status $http_origin" $allowed_origin {
    "~^[45][0-9]+ $" "";
    default "${CORS.value}";
  }
  map $upstream_cache_status $x_cache {
    HIT "Hit from cloudfront";
    "" "Error from cloudfront";
    default "Miss from cloudfront";
  }
  log_format json escape=json '{"method":"$request_method","url":"$request_uri","path":"$path","originPath":"$origin_path","status":$status,'
    '"cache":"$upstream_cache_status","origin":"$upstream_http_x_cdn_origin",'
    '"contentType":"$sent_http_content_type","location":"$sent_http_location"}';
  proxy_cache_path ${folder}/${CACHE} levels=1 keys_zone=edge:1m inactive=1d;
  upstream internal { server unix:${folder}/${INTERNAL_SOCKET}; keepalive 16; }

  server {
    listen 127.0.0.1:${port} ssl http2;
    server_name ${hostname};
    ssl_certificate ${certificateFile};
    ssl_certificate_key ${keyFile};
    ssl_protocols TLSv1.2 TLSv1.3;
    access_log ${folder}/${ACCESS_LOG} json;

    if ($request_method !~ ^(GET|HEAD)$) { return 403; }

    proxy_pass_request_headers off;
    proxy_set_header Connection "";
    proxy_set_header X-Viewer $remote_addr;
    proxy_cache edge;
    proxy_cache_key $origin_path;
    proxy_cache_lock on;
    proxy_cache_lock_timeout 60s;
    proxy_cache_lock_age 60s;
    proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
    ${hidden.map((name) => `proxy_hide_header ${name};`).join('\n    ')}
    add_header Via "${VIA}" always;
    add_header X-Cache $x_cache always;
    ${Object.entries(POLICY)
      .map(([name, value]) => `add_header ${name} "${value}" always;`)
      .join('\n    ')}
    location / {
      auth_request /.function;
      auth_request_set $origin_path $upstream_http_${FUNCTION_RESULT.replaceAll('-', '_')};
      proxy_pass http://internal$origin_path;
    }
    location = /.function {
      internal;
      proxy_cache off;
      proxy_pass http://127.0.0.1:${functionPort}$path;
      proxy_pass_request_body off;
      proxy_set_header Accept $http_accept;
    }
  }
}
`;
}

/** Chooses the origin: the bucket, and Ghost for the sizes that the bucket does not have. */
function internalServer({ folder, s3, ghost }: NginxSettings): string {
  const s3Host = new URL(s3.endpoint).host;
  const fromBucket = `
      if ($uri ~ "${DENIED.keys}") { return ${DENIED.status}; }
      proxy_pass http://bucket/${s3.bucket}$request_uri;
      proxy_set_header Host ${s3Host};
      proxy_set_header Connection "";
      add_header X-Cdn-Origin s3 always;
      add_header X-Accel-Expires $ttl_seconds always;`;
  const site = ghost && new URL(ghost.url);
  const subdirectory = site?.pathname.replace(/\/$/, '') ?? '';
  const fromGhost = (path: string) => `
      proxy_pass http://ghost${path};
      proxy_set_header Host ${site?.host};
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-Proto https;
      ${Object.entries(headersToGhost('$http_x_viewer', ghost?.fallbackSecret ?? ''))
        .map(([name, value]) => `proxy_set_header ${name} "${value}";`)
        .join('\n      ')}
      add_header X-Cdn-Origin ghost always;
      add_header X-Accel-Expires $ttl_seconds always;`;
  // A Ghost in a sub-directory redirects sizes that it does not make to its own path of the original, which is none of
  // the bucket's: a behavior of its own leads there, to a Ghost origin without the sub-directory as origin path.
  const redirected = subdirectory
    ? `
    location ^~ ${subdirectory}${IMAGES.path} {${fromGhost('$request_uri')}
    }`
    : '';
  const fallback = site
    ? `
    location ^~ ${FALLBACK.path} {${fromBucket}
      proxy_intercept_errors on;
      error_page ${FALLBACK.statuses.join(' ')} = @ghost;
    }
    location @ghost {${fromGhost(`${subdirectory}$request_uri`)}
    }${redirected}`
    : '';
  const errors = Object.entries(ERROR_TTL_SECONDS);
  return `  # Errors have their own time, or what the origin says if that is longer, which is told by its digits.
  map "$status $upstream_http_cache_control" $ttl_seconds {
    "~^(${errors.map(([status]) => status).join('|')}) .*max-age=(?<error_age>[0-9]{3,})" $error_age;
    ${errors.map(([status, seconds]) => `"~^${status} " ${seconds};`).join('\n    ')}
    "~(${UNCACHED.join('|')}|max-age=0)" ${TTL_SECONDS.min};
    "~max-age=(?<max_age>[0-9]+)" $max_age;
    default ${TTL_SECONDS.default};
  }
  upstream bucket { server ${s3Host}; keepalive 16; }
  ${site ? `upstream ghost { server ${site.hostname}:${site.port}; }` : ''}

  server {
    listen unix:${folder}/${INTERNAL_SOCKET};
    access_log off;
    proxy_pass_request_headers off;
    location = ${PING} { return 204; }
    location = ${NOT_FOUND} { return 404; }
    location / {${fromBucket}
    }${fallback}
  }`;
}
