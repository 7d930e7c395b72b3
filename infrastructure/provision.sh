#!/usr/bin/env bash
# Builds or updates the image server with the AWS CLI (version 2) and template.yaml from the same folder:
#   bash provision.sh images.example.com https://blog.example.com eu-central-1
# With the blog's URL ('' for none), Ghost creates missing image sizes. The region of the bucket defaults to your profile's.
# Run it again to resume or to update. It keeps the certificate, the secret, a web ACL added elsewhere, and all tags.
set -euo pipefail
domain=${1-} blog=${2-} region=${3:-${AWS_REGION:-$(aws configure get region || true)}} certificate='' secret=None tries=0
parameters=("Domain=$domain") # Add other parameters of the template here, such as "Identity=ec2-role".
umask 077 && tmp=$(mktemp -d)
trap '[[ $? == 0 ]] || echo "Stopped. Fix the cause, then run the same command again." >&2; rm -rf "$tmp"' EXIT
die() { echo "$@" >&2 && exit 1; }; host='([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?'
[[ $domain =~ ^$host$ && ${#domain} -le 64 ]] || die "\"$domain\" is not a domain like images.example.com (64 characters at most)."
[[ -z $blog || ($blog =~ ^https://$host(/[A-Za-z0-9_.~-]+)*/?$ && ! $blog =~ /(ghost|\.\.?)(/|$)) ]] ||
  die "\"$blog\" is not the URL of a blog like https://blog.example.com (without a port and without /ghost)."
blog=${blog#https://} && path=${blog#"${blog%%/*}"}
[[ ${blog%%/*} != "$domain" ]] || die 'The blog and its images need two domains, or CloudFront would request images from itself.'
[[ $region =~ ^[a-z]{2}(-[a-z]+)+-[0-9]$ ]] || die "\"$region\" is not a region like eu-central-1."
export AWS_REGION=$region AWS_PAGER='' AWS_DEFAULT_OUTPUT=text
account=$(aws sts get-caller-identity --query Account) || die 'Sign in first (aws login), or use CloudShell in the AWS console.'

name=ghost-${domain//-/--} && name=${name//./-} && tags=("ghost-storage-s3-cloudfront=$domain")
stack() { aws cloudformation describe-stacks --stack-name "$name" --query "Stacks[0].$1"; }
value() { stack "$1s[?$1Key=='$2'].$1Value | [0]"; }
status=$(stack StackStatus 2>"$tmp/error") || grep -q 'does not exist' "$tmp/error" || die "$(<"$tmp/error")"
zone=$(aws route53 list-hosted-zones --query 'HostedZones[?!(Config.PrivateZone)].[Name, Id]' | awk -v d=".$domain." \
  'substr(d, length(d) - length($1)) == "." $1 && length($1) > n { n = length($1); sub(".*/", "", $2); id = $2 } END { print id }')
case $status in
  '' | REVIEW_IN_PROGRESS) parameters=("HostedZoneId=$zone" "${parameters[@]}") ;;
  *_IN_PROGRESS | *FAILED | ROLLBACK_COMPLETE) die "The stack $name is $status. Wait until it is finished, or delete it if its creation failed." ;;
  *) [[ $(value Parameter Domain) == "$domain" ]] || die "The stack $name is not the image server of $domain."
    [[ $(value Output AdoptedBucket) == None ]] || die "The stack $name uses an existing bucket. Update it with the command \"provision\"."
    certificate=$(value Parameter CertificateArn); id=$(value Output DistributionId)
    config() { aws cloudfront get-distribution-config --id "$id" --query "DistributionConfig.$1"; }
    secret=$(config "Origins.Items[].CustomHeaders.Items[] | [?starts_with(HeaderName, 'X-Ghost-Cdn-Fallback')].HeaderValue | [0]")
    acl=$(config WebACLId); [[ $acl != arn:* ]] || parameters=("WebAclArn=$acl" "${parameters[@]}")
    formats=$(value Parameter Formats); [[ $formats != None ]] || parameters=("Formats=none" "${parameters[@]}") # As it was until 1.1.
    more=$(stack "Tags[?Key!='${tags[0]%%=*}'].join('=', [Key, Value])"); IFS=$'\t' read -ra tags <<<"${tags[0]}"$'\t'"$more" ;;
esac
echo "In $region, account $account: builds or updates the stack $name (bucket, CloudFront, policy${zone:+, DNS in $zone}) and a certificate."
[[ ! -t 0 ]] || read -rp 'Press Enter to continue, or Ctrl-C to stop. '
acm() { aws acm "$@" --region us-east-1; }; described() { acm describe-certificate --certificate-arn "$certificate" --query "Certificate.$1"; }
certificates() { acm list-certificates --certificate-statuses "$@" --includes keyTypes=RSA_2048,EC_prime256v1 --query \
  "CertificateSummaryList[?Type=='AMAZON_ISSUED'].[Status, CertificateArn, SubjectAlternativeNameSummaries || [DomainName]] |
  [?contains([2], '$domain') || contains([2], '*.${domain#*.}')] | [?[0]=='ISSUED' || length([2])==\`1\`].[[0], [1]]"; }
[[ -n $certificate ]] || certificate=$(certificates ISSUED PENDING_VALIDATION | sort | awk '/arn:/ && !n++ { print $2 }')
if [[ -z $certificate ]]; then # The token prevents a second certificate if the request is repeated.
  token=$(certificates FAILED VALIDATION_TIMED_OUT REVOKED EXPIRED INACTIVE); token=$(cksum <<<"$domain $token")
  certificate=$(acm request-certificate --domain-name "$domain" --validation-method DNS --idempotency-token "${token// /_}" \
    --tags "Key=ghost-storage-s3-cloudfront,Value=$domain" --query CertificateArn); sleep 15 # ACM needs a moment.
fi
until state=$(described Status) && [[ $state == ISSUED ]]; do
  [[ $state == PENDING_VALIDATION ]] || die "The certificate $certificate is $state ($(described FailureReason))."
  read -r record target <<<"$(described 'DomainValidationOptions[0].ResourceRecord.[Name, Value]')"
  [[ $record == _* ]] || { ((++tries < 20)) || die "ACM did not return a DNS record for $certificate."; sleep 3 && continue; }
  echo "DNS record for the certificate${zone:+, in the zone $zone} (elsewhere, add it yourself, without a proxy): $record CNAME $target"
  printf '{"Changes": [{"Action": "UPSERT", "ResourceRecordSet": {"Name": "%s", "Type": "CNAME", "TTL": 300, "ResourceRecords":
    [{"Value": "%s"}]}}]}' "$record" "$target" >"$tmp/record.json"
  [[ -z $zone ]] || aws route53 change-resource-record-sets --hosted-zone-id "$zone" --change-batch "file://$tmp/record.json"
  acm wait certificate-validated --certificate-arn "$certificate" || echo 'Still waiting. Ctrl-C stops; run this again later.'
done
if [[ -n $blog ]]; then
  [[ $secret != None ]] || secret=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
  parameters=("GhostHost=${blog%%/*}" "GhostPath=${path%/}" "FallbackSecret=$secret" "${parameters[@]}")
fi
printf '"%s"\n' "CertificateArn=$certificate" "${parameters[@]}" | paste -sd, - | sed 's/.*/[&]/' >"$tmp/parameters.json"
aws cloudformation deploy --stack-name "$name" --template-file "$(dirname "$0")/template.yaml" --tags "${tags[@]}" \
  --parameter-overrides "file://$tmp/parameters.json" --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset
stack 'Outputs[].[OutputKey, OutputValue, Description]'
bucket=$(value Output BucketName); id=$(value Output DistributionId); target=$(value Output DistributionDomainName)
zone=$(value Parameter HostedZoneId); prefix=$(value Parameter TenantPrefix)
[[ -n $zone ]] || echo "Add this record, without a proxy: $domain CNAME $target"
[[ $secret == None ]] && secret='' || secret=", \"cdnFallbackSecret\": \"$secret\""
cat <<JSON
Merge this into Ghost's config.production.json. It contains a secret. It has no effect until "install" activates it:
{ "storage": {
    "S3CloudFrontStorage": { "bucket": "$bucket", "region": "$region", "cdnUrl": "https://$domain",
      "tenantPrefix": "$prefix", "distributionId": "$id"$secret } } }
JSON
