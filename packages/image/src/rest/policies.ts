import { admin, allOf, anyOf, authenticated, owner, type Policies, type PolicyCheck, role } from "@kilonova/http";
import { ticketHolder } from "../ticket-authenticator.js";

const adminOrMember = anyOf(admin, allOf(owner, role("member")));

/** Who may do what in the Image API; which images there are for a request is a matter of visibility. */
export const imagePolicies: Policies = {
  get_images: authenticated,
  get_image: authenticated,
  get_schema: authenticated,
  add_image: adminOrMember,
  modify_image: adminOrMember,
  delete_image: adminOrMember,
  upload_image: adminOrMember,
  communitize_image: adminOrMember,
  publicize_image: admin,
  deactivate: admin,
  reactivate: admin,
  download_image: anyOf(authenticated, ticketHolder),
};

/** @throws ApiFault 403 where the caller may not show an image to so many */
export function authorizeVisibility(policy: PolicyCheck, visibility: string, projectId: string): void {
  if (visibility === "public") policy.authorize("publicize_image", { projectId });
  if (visibility === "community") policy.authorize("communitize_image", { projectId });
}
