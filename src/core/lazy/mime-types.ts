// The table of media types, which the first upload loads.
export { lookup } from 'mime-types';
