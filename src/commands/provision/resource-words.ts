/** The template's resources as the plan describes them. */
export const RESOURCES: Record<string, string> = {
  Bucket: 'private bucket: encrypted, versioned, TLS only; it outlives the stack',
  BucketPolicy: 'CloudFront alone may read images, media and files',
  OriginAccessControl: 'CloudFront signs its requests to the bucket',
  ImageHeaders: 'security headers of images',
  FileHeaders: 'security headers of media and files',
  PathFunction: 'encodes plus signs in file names',
  FolderFunction: 'keeps files in folders from running scripts',
  CorsFunction: 'lets pages read the images that they have shown',
  TenantFunction: 'takes the tenant prefix from paths that Ghost is asked for',
  Distribution: 'CDN on the domain: HTTP/3, IPv6, TLS 1.2+, compressed',
  AccessLogSource: 'access logs of the distribution',
  AccessLogTarget: 'bucket for the access logs',
  AccessLogDelivery: 'writes the access logs to the bucket',
  DomainRecords: 'A, AAAA and HTTPS records of the domain',
  GhostPolicy: 'least privilege for Ghost',
  GhostUser: 'the user that Ghost signs in as',
  GhostEc2Role: 'the role of a Ghost on EC2',
  GhostInstanceProfile: 'gives the role to the instance',
  GhostTaskRole: 'the role of a Ghost on ECS',
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
export const typeInWords = (type: string): string => TYPES[type] ?? type;
