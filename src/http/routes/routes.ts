/** A router as all tags use it: a path is its exact spelling. */
import { Router } from "express";

export function newRoutes(): Router {
  return Router({ strict: true, caseSensitive: true });
}
