/** Log levels, from least to most output. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
/** A level of the log. */
export type LogLevel = (typeof LOG_LEVELS)[number]
