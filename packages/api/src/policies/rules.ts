import { admin, allOf, anyOf, owner, role } from "@kilonova/http";

/** Changes what is a project's: a member of it, or an administrator. */
export const memberOrAdmin = anyOf(admin, allOf(owner, anyOf(role("member"), role("manager"), role("admin"))));

/** Looks at what is a project's: whoever has any role in it, or an administrator. */
export const readerOrAdmin = anyOf(admin, owner);
