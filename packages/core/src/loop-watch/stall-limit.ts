/** Milliseconds that a handler may hold the loop: whoever else waits, waits as long. */
export const STALL_LIMIT = 50;
/** Milliseconds between two beats, and between two looks. */
export const STALL_INTERVAL = 10;
