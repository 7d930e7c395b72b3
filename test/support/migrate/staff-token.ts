import { OWNER } from '../ghost/admin-api';

/** Returns the owner's staff access token as Ghost's admin shows it: `id:secret`. */
export async function readStaffToken(siteUrl: string): Promise<string> {
  const api = `${siteUrl}/ghost/api/admin`;
  const origin = new URL(siteUrl).origin;
  const session = await fetch(`${api}/session/`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ username: OWNER.email, password: OWNER.password }),
  });
  await session.text();
  const cookie = session.headers
    .getSetCookie()
    .map((text) => text.split(';')[0])
    .join('; ');
  const answer = await fetch(`${api}/users/me/token/`, { headers: { origin, cookie } });
  const { apiKey } = (await answer.json()) as { apiKey: { id: string; secret: string } };
  // The secret may include the id: `id:secret`.
  return apiKey.secret.includes(':') ? apiKey.secret : `${apiKey.id}:${apiKey.secret}`;
}
