/** Why a first connection to Redis did not come about, as a sentence: from the codes that sockets and TLS give. */
import { QueueError } from './address.js';

interface Reason {
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
}

const noHost: Reason = {
  code: 'redis-no-such-host',
  what: 'there is no such host',
  remedy: 'Check the host in the address, and that / ? # @ % : in its password are percent-encoded.',
};

const sockets: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: {
    code: 'redis-not-listening',
    what: 'nothing listens there',
    remedy: 'Start Redis, or check host and port.',
  },
  ENOTFOUND: noHost,
  EAI_AGAIN: noHost,
};

/** What to do about a certificate; for the other codes its authority is unknown here. */
const certificates: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'Write the host as the certificate does.',
  CERT_HAS_EXPIRED: 'Renew it.',
  CERT_NOT_YET_VALID: 'Check the clocks of both machines.',
};

/** OpenSSL's codes for certificates that it does not accept: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const certificateCode =
  /^(CERT_\w+|ERR_TLS_CERT_\w+|UNABLE_TO_\w+|\w*SELF_SIGNED_CERT\w*|ERROR_IN_CERT_\w+|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|CRL_\w+|ERROR_IN_CRL_\w+)$/;

/** The error for the user. It shows nothing of `error` but its code: its words name hosts. */
export function explainUnreachable(error: unknown, shown: string, tls: boolean): QueueError {
  const { code, what, remedy } = reasonFor(error, tls);
  return new QueueError(`Redis at ${shown} cannot be used: ${what}.`, { code, remedy });
}

function reasonFor(error: unknown, tls: boolean): Reason {
  const { code = '' } = error as NodeJS.ErrnoException;
  const known = sockets[code];
  if (known) return known;
  if (certificateCode.test(code)) {
    return {
      code: 'redis-certificate',
      what: `its certificate is not trusted (${code})`,
      remedy: certificates[code] ?? "Name the authority's file in NODE_EXTRA_CA_CERTS.",
    };
  }
  const other = tls ? 'redis:// if this Redis is without TLS' : 'rediss:// if it is with TLS';
  return {
    code: 'redis-no-conversation',
    what: `it accepts connections, but does not answer as Redis does${code === '' ? '' : ` (${code})`}`,
    remedy: `Check host and port, or write ${other}.`,
  };
}
