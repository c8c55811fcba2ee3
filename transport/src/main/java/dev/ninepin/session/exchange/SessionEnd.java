package dev.ninepin.session.exchange;

import java.time.Instant;

/**
 * The end of a session that this host did not close.
 *
 * @param time when the connection ended
 * @param reason what the server or the channel did to end it, in words for a user
 */
public record SessionEnd(Instant time, String reason) {}
