import { S3CloudFrontStorage } from './adapter';

export = S3CloudFrontStorage;
