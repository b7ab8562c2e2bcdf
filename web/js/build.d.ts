// What the build gives to modules.

/** True in a build for development. */
declare const SENDLINE_DEV: boolean;

/** The address of a module bundled for a Worker. */
declare module "worker:*" {
  const url: string;
  export default url;
}

// The package has no types of its own.
declare module "govuk-frontend";
