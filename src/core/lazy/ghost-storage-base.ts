// Loaded only outside Ghost. Inside Ghost, the adapter uses Ghost's own copy.
export { StorageBase } from 'ghost-storage-base';
