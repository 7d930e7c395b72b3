import { S3CloudFrontStorage } from './adapter/adapter';

export = S3CloudFrontStorage;
