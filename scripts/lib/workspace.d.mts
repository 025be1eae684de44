/** A package of the workspace. */
export interface WorkspaceMember {
  readonly name: string;
  /** Relative to the repository. */
  readonly path: string;
  readonly directory: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** The names in all of its dependency fields. */
  readonly dependencies: readonly string[];
  /** Those of them that are members too. */
  readonly workspaceDependencies: readonly string[];
  /** Undefined for a package that the compiler does not build. */
  readonly tsconfig: string | undefined;
}

/** Every package of the workspace, sorted by path. */
export function readWorkspace(): readonly WorkspaceMember[];
