import { createJwtAuthInterceptor } from 'bearergate';

const keyData = Buffer.from(/** @type {string} */ (process.env.KEY_DATA), 'base64');

const publicKey = await crypto.subtle.importKey(
  'spki', keyData, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['verify'],
);

const jwtAuth = createJwtAuthInterceptor({ publicKey });

export { jwtAuth };
