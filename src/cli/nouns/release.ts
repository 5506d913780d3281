/** `rulemint release …`: from approved rules to published packs. */
import type { AddCommand } from "../command.js";
import { releaseBuild } from "../commands/release-build.js";
import { releaseChanges } from "../commands/release-changes.js";
import { releaseList } from "../commands/release-list.js";
import { releasePublish } from "../commands/release-publish.js";
import { releaseShow } from "../commands/release-show.js";
import { releaseSources } from "../commands/release-sources.js";
import { releaseWithdraw } from "../commands/release-withdraw.js";

export const commands: readonly AddCommand[] = [
  releaseBuild,
  releaseList,
  releaseShow,
  releaseChanges,
  releaseSources,
  releasePublish,
  releaseWithdraw,
];
