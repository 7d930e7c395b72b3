// Loaded only outside Ghost. Inside Ghost, the adapter uses Ghost's own copy.
export { default } from '@tryghost/errors';
