// For where there is no Ghost around the adapter; inside Ghost its own copy is used and this is never loaded.
export { StorageBase } from 'ghost-storage-base';
