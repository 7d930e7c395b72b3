// The parts of CloudFront's client that the adapter uses.
export { CloudFrontClient, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
