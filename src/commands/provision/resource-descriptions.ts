/** The template's resources as the plan describes them. */
export const RESOURCES: Record<string, string> = {
  Bucket: 'private bucket: encrypted, versioned, TLS only; kept when the stack is deleted',
  BucketPolicy: 'only CloudFront can read images, media and files',
  OriginAccessControl: 'CloudFront signs its requests to the bucket',
  ImageHeaders: 'security headers for images',
  FileHeaders: 'security headers for media and files',
  PathFunction: 'encodes plus signs in file names, and hides originals',
  FolderFunction: 'prevents files in folders from running scripts',
  CorsFunction: 'lets scripts on pages read the images',
  SizeFunction: 'requests image sizes as WebP for browsers that accept it',
  TenantFunction: 'the former function for image sizes',
  Distribution: 'CDN on the domain: HTTP/3, IPv6, TLS 1.2+, compressed',
  AccessLogSource: 'access logs of the distribution',
  AccessLogTarget: 'bucket for the access logs',
  AccessLogDelivery: 'delivers the access logs to the bucket',
  DomainRecords: 'A, AAAA and HTTPS records of the domain',
  GhostPolicy: 'least-privilege permissions for Ghost',
  GhostUser: 'the user that Ghost authenticates as',
  GhostEc2Role: 'the role for Ghost on EC2',
  GhostInstanceProfile: 'assigns the role to the EC2 instance',
  GhostTaskRole: 'the role for Ghost on ECS',
};

/** The types of the template's resources in plain words. */
const TYPES: Record<string, string> = {
  'AWS::CloudFront::Distribution': 'CloudFront distribution',
  'AWS::CloudFront::Function': 'CloudFront function',
  'AWS::CloudFront::OriginAccessControl': 'CloudFront access control',
  'AWS::CloudFront::ResponseHeadersPolicy': 'CloudFront headers policy',
  'AWS::IAM::InstanceProfile': 'IAM instance profile',
  'AWS::IAM::ManagedPolicy': 'IAM policy',
  'AWS::IAM::Role': 'IAM role',
  'AWS::IAM::User': 'IAM user',
  'AWS::Logs::Delivery': 'log delivery',
  'AWS::Logs::DeliveryDestination': 'log destination',
  'AWS::Logs::DeliverySource': 'log source',
  'AWS::Route53::RecordSetGroup': 'DNS records',
  'AWS::S3::Bucket': 'S3 bucket',
  'AWS::S3::BucketPolicy': 'S3 bucket policy',
};

/** Returns a resource type in plain words: `CloudFront distribution`. Everything else stays as it is. */
export const typeDescription = (type: string): string => TYPES[type] ?? type;
