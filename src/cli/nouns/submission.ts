/** `rulemint submission …`: propose rules, and review what others propose. */
import type { AddCommand } from "../command.js";
import { submissionApprove } from "../commands/submission-approve.js";
import { submissionComment, submissionComments } from "../commands/submission-comment.js";
import { submissionCreate } from "../commands/submission-create.js";
import { submissionDiff } from "../commands/submission-diff.js";
import { submissionList } from "../commands/submission-list.js";
import { submissionOpen, submissionWithdraw } from "../commands/submission-own.js";
import { submissionReject } from "../commands/submission-reject.js";
import { submissionShow } from "../commands/submission-show.js";

export const commands: readonly AddCommand[] = [
  submissionCreate,
  submissionList,
  submissionShow,
  submissionDiff,
  submissionOpen,
  submissionWithdraw,
  submissionComment,
  submissionComments,
  submissionApprove,
  submissionReject,
];
