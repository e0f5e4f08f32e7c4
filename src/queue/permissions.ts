/** What our user of Redis must be allowed (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/). */

/** ACL rules that suffice. INFO tells what kind of Redis it is; the rest of @dangerous is not needed. */
export const aclRules =
  '~adamw-bench:* resetchannels +@read +@write +@connection +@transaction +@scripting -@dangerous +info +time';
