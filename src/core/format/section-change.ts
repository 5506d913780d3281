/** A change of a section, as the two ways of comparing sections give it. */

export interface SectionChange {
  /** Number of the first old record that is not kept, or in front of which records come in. */
  readonly at: number;
  readonly removed: string[];
  readonly inserted: string[];
  /** Sorted sections: the records that stand around the inserted ones; "" for none. */
  before: string;
  behind: string;
}

/** A change is cut when it holds so much; both sides go on in the next one. */
export const changeBytesMax = 64 * 1024;
export const changeRecordsMax = 2048;
/** So that a change of short records ends too. */
export const recordOverheadBytes = changeBytesMax / changeRecordsMax;
