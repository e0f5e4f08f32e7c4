import { ReportedError } from '../errors/reported.js';

/** Why a conversion was not asked for in a way that can be answered. */
export type ConvertErrorCode = 'convert-library' | 'convert-optimizer' | 'convert-setting' | 'convert-run';

export class ConvertError extends ReportedError {
  constructor(message: string, code: ConvertErrorCode, remedy?: string) {
    super(message, { code, ...(remedy === undefined ? {} : { remedy }) });
  }
}
