export {
  type ChangeListener,
  Configuration,
  type DumpedOption,
  type FoundOption,
  type ReloadResult,
} from "./configuration.js";
export { ConfigurationError, type ConfigurationProblem, isConfigurationError } from "./configuration-error.js";
export { describeOptions, type OptionDescription } from "./describe-options.js";
export { differences, differencesFromDefaults, type OptionDifference, type ShownOption } from "./differences.js";
export { type Duration, duration, milliseconds } from "./duration.js";
export { type HelpSettings, helpText, optionsHelp } from "./help-text.js";
export { jsonSchema, splitName } from "./json-schema.js";
export { type Origin, originText, variableOf } from "./layer.js";
export { type LoadSettings, loadConfiguration, restOfCommandLine } from "./load-configuration.js";
export { withoutPasswords } from "./masked-value.js";
export { type NamedObject, namedObjects, objectPathsBelow } from "./named-objects.js";
export { nearestName } from "./nearest-name.js";
export { type ModulePath, type ObjectPath, objectPath, parseObjectPath, type ShortName } from "./object-path.js";
export { isOptionGroup, type OptionGroup, type Options, optionGroup } from "./option-group.js";
export type { OptionMetadata } from "./option-metadata.js";
export { sample } from "./sample.js";
export { type ClientTls, clientTls } from "./tls/client-tls.js";
export { contradictsSslMode, hasPlainSslMode, PLAIN_SSL_MODE, postgresTls } from "./tls/postgres-tls.js";
export { readTlsFiles, type TlsMaterial } from "./tls/read-tls-files.js";
export { hasTlsFiles, pemFile, type TlsFiles, tlsClientFiles, tlsServerFiles } from "./tls/tls-files.js";
