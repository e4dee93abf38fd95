//! What can be done about a notice right there. Pure.
import type { Notice } from "./messages/Notice";

export type NoticeAction = "takeBack" | "leave" | "leaveYes" | "leaveNo" | "update" | "again";

/** The ways on from `notice`. `asked` is the profile of whose newer data it was asked whether they are to
    go for good. */
export function actionsFor(notice: Notice, asked: string | null): NoticeAction[] {
  switch (notice.code) {
    case "left_behind":
      return asked === notice.profile ? ["leaveYes", "leaveNo"] : ["takeBack", "leave"];
    case "engine_image":
      if (notice.update.step === "offered") return ["update"];
      return notice.update.step === "failed" ? ["again"] : [];
    default:
      return [];
  }
}

/** Whether a press does what its button says: the second one of two that were meant as one comes to
    where another button was. `presses` counts them, 0 from the keyboard. */
export function counts(action: NoticeAction, presses: number): boolean {
  return action !== "leaveYes" || presses < 2;
}

/** Whether it is still asked about that profile: a question goes with its notice. */
export function isAsked(notices: Notice[], asked: string | null): boolean {
  return notices.some((notice) => notice.code === "left_behind" && notice.profile === asked);
}
