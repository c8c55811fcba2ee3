package dev.ninepin.session;

import java.time.Instant;

/**
 * The end of a session that was not closed here.
 *
 * @param time when the session ended
 * @param reason why, for a person: what the server or the channel did
 */
public record SessionEnd(Instant time, String reason) {}
