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

declare module "govuk-frontend/dist/govuk/components/button/button.mjs" {
  export class Button {
    constructor(root: Element | null);
  }
}
declare module "govuk-frontend/dist/govuk/components/exit-this-page/exit-this-page.mjs" {
  export class ExitThisPage {
    constructor(root: Element);
    exitPage(): void;
  }
}
declare module "govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs" {
  export class SkipLink {
    constructor(root: Element);
  }
}
declare module "govuk-frontend/dist/govuk/components/service-navigation/service-navigation.mjs" {
  export class ServiceNavigation {
    constructor(root: Element);
  }
}

interface TrustedTypePolicy {
  createScriptURL(url: string): unknown;
}
interface Window {
  /** Where the browser has Trusted Types. */
  trustedTypes?: {
    createPolicy(name: string, rules: { createScriptURL(url: string): string }): TrustedTypePolicy;
  };
}
