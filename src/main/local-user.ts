/** Who runs a command on this machine, as the operating system has it; a claim of the machine, not a proof. */
import { userInfo } from "node:os";

export function localUser(): string {
  const login = process.env.SUDO_USER;
  const { username, uid } = userInfo();
  return login ? `${login} as ${username} (${uid})` : `${username} (${uid})`;
}
