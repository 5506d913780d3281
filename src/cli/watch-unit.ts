/** The systemd unit of `rulemint client watch`. It may write its state, its metrics, and nothing else. */
import { dirname, resolve } from "node:path";
import type { ClientWatchOptions } from "./watch-options.js";

export function watchUnit({ state, intervalSeconds, splaySeconds, textfile }: ClientWatchOptions): string {
  const folder = resolve(state);
  const metrics = textfile === undefined ? undefined : resolve(textfile);
  const words = [
    ...["rulemint", "client", "watch", "--state", quoted(folder), "--interval", String(intervalSeconds)],
    ...["--splay", String(splaySeconds || Math.min(intervalSeconds, 60))],
    ...(metrics === undefined ? [] : ["--textfile", quoted(metrics)]),
  ];
  const writable = [folder, ...(metrics === undefined ? [] : [dirname(metrics)])].map(quoted).join(" ");
  return `[Unit]
Description=Rulemint endpoint
Documentation=man:systemd.service(5)
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=/usr/bin/env ${words.join(" ")}
ExecReload=/bin/kill -HUP $MAINPID
# The daemon tells its update, which ends between two steps.
KillMode=mixed
TimeoutStopSec=60
Restart=on-failure
RestartSec=30
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
ReadWritePaths=${writable}

[Install]
WantedBy=multi-user.target
`;
}

/** As systemd reads words; a percent sign is a specifier to it. */
function quoted(path: string): string {
  const text = path.replace(/%/g, "%%").replace(/\$/g, "$$$$");
  return /^[A-Za-z0-9/._%@:+-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}
