/** When one more thread is started: a rule for all pools of threads, since each of them costs 0.3 s of CPU before its first answer. */

/** For fewer bytes the threads that run do as well. */
const worthwhileBytes = 256 * 1024;

/** A thread that has been at one thing for so long keeps others waiting. */
export const stuckMs = 1_000;

/** Whether what waits, of so many bytes, is worth a new thread beside those that run. */
export function isWorthThread(bytes: number, running: number, isStuck: boolean): boolean {
  return running === 0 || isStuck || bytes >= worthwhileBytes;
}
