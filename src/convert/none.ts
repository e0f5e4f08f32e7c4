/** Why no setting of the other library is equal. docs/decay.md explains each. */
export type NoneKind =
  | 'no-such-optimizer'
  | 'other-rule'
  | 'l2-against-decoupled'
  | 'scheduled-against-constant'
  | 'changing-cycles';

export interface None {
  readonly kind: NoneKind;
  readonly text: string;
}
