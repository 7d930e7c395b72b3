// The table of media types: loaded with the first upload.
export { lookup } from 'mime-types';
